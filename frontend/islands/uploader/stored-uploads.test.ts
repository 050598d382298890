import { afterEach, describe, expect, it, vi } from "vitest";
import { listUnfinishedUploads, parseStoredUpload } from "./stored-uploads";

const record = (path: string, deposit = "d1") => JSON.stringify({
  metadata: { deposit, path },
  size: 10,
  uploadUrl: `/api/v1/uploads/${path}`,
});

/** A browser's store: its keys are its own, its methods are not. */
function store(entries: Record<string, string>): void {
  const content = { ...entries };
  Object.defineProperty(content, "getItem", { value: (key: string) => content[key] ?? null });
  vi.stubGlobal("localStorage", content);
}

/** What the server holds of each upload; of others it knows nothing. */
function serve(offsets: Record<string, number>): string[] {
  const asked: string[] = [];
  vi.stubGlobal("fetch", (address: string, init: RequestInit) => {
    asked.push(`${init.method ?? "GET"} ${address}`);
    const offset = offsets[address.split("/").at(-1) ?? ""];
    if (offset === -1) return Promise.reject(new TypeError("no line"));
    const headers = offset === undefined ? {} : { "Upload-Offset": String(offset) };
    return Promise.resolve(new Response(null, { status: offset === undefined ? 404 : 200, headers }));
  });
  return asked;
}

afterEach(() => vi.unstubAllGlobals());

describe("parseStoredUpload", () => {
  it("reads what the tus client wrote, and leaves anything else alone", () => {
    expect(parseStoredUpload(record("a"))).toEqual({ deposit: "d1", path: "a", size: 10, url: "/api/v1/uploads/a" });
    for (const other of ["", "no JSON", "{}", '{"metadata":{"deposit":"d1","path":"a"},"size":10}', '{"metadata":{"deposit":"d1","path":"a"},"uploadUrl":"/u"}']) {
      expect(parseStoredUpload(other)).toBeNull();
    }
  });
});

describe("listUnfinishedUploads", () => {
  it("names what of this deposit is on its way, with what the server holds", async () => {
    store({ "tus::1": record("half"), "tus::2": record("whole"), "tus::3": record("foreign", "d2"), other: record("other") });
    const asked = serve({ half: 4, whole: 10, foreign: 1, other: 1 });
    expect(await listUnfinishedUploads("d1")).toEqual([{ path: "half", size: 10, stored: 4 }]);
    expect(asked).toEqual(["HEAD /api/v1/uploads/half", "HEAD /api/v1/uploads/whole"]);
  });

  it("says nothing of what is gone or cannot be asked after", async () => {
    store({ "tus::1": record("gone"), "tus::2": record("away"), "tus::3": record("none") });
    serve({ away: -1, none: 0 });
    expect(await listUnfinishedUploads("d1")).toEqual([{ path: "none", size: 10, stored: 0 }]);
  });
});
