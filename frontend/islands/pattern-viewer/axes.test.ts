import { describe, expect, it } from "vitest";
import { coordinate, layOutAxes, parseAxes } from "./axes";

const named = (...names: string[]) => names.map((name) => ({ name, size: 4, unit: null, scale: null, offset: 0 }));

describe("axes of a signal", () => {
  it("takes the detector axes of a scan as the pattern", () => {
    const layout = layOutAxes(named("scan_y", "scan_x", "detector_y", "detector_x"));
    expect(layout).toEqual({ item: "pattern", choice: [0, 1], navigator: [0, 1], signal: [2, 3] });
  });

  it("takes a scanned image as one image", () => {
    expect(layOutAxes(named("scan_y", "scan_x"))).toEqual({ item: "image", choice: [], navigator: [], signal: [0, 1] });
  });

  it("takes the energy axis as the spectrum and a series as a choice without navigator", () => {
    expect(layOutAxes(named("scan_y", "scan_x", "energy")).item).toBe("spectrum");
    const series = layOutAxes(named("time", "scan_y", "scan_x"));
    expect(series).toEqual({ item: "image", choice: [0], navigator: [], signal: [1, 2] });
  });

  it("leaves an uncalibrated coordinate unknown", () => {
    const [plain, calibrated] = parseAxes([{ name: "scan_y" }, { name: "scan_x", scale: 0.5, offset: -1, unit: "nm" }], [3, 3]);
    expect(plain && coordinate(plain, 2)).toBeNull();
    expect(calibrated && coordinate(calibrated, 2)).toBe(0);
  });
});
