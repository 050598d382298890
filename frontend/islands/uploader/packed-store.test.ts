/** A folder that holds a Zarr store becomes one file, of the same bytes as the command makes. */
import { beforeEach, describe, expect, it, vi } from "vitest";
import { forget, made, uploadOf } from "../testing/fake-tus";
import { type ChosenFile, listDroppedFiles, listInputFiles, sortChosen } from "./chosen-files";
import { PackedStore, StoreChangedError, packStores } from "./packed-store";
import { buildDirectory, buildHeader, crc32, joinBytes, layOut } from "./stored-zip";
import { UploadTask } from "./upload-task";

vi.mock("tus-js-client", () => import("../testing/fake-tus"));

const file = (content: string | Uint8Array<ArrayBuffer>, lastModified = 1) => new File([content], "x", { lastModified });

// Of the command: tests/unit/client/test_packed_stores.py.
const shared: [string, File][] = [
  ["µ/0", file("x")],
  [".zgroup", file('{"zarr_format": 2}')],
  ["a/1.0", file("")],
  ["a/0.0", file(Uint8Array.from([0, 1, 2]))],
  ["a/.zarray", file("{}")],
  ["a-b/.zgroup", file("{}")],
];
const sharedDigest = "a1576f689b9c9af99742c4074c2d8a142df1007924cb504bb230c60bf796acde";

async function bytesOf(blob: Blob): Promise<Uint8Array> {
  return new Uint8Array(await blob.arrayBuffer());
}

async function digestOf(blob: Blob): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", await blob.arrayBuffer()));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

const chosen = (...paths: string[]) => paths.map((path) => ({ file: file(path), path }));
const pathsOf = (files: { path: string }[]) => files.map(({ path }) => path);

describe("the archive of a store", () => {
  it("has the bytes that the command makes, whatever the order", async () => {
    const store = new PackedStore(shared);
    expect(store.size).toBe(586);
    expect(await digestOf(await store.slice(0, store.size))).toBe(sharedDigest);
    expect(await digestOf(await new PackedStore(shared.toReversed()).slice(0, 1e9))).toBe(sharedDigest);
  });

  it("is the same piece by piece, from any byte, also in another visit", async () => {
    const whole = await bytesOf(await new PackedStore(shared).slice(0, 586));
    for (const [start, end] of [[0, 1], [1, 60], [29, 31], [60, 200], [200, 586], [300, 470], [580, 586], [586, 586]] as const) {
      expect(await bytesOf(await new PackedStore(shared).slice(start, end))).toEqual(whole.slice(start, end));
    }
    const { value, done } = await new PackedStore(shared).asSource().slice(580, 1000);
    expect([value.size, done]).toEqual([6, true]);
  });

  it("holds large files too, which are read in pieces", async () => {
    const large = new Uint8Array(5 * 1024 * 1024).map((_, index) => index % 251);
    const store = new PackedStore([["c/0", file(large)], ["zarr.json", file("{}")]]);
    const whole = await bytesOf(await store.slice(0, store.size));
    expect(crc32(whole.subarray(33, 33 + large.length))).toBe(crc32(large));
    expect(new DataView(whole.buffer).getUint32(14, true)).toBe(crc32(large));
    const piece = await bytesOf(await new PackedStore([["c/0", file(large)], ["zarr.json", file("{}")]]).slice(3_000_000, 9_500_000));
    expect(piece.length).toBe(Math.min(store.size, 9_500_000) - 3_000_000);
    expect(crc32(piece)).toBe(crc32(whole.subarray(3_000_000, 9_500_000)));
  });

  it("knows the checksum that every ZIP has", () => {
    expect(crc32(new TextEncoder().encode("123456789"))).toBe(0xcbf43926);
    expect(crc32(new TextEncoder().encode("6789"), crc32(new TextEncoder().encode("12345")))).toBe(0xcbf43926);
  });

  it("has the larger fields beyond the first sizes of ZIP", () => {
    const name = (text: string) => new TextEncoder().encode(text);
    const entries = layOut([{ name: name("a"), size: 5 * 2 ** 32 }, { name: name("b"), size: 3 }]);
    expect(entries[1]?.offset).toBe(5 * 2 ** 32 + 51);
    const directory = buildDirectory(entries, [0, 0x352441c2]);
    const view = new DataView(directory.buffer);
    expect(view.getBigUint64(46 + 1 + 4, true)).toBe(BigInt(5 * 2 ** 32));
    expect(view.getUint32(directory.length - 22, true)).toBe(0x06054b50);
    expect(view.getUint32(directory.length - 6, true)).toBe(0xffffffff);
    expect(entries.slice(0, 1).map((entry) => buildHeader(entry, 0).length)).toEqual([51]);
    const many = layOut(Array.from({ length: 70_000 }, (_, number) => ({ name: name(String(number)), size: 0 })));
    expect(new DataView(buildDirectory(many, []).buffer).getUint16(buildDirectory(many, []).length - 12, true)).toBe(0xffff);
    expect(joinBytes([]).length).toBe(0);
  });

  it("has another mark when a file in it changed", () => {
    const stamp = (lastModified: number) => new PackedStore([[".zgroup", file("{}", lastModified)]]).lastModified;
    expect(stamp(1)).toBe(stamp(1));
    expect(stamp(1)).not.toBe(stamp(2));
  });

  it("is not sent on when a file in it changed meanwhile", async () => {
    const gone = file("12");
    const store = new PackedStore([[".zgroup", file("{}")], ["a/0", gone]]);
    gone.slice = () => ({ arrayBuffer: () => Promise.reject(new Error("NotReadableError")) }) as unknown as Blob;
    await expect(store.slice(0, store.size)).rejects.toThrow(/changed while it was sent: a\/0 is not as it was/);
    gone.slice = () => new Blob(["1"]);
    await expect(store.slice(0, store.size)).rejects.toThrow(StoreChangedError);
    gone.slice = () => new Blob(["12"]);
    await store.slice(0, store.size);
    gone.slice = () => new Blob(["34"]);
    await expect(store.slice(0, store.size)).rejects.toThrow(StoreChangedError);
  });
});

