/** A folder that holds a Zarr store, sent as one ZIP that is made while it is read: 100,000 keys are one upload. */
import { isHidden, isLeftBehind, isUnfinished } from "./file-names";
import { type ZipEntry, buildDirectory, buildHeader, compareBytes, crc32, layOut, measureArchive } from "./stored-zip";

/** What is sent: a file, or a store as the one file that it becomes. */
export interface Sendable {
  readonly size: number;
  readonly lastModified: number;
}

/** A file of a store is not as it was when it was chosen. */
export class StoreChangedError extends Error {}

const marks = new Set(["zarr.json", ".zgroup", ".zarray", ".zattrs"]);
const endings = [".zarr", ".zspy"];
const keptBytes = 4 * 1024 * 1024;
const atOnce = 64;

function isCalledStore(folder: string): boolean {
  return endings.some((ending) => folder.toLowerCase().endsWith(ending));
}

export function nameArchive(folder: string): string {
  return isCalledStore(folder) ? `${folder}.zip` : `${folder || "store"}.zarr.zip`;
}

/** A number of names, sizes and times of change, of which the same store has the same (FNV-1a, 32 bits). */
function stampOf(files: [string, File][]): number {
  let value = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(files.map(([key, file]) => `${key}|${file.size}|${file.lastModified}`).join("\n"))) {
    value = Math.imul(value ^ byte, 0x01000193);
  }
  return value >>> 0;
}

export class PackedStore implements Sendable {
  readonly size: number;
  readonly lastModified: number;
  private readonly entries: ZipEntry[];
  private readonly files: File[];
  private readonly checksums: (number | undefined)[] = [];

  constructor(members: Iterable<[string, File]>) {
    const encoder = new TextEncoder();
    const ordered = Array.from(members, ([key, file]) => ({ key, name: encoder.encode(key), file }));
    ordered.sort((first, second) => compareBytes(first.name, second.name));
    this.files = ordered.map(({ file }) => file);
    this.entries = layOut(ordered.map(({ name, file }) => ({ name, size: file.size })));
    this.size = measureArchive(this.entries);
    this.lastModified = stampOf(ordered.map(({ key, file }) => [key, file]));
  }

  /** The bytes from one on to another, or to the end. */
  async slice(start: number, end: number): Promise<Blob> {
    const stop = Math.min(end, this.size);
    const parts: BlobPart[] = [];
    for (let number = this.findEntry(start); number < this.entries.length; number += atOnce) {
      if ((this.entries[number]?.offset ?? stop) >= stop) {
        break;
      }
      const batch = this.entries.slice(number, number + atOnce);
      const pieces = await Promise.all(batch.map((entry, place) => this.cutMember(number + place, entry, start, stop)));
      parts.push(...pieces.flat());
    }
    const begin = this.entries.at(-1)?.end ?? 0;
    if (stop > begin) {
      await this.findChecksums();
      const directory = buildDirectory(this.entries, this.checksums);
      parts.push(directory.subarray(Math.max(0, start - begin), stop - begin));
    }
    return new Blob(parts);
  }

  /** What the tus client reads from. */
  asSource(): { size: number; slice: (start: number, end: number) => Promise<{ value: Blob; done: boolean }>; close: () => void } {
    return {
      size: this.size,
      slice: async (start, end) => ({ value: await this.slice(start, end), done: end >= this.size }),
      close: () => undefined,
    };
  }

