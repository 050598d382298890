/**
 * Reads Zarr arrays beside the page: decompressing never stalls it, and the decompressors, which compile code at run
 * time, stay outside the page's content security policy. zarrita loads them only when a chunk asks for them.
 */
import * as zarr from "zarrita";
import type { Answer, Item, OpenAnswer, Request } from "./array-messages";
import { CheckedCrc32c } from "./checked-crc32c";

zarr.registry.set("crc32c", () => Promise.resolve(CheckedCrc32c));

const largestItem = 64 * 1024 * 1024;
const arrays = new Map<string, Promise<zarr.Array<zarr.DataType, zarr.FetchStore>>>();

function openArray(address: string): Promise<zarr.Array<zarr.DataType, zarr.FetchStore>> {
  const known = arrays.get(address);
  if (known) {
    return known;
  }
  const store = new zarr.FetchStore(new URL(address), { overrides: { credentials: "same-origin" } });
  const opened = zarr.open.v3(store, { kind: "array" });
  opened.catch(() => arrays.delete(address));
  arrays.set(address, opened);
  return opened;
}

async function describe(address: string): Promise<OpenAnswer> {
  const array = await openArray(address);
  return { shape: array.shape, attributes: array.attrs };
}

/** The item at one choice of the leading axes, whole along the others. */
async function read(address: string, choice: readonly number[]): Promise<Item> {
  const array = await openArray(address);
  const shape = array.shape.slice(choice.length);
  if (shape.reduce((product, size) => product * size, 1) > largestItem) {
    throw new Error("It is too large for the browser; read it with a Zarr client instead.");
  }
  const selection = [...choice, ...shape.map(() => null)];
  const { data } = (await zarr.get(array, selection)) as { data: ArrayLike<number | bigint | boolean> };
  return { shape, values: Float64Array.from(data, Number) };
}

function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? ` (${error.cause.message})` : "";
  return `${error instanceof Error ? error.message : String(error)}${cause}`;
}

self.addEventListener("message", (event: MessageEvent<Request>) => {
  const request = event.data;
  const work = request.kind === "open" ? describe(request.address) : read(request.address, request.choice);
  work.then(
    (answer) => {
      const message: Answer = { number: request.number, answer };
      self.postMessage(message, { transfer: "values" in answer ? [answer.values.buffer] : [] });
    },
    (error: unknown) => {
      const message: Answer = { number: request.number, problem: reasonOf(error) };
      self.postMessage(message);
    },
  );
});