describe("what was chosen", () => {
  it("has each store as one file, also within a session, and everything else as it is", () => {
    const found = packStores(
      chosen("day/scan.mib", "day/one.zarr/.zgroup", "day/one.zarr/a/.zarray", "day/two/zarr.json", "day/two/c/0", "day/three.zspy/0/.zarray",
        "day/called.zarr/notes.txt", "day/one.zarr/.DS_Store", "day/one.zarr/.cache/x"),
    );
    expect(pathsOf(found)).toEqual([
      "day/scan.mib", "day/called.zarr/notes.txt", "day/one.zarr/.DS_Store", "day/one.zarr/.cache/x", "day/one.zarr.zip", "day/two.zarr.zip", "day/three.zspy.zip",
    ]);
    expect(sortChosen(found, [])).toMatchObject({ leftOut: ["day/one.zarr/.DS_Store"], hidden: ["day/one.zarr/.cache/x"] });
  });

  it("is a store itself where its root is described, however it is dropped", async () => {
    expect(pathsOf(packStores(chosen("x.ome.zarr/.zattrs", "x.ome.zarr/0/.zarray")))).toEqual(["x.ome.zarr.zip"]);
    expect(pathsOf(packStores(chosen("zarr.json", "c/0")))).toEqual(["store.zarr.zip"]);
    expect(pathsOf(packStores(chosen(".zattrs")))).toEqual([".zattrs"]);
    const entry = (name: string) => ({
      isFile: true, fullPath: `/s.zarr/${name}`, file: (take: (found: File) => void) => take(new File(["x"], name)),
    });
    const entries = [entry("zarr.json"), ...Array.from({ length: 450 }, (_, number) => entry(String(number)))];
    const folder = {
      isFile: false, fullPath: "/s.zarr",
      createReader: () => ({ readEntries: (take: (batch: object[]) => void) => take(entries.splice(0, 100)) }),
    };
    const transfer = { items: [{ webkitGetAsEntry: () => folder }], files: [] } as unknown as DataTransfer;
    const dropped: ChosenFile[] = await listDroppedFiles(transfer);
    expect(pathsOf(dropped)).toEqual(["s.zarr.zip"]);
    expect(dropped[0]?.file).toBeInstanceOf(PackedStore);
    expect(pathsOf(listInputFiles([file("x")]))).toEqual(["x"]);
  });
});

describe("a store that is sent", () => {
  beforeEach(() => {
    forget();
    vi.stubGlobal("isSecureContext", true);
    vi.stubGlobal("navigator", { onLine: true });
  });

  const start = async (store: PackedStore) => {
    const task = new UploadTask({ file: store, path: "s.zarr.zip" }, { deposit: "7q2m-x4dn", endpoint: "/u/" }, () => undefined);
    await task.start();
    return task;
  };

  it("is one upload, with its digest, read piece by piece", async () => {
    const task = await start(new PackedStore(shared));
    const options = made.at(-1)?.options as unknown as { metadata: object; chunkSize: number; fileReader: { openFile: () => Promise<{ size: number }> } };
    expect(options.metadata).toEqual({ deposit: "7q2m-x4dn", path: "s.zarr.zip", size: "586", sha256: sharedDigest });
    expect(options.chunkSize).toBe(16 * 1024 * 1024);
    expect((await options.fileReader.openFile()).size).toBe(586);
    expect([task.size, made.length]).toEqual([586, 1]);
  });

  it("that changes meanwhile is not tried again, and what was sent of it is given up", async () => {
    const task = await start(new PackedStore(shared));
    const upload = uploadOf("s.zarr.zip");
    const error = Object.assign(new Error("tus"), { causingError: new StoreChangedError("The folder changed.") });
    expect(upload.options.onShouldRetry(error)).toBe(false);
    upload.options.onError(error);
    expect(task).toMatchObject({ state: "failed", isRefused: true, problem: "The folder changed." });
    expect(upload.aborts).toEqual([true]);
  });

  it("that changed before its first byte is said too", async () => {
    const gone = file("12");
    gone.slice = () => new Blob(["1"]);
    const task = await start(new PackedStore([[".zgroup", file("{}")], ["a/0", gone]]));
    expect(task).toMatchObject({ state: "failed", isRefused: true });
    expect(task.problem).toMatch(/a\/0 is not as it was/);
    expect(made.length).toBe(0);
  });
});
