import { describe, expect, it } from "vitest";
import { CheckedCrc32c, computeCrc32c } from "./checked-crc32c";

// RFC 3720, B.4: 32 bytes of zeros have the crc32c aa 36 91 8a on the wire.
const zeros = [...new Array<number>(32).fill(0), 0xaa, 0x36, 0x91, 0x8a];

describe("checked crc32c", () => {
  it("knows the published values", () => {
    expect(computeCrc32c(new TextEncoder().encode("123456789"))).toBe(0xe3069283);
    expect(computeCrc32c(new Uint8Array())).toBe(0);
  });

  it("gives the bytes before a checksum that fits, wherever they lie in their buffer", () => {
    const buffer = Uint8Array.from([9, 9, 9, ...zeros]);
    expect(CheckedCrc32c.fromConfig().decode(buffer.subarray(3))).toEqual(new Uint8Array(32));
    expect(CheckedCrc32c.fromConfig().computeEncodedSize(32)).toBe(36);
  });

  it("notices every flipped bit", () => {
    for (let bit = 0; bit < zeros.length * 8; bit += 1) {
      const flipped = Uint8Array.from(zeros);
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(() => CheckedCrc32c.fromConfig().decode(flipped)).toThrow("damaged");
    }
  });

  it("refuses what is too short for a checksum", () => {
    expect(() => CheckedCrc32c.fromConfig().decode(new Uint8Array(3))).toThrow("damaged");
  });
});
