import { describe, expect, it } from "vitest";
import { buildLookup, findLimits, paintPixels } from "./contrast";

describe("contrast", () => {
  it("begins and ends a palette at its own ends", () => {
    const viridis = buildLookup("viridis");
    expect([...viridis.slice(0, 3)]).toEqual([0x44, 0x01, 0x54]);
    expect([...viridis.slice(-3)]).toEqual([0xfd, 0xe7, 0x25]);
  });

  it("shows single electrons on an empty detector", () => {
    const sparse = new Float64Array(10_000);
    sparse[17] = 1;
    expect(findLimits(sparse)).toEqual([0, 1]);
  });

  it("gives usable limits to a constant and to an all-NaN picture", () => {
    expect(findLimits([5, 5, 5])).toEqual([5, 6]);
    expect(findLimits([NaN, NaN])).toEqual([0, 1]);
  });

  it("maps limits to the ends and lifts weak values when logarithmic", () => {
    const gray = (scaling: "linear" | "log") =>
      [...paintPixels([0, 0.1, 1, NaN], { limits: [0, 1], scaling, palette: "gray" })].filter((_, at) => at % 4 === 0);
    expect(gray("linear")).toEqual([0, 26, 255, 128]);
    expect(gray("log")[1]).toBeGreaterThan(150);
  });
});
