/**
 * A ZIP of stored members whose bytes follow from the names, sizes and checksums of these alone.
 *
 * The command makes the same archive of the same files. Definition: PKWARE APPNOTE 6.3, 4.3.7, 4.3.12 to 4.3.16, 4.5.3.
 */
export interface ZipEntry {
  name: Uint8Array;
  size: number;
  /** Where its header begins, where its own bytes begin, and where they end. */
  offset: number;
  dataOffset: number;
  end: number;
}

const localBytes = 30;
const most16 = 0xffff;
const most32 = 0xffffffff;
const utf8 = 0x800;
const firstDay = 0x21; // 1980-01-01, the first that a ZIP knows
const version = 20;
const version64 = 45;
const unix = 3 << 8;
const plainFile = 0o100644 * 65536;

const tables = buildTables();

function buildTables(): Uint32Array[] {
  const first = Uint32Array.from({ length: 256 }, (_, start) => {
    let value = start;
    for (let bit = 0; bit < 8; bit += 1) {
      value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
    }
    return value;
  });
  const found = [first];
  for (let number = 1; number < 4; number += 1) {
    const before = found[number - 1] ?? first;
    found.push(before.map((value) => (value >>> 8) ^ (first[value & 255] ?? 0)));
  }
  return found;
}

/** The CRC-32 of bytes, carried on from what came before them. */
export function crc32(bytes: Uint8Array, before = 0): number {
  const [one, two, three, four] = tables as [Uint32Array, Uint32Array, Uint32Array, Uint32Array];
  const at = (table: Uint32Array, index: number): number => table[index & 255] ?? 0;
  let value = ~before;
  let position = 0;
  for (; position + 4 <= bytes.length; position += 4) {
    value ^=
      (bytes[position] ?? 0) |
      ((bytes[position + 1] ?? 0) << 8) |
      ((bytes[position + 2] ?? 0) << 16) |
      ((bytes[position + 3] ?? 0) << 24);
    value = at(four, value) ^ at(three, value >>> 8) ^ at(two, value >>> 16) ^ at(one, value >>> 24);
  }
  for (; position < bytes.length; position += 1) {
    value = (value >>> 8) ^ at(one, value ^ (bytes[position] ?? 0));
  }
  return ~value >>> 0;
}

/** Numbers of two, four and eight bytes, the least byte first. */
class Fields {
  private readonly bytes: number[] = [];

  add(width: 2 | 4 | 8, ...values: number[]): this {
    for (const value of values) {
      let rest = value;
      for (let place = 0; place < width; place += 1) {
        this.bytes.push(rest % 256);
        rest = Math.floor(rest / 256);
      }
    }
    return this;
  }

  join(...more: (Uint8Array | Fields)[]): Uint8Array<ArrayBuffer> {
    return joinBytes([Uint8Array.from(this.bytes), ...more.map((one) => (one instanceof Fields ? one.join() : one))]);
  }

  get length(): number {
    return this.bytes.length;
  }
}

export function joinBytes(parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

export function compareBytes(first: Uint8Array, second: Uint8Array): number {
  const shared = Math.min(first.length, second.length);
  for (let at = 0; at < shared; at += 1) {
    const difference = (first[at] ?? 0) - (second[at] ?? 0);
    if (difference !== 0) {
      return difference;
    }
  }
  return first.length - second.length;
}

/** The members of files that are given in the order of the bytes of their names. */
export function layOut(files: { name: Uint8Array; size: number }[]): ZipEntry[] {
  let at = 0;
  return files.map(({ name, size }) => {
    const offset = at;
    const dataOffset = offset + localBytes + name.length + (size >= most32 ? 20 : 0);
    at = dataOffset + size;
    return { name, size, offset, dataOffset, end: at };
  });
}

/** What stands before the bytes of a member. */
export function buildHeader({ name, size }: ZipEntry, checksum: number): Uint8Array<ArrayBuffer> {
  const isLarge = size >= most32;
  const extra = isLarge ? new Fields().add(2, 1, 16).add(8, size, size) : new Fields();
  const shown = Math.min(size, most32);
  return new Fields()
    .add(4, 0x04034b50)
    .add(2, isLarge ? version64 : version, utf8, 0, 0, firstDay)
    .add(4, checksum, shown, shown)
    .add(2, name.length, extra.length)
    .join(name, extra);
}

function buildEntry({ name, size, offset }: ZipEntry, checksum: number): Uint8Array {
  const large = [...(size >= most32 ? [size, size] : []), ...(offset >= most32 ? [offset] : [])];
  const extra = large.length > 0 ? new Fields().add(2, 1, 8 * large.length).add(8, ...large) : new Fields();
  const needed = large.length > 0 ? version64 : version;
  const shown = Math.min(size, most32);
  return new Fields()
    .add(4, 0x02014b50)
    .add(2, unix + needed, needed, utf8, 0, 0, firstDay)
    .add(4, checksum, shown, shown)
    .add(2, name.length, extra.length, 0, 0, 0)
    .add(4, plainFile, Math.min(offset, most32))
    .join(name, extra);
}

/** What stands behind the last member: the directory and its end. */
export function buildDirectory(entries: ZipEntry[], checksums: (number | undefined)[]): Uint8Array<ArrayBuffer> {
  const listed = joinBytes(entries.map((entry, number) => buildEntry(entry, checksums[number] ?? 0)));
  const begin = entries.at(-1)?.end ?? 0;
  const count = entries.length;
  const tail = new Fields();
  if (count >= most16 || begin >= most32 || listed.length >= most32) {
    tail
      .add(4, 0x06064b50)
      .add(8, 44)
      .add(2, unix + version64, version64)
      .add(4, 0, 0)
      .add(8, count, count, listed.length, begin)
      .add(4, 0x07064b50, 0)
      .add(8, begin + listed.length)
      .add(4, 1);
  }
  const shown = Math.min(count, most16);
  tail
    .add(4, 0x06054b50)
    .add(2, 0, 0, shown, shown)
    .add(4, Math.min(listed.length, most32), Math.min(begin, most32))
    .add(2, 0);
  return joinBytes([listed, tail.join()]);
}

/** The bytes of the whole archive. */
export function measureArchive(entries: ZipEntry[]): number {
  return (entries.at(-1)?.end ?? 0) + buildDirectory(entries, []).length;
}
