import { describe, expect, it } from "vitest";
import { coordinate, layOutAxes, parseAxes } from "./axes";

const named = (...names: string[]) => names.map((name) => ({ name, size: 4, unit: null, scale: null, offset: 0 }));

describe("axes of a signal", () => {
  it("takes the last two axes of a scan of patterns as the pattern, whatever they are called", () => {
    const layout = layOutAxes(named("scan_y", "scan_x", "y", "x"), "pattern_scan");
    expect(layout).toEqual({ item: "pattern", choice: [0, 1], navigator: [0, 1], signal: [2, 3] });
  });

  it("takes a scanned image as one image", () => {
    expect(layOutAxes(named("scan_y", "scan_x"), "image")).toEqual({ item: "image", choice: [], navigator: [], signal: [0, 1] });
  });

  it("takes the energy axis as the spectrum and a series as a choice without navigator", () => {
    expect(layOutAxes(named("scan_y", "scan_x", "energy"), "spectrum_scan").item).toBe("spectrum");
    const series = layOutAxes(named("time", "scan_y", "scan_x"), "image_series");
    expect(series).toEqual({ item: "image", choice: [0], navigator: [], signal: [1, 2] });
  });

  it("does not call a frame a pattern for the names of its axes", () => {
    const frames = named("series", "detector_y", "detector_x");
    expect(layOutAxes(frames, "image_series")).toEqual({ item: "image", choice: [0], navigator: [], signal: [1, 2] });
    expect(layOutAxes(frames, "frame_series").item).toBe("frame");
    expect(layOutAxes(frames, "").item).toBe("frame");
  });

  it("shows the values of each channel at a position as a line", () => {
    const maps = layOutAxes(named("scan_y", "scan_x", "channel"), "channel_maps");
    expect(maps).toEqual({ item: "profile", choice: [0, 1], navigator: [0, 1], signal: [2] });
    expect(layOutAxes(named("position"), "").signal).toEqual([0]);
    expect(layOutAxes(named("scan_x", "energy"), "").item).toBe("spectrum");
  });

  it("leaves an uncalibrated coordinate unknown", () => {
    const [plain, calibrated] = parseAxes([{ name: "scan_y" }, { name: "scan_x", scale: 0.5, offset: -1, unit: "nm" }], [3, 3]);
    expect(plain && coordinate(plain, 2)).toBeNull();
    expect(calibrated && coordinate(calibrated, 2)).toBe(0);
  });
});
