import { describe, expect, it } from "vitest";
import { movePlace } from "./scan-navigator";

describe("movePlace", () => {
  it("moves by one, with shift by ten, and stays inside the scan", () => {
    expect(movePlace([3, 3], "ArrowUp", [8, 8], false)).toEqual([2, 3]);
    expect(movePlace([3, 3], "ArrowRight", [8, 8], true)).toEqual([3, 7]);
    expect(movePlace([0, 0], "ArrowLeft", [8, 8], false)).toEqual([0, 0]);
  });

  it("leaves other keys to the page", () => {
    expect(movePlace([3, 3], "Tab", [8, 8], false)).toBeNull();
  });
});
