/** One file on its way, with the tus client in the hands of the test. */
import { beforeEach, describe, expect, it, vi } from "vitest";
import { answered, forget, made, previous } from "../testing/fake-tus";
import { UploadTask, fingerprint } from "./upload-task";

vi.mock("tus-js-client", () => import("../testing/fake-tus"));

function makeTask(file = new File(["counts"], "scan.mib", { lastModified: 7 })) {
  const states: string[] = [];
  const target = { deposit: "7q2m-x4dn", endpoint: "/api/v1/uploads/" };
  const task = new UploadTask({ file, path: "run/scan.mib" }, target, ({ state }) => states.push(state));
  return { task, states };
}

async function started() {
  const { task, states } = makeTask();
  await task.start();
  const upload = made.at(-1);
  if (!upload) throw new Error("nothing was sent");
  return { task, states, upload };
}

beforeEach(() => {
  forget();
  vi.stubGlobal("isSecureContext", true);
  vi.stubGlobal("navigator", { onLine: true });
});

describe("a file that is sent", () => {
  it("is announced with its deposit, way, size and digest, and started once", async () => {
    const { upload } = await started();
    expect(upload.starts).toBe(1);
    expect(upload.options.endpoint).toBe("/api/v1/uploads/");
    expect(upload.options.metadata).toEqual({
      deposit: "7q2m-x4dn",
      path: "run/scan.mib",
      size: "6",
      // printf counts | sha256sum
      sha256: "cdd93696b72b3de32dd12e38bdcae2eaf5a95080af38cbe347f3195ef9d56bf7",
    });
  });

  it("has no digest where the page may not compute one, or the file is large", async () => {
    vi.stubGlobal("isSecureContext", false);
    expect((await started()).upload.options.metadata).not.toHaveProperty("sha256");
    vi.stubGlobal("isSecureContext", true);
    const large = new File(["x"], "large");
    Object.defineProperty(large, "size", { value: 64 * 1024 * 1024 + 1 });
    await makeTask(large).task.start();
    expect(made.at(-1)?.options.metadata).not.toHaveProperty("sha256");
  });

  it("is known again by way, size and time of change", async () => {
    const { upload } = await started();
    const known = await upload.options.fingerprint();
    expect(known).toBe(fingerprint("7q2m-x4dn", "run/scan.mib", { size: 6, lastModified: 7 }));
    expect(known).not.toBe(fingerprint("7q2m-x4dn", "run/scan.mib", { size: 6, lastModified: 8 }));
    expect(known).not.toBe(fingerprint("other", "run/scan.mib", { size: 6, lastModified: 7 }));
  });

  it("goes on from what was sent before", async () => {
    expect((await started()).upload.resumed).toBeNull();
    previous.push({ uploadUrl: "/api/v1/uploads/1" });
    expect((await started()).upload.resumed).toEqual({ uploadUrl: "/api/v1/uploads/1" });
  });

  it("says how far it is, and is done at its end", async () => {
    const { task, states, upload } = await started();
    upload.options.onProgress(4);
    expect([task.sent, task.state]).toEqual([4, "sending"]);
    upload.options.onSuccess();
    expect([task.sent, task.state]).toEqual([6, "done"]);
    expect(states).toEqual(["sending", "sending", "done"]);
  });
});

describe("a pause", () => {
  it("keeps what was sent, and the same upload goes on", async () => {
    const { task, upload } = await started();
    await task.pause();
    expect([task.state, upload.aborts]).toEqual(["paused", [undefined]]);
    await task.start();
    expect([task.state, upload.starts, made.length]).toEqual(["sending", 2, 1]);
  });

  it("that comes while the digest is computed starts nothing", async () => {
    const { task } = makeTask();
    const starting = task.start();
    await task.pause();
    await starting;
    expect([task.state, made.at(-1)?.starts]).toEqual(["paused", 0]);
  });

  it("is no end: only giving up removes what the server holds", async () => {
    const { task, upload } = await started();
    await task.discard();
    expect(upload.aborts).toEqual([true]);
  });
});

describe("a fault", () => {
  it("that the server gives for a file it does not take is its refusal, in its words", async () => {
    const { task, upload } = await started();
    upload.options.onError(answered(413, { detail: "The file is too large.", hint: "Split it." }));
    expect(task).toMatchObject({ state: "failed", isRefused: true, problem: "The file is too large. Split it." });
  });

  it("of the line is told as such, and what arrived is kept", async () => {
    const { task, upload } = await started();
    upload.options.onProgress(3);
    upload.options.onError(new Error("no answer"));
    expect(task).toMatchObject({ state: "failed", isRefused: false, sent: 3 });
    expect(task.problem).toMatch(/^The connection broke/);
  });

  it("is forgotten when the file is tried again", async () => {
    const { task, upload } = await started();
    upload.options.onError(answered(413, { detail: "The file is too large." }));
    await task.start();
    expect(task).toMatchObject({ state: "sending", isRefused: false, problem: "" });
  });

  it("is tried again unasked where it passes by itself", async () => {
    const { upload } = await started();
    expect(upload.options.onShouldRetry(answered(503, {}))).toBe(true);
    expect(upload.options.onShouldRetry(new Error("no answer"))).toBe(true);
    expect(upload.options.onShouldRetry(answered(413, {}))).toBe(false);
    vi.stubGlobal("navigator", { onLine: false });
    expect(upload.options.onShouldRetry(new Error("no answer"))).toBe(false);
  });
});

it("counts a file that is there already as sent, without sending it", () => {
  const { task, states } = makeTask();
  task.markPresent();
  expect([task.sent, states, made.length]).toEqual([6, ["present"], 0]);
});