  /** The last member that begins at a byte or before it. */
  private findEntry(at: number): number {
    let low = 0;
    let high = this.entries.length - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((this.entries[middle]?.offset ?? 0) <= at) {
        low = middle;
      } else {
        high = middle - 1;
      }
    }
    return low;
  }

  private async cutMember(number: number, entry: ZipEntry, start: number, stop: number): Promise<BlobPart[]> {
    if (entry.end <= start || entry.offset >= stop) {
      return [];
    }
    const cut = (bytes: Uint8Array<ArrayBuffer>, at: number) =>
      bytes.subarray(Math.max(0, start - at), Math.max(0, Math.min(bytes.length, stop - at)));
    if (entry.size <= keptBytes) {
      const bytes = await this.read(number, 0, entry.size);
      this.note(number, crc32(bytes));
      return [cut(buildHeader(entry, this.checksums[number] ?? 0), entry.offset), cut(bytes, entry.dataOffset)];
    }
    const header = buildHeader(entry, await this.findChecksum(number));
    const first = Math.max(0, start - entry.dataOffset);
    const last = Math.max(first, Math.min(entry.size, stop - entry.dataOffset));
    return [cut(header, entry.offset), await this.read(number, first, last)];
  }

  private async findChecksums(): Promise<void> {
    for (let number = 0; number < this.entries.length; number += atOnce) {
      const batch = this.entries.slice(number, number + atOnce);
      await Promise.all(batch.map((_, place) => this.findChecksum(number + place)));
    }
  }

  private async findChecksum(number: number): Promise<number> {
    const known = this.checksums[number];
    if (known !== undefined) {
      return known;
    }
    let running = 0;
    const size = this.entries[number]?.size ?? 0;
    for (let at = 0; at < size; at += keptBytes) {
      running = crc32(await this.read(number, at, Math.min(size, at + keptBytes)), running);
    }
    return this.note(number, running);
  }

  private note(number: number, checksum: number): number {
    const known = (this.checksums[number] ??= checksum);
    if (known !== checksum) {
      throw this.changed(number);
    }
    return known;
  }

  private async read(number: number, start: number, end: number): Promise<Uint8Array<ArrayBuffer>> {
    const buffer = await this.files[number]?.slice(start, end).arrayBuffer().catch(() => null);
    if (buffer?.byteLength !== end - start) {
      throw this.changed(number);
    }
    return new Uint8Array(buffer);
  }

  private changed(number: number): StoreChangedError {
    const name = new TextDecoder().decode(this.entries[number]?.name);
    return new StoreChangedError(
      `The folder changed while it was sent: ${name} is not as it was. Choose the folder again when no program writes into it.`,
    );
  }
}

/** The folders that are stores: described at their root, or called so with a description below; the outermost count. */
function findRoots(paths: string[]): (path: string) => string | null {
  const roots = new Set<string>();
  for (const path of paths) {
    const folders = path.split("/");
    const name = folders.pop() ?? "";
    if (!marks.has(name)) {
      continue;
    }
    roots.add(folders.join("/"));
    for (let depth = 1; depth <= folders.length; depth += 1) {
      if (isCalledStore(folders[depth - 1] ?? "")) {
        roots.add(folders.slice(0, depth).join("/"));
      }
    }
  }
  if (paths.length < 2) {
    roots.delete(""); // one file that was chosen by itself
  }
  return (path) => {
    for (let end = roots.has("") ? 0 : path.indexOf("/"); end >= 0; end = path.indexOf("/", end + 1)) {
      if (roots.has(path.slice(0, end))) {
        return path.slice(0, end);
      }
    }
    return null;
  };
}

/** What was chosen, with the files of each store as the one file that is sent; what nobody misses stays by itself. */
export function packStores<T extends { file: File; path: string }>(chosen: T[]): (T | { file: PackedStore; path: string })[] {
  const rootOf = findRoots(chosen.map(({ path }) => path));
  const stores = new Map<string, [string, File][]>();
  const others: T[] = [];
  for (const one of chosen) {
    const root = rootOf(one.path);
    if (root === null || isLeftBehind(one.path) || isUnfinished(one.path) || isHidden(one.path)) {
      others.push(one);
      continue;
    }
    const members = stores.get(root) ?? [];
    members.push([root ? one.path.slice(root.length + 1) : one.path, one.file]);
    stores.set(root, members);
  }
  return [...others, ...Array.from(stores, ([root, members]) => ({ file: new PackedStore(members), path: nameArchive(root) }))];
}
