/**
 * The codec `crc32c` of Zarr v3, with the check: zarrita cuts the checksum off without looking at it. A chunk whose
 * bits changed is an error then, and no picture of other counts.
 */

const checksumBytes = 4;
const table = buildTable();

function buildTable(): Uint32Array {
  const built = new Uint32Array(256);
  for (let byte = 0; byte < 256; byte += 1) {
    let remainder = byte;
    for (let bit = 0; bit < 8; bit += 1) {
      remainder = remainder & 1 ? (remainder >>> 1) ^ 0x82f63b78 : remainder >>> 1; // Castagnoli, reflected
    }
    built[byte] = remainder;
  }
  return built;
}

export function computeCrc32c(bytes: Uint8Array): number {
  let remainder = 0xffffffff;
  for (const byte of bytes) {
    remainder = (table[(remainder ^ byte) & 0xff] ?? 0) ^ (remainder >>> 8);
  }
  return (remainder ^ 0xffffffff) >>> 0;
}

export class CheckedCrc32c {
  readonly kind = "bytes_to_bytes";

  static fromConfig(): CheckedCrc32c {
    return new CheckedCrc32c();
  }

  encode(): never {
    throw new Error("Arrays are only read here.");
  }

  decode(bytes: Uint8Array): Uint8Array {
    const size = bytes.byteLength - checksumBytes;
    const content = bytes.subarray(0, Math.max(0, size));
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (size < 0 || view.getUint32(size, true) !== computeCrc32c(content)) {
      throw new Error("This part of the array is damaged: its checksum does not fit.");
    }
    return content;
  }

  computeEncodedSize(decodedSize: number): number {
    return decodedSize + checksumBytes;
  }
}
