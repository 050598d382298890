import { describe, expect, it } from "vitest";
import { isRefusal, isWorthRetrying } from "./upload-task";

const answer = (status: number, code = ""): { status: number; code: string } => ({ status, code });

describe("isWorthRetrying", () => {
  it("goes on after a broken line, a busy upload and a server that restarts", () => {
    expect(isWorthRetrying(null, true)).toBe(true);
    expect([409, 423, 500, 502, 503].map((status) => isWorthRetrying(answer(status), true))).not.toContain(false);
  });

  it("tells the person at once that the server has no room", () => {
    expect(isWorthRetrying(answer(507), true)).toBe(false);
  });

  it("does not repeat what was refused, nor without a line", () => {
    expect(isWorthRetrying(answer(413), true)).toBe(false);
    expect(isWorthRetrying(answer(503), false)).toBe(false);
  });
});

describe("isRefusal", () => {
  it("knows a name that would have to be a folder too: waiting does not help", () => {
    expect(isRefusal(answer(409, "path_clash"))).toBe(true);
    expect(isWorthRetrying(answer(409, "path_clash"), true)).toBe(false);
    expect(isRefusal(answer(409, "upload_running"))).toBe(false);
  });
});
