import { describe, expect, it } from "vitest";
import { isWorthRetrying } from "./upload-task";

describe("isWorthRetrying", () => {
  it("goes on after a broken line, a busy upload and a server that restarts", () => {
    expect([0, 409, 423, 500, 502, 503].map((status) => isWorthRetrying(status, true))).not.toContain(false);
  });

  it("tells the person at once that the server has no room", () => {
    expect(isWorthRetrying(507, true)).toBe(false);
  });

  it("does not repeat what was refused, nor without a line", () => {
    expect(isWorthRetrying(413, true)).toBe(false);
    expect(isWorthRetrying(503, false)).toBe(false);
  });
});
