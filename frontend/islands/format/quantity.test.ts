import { describe, expect, it } from "vitest";
import { formatBytes, formatDuration, formatNumber, formatQuantity, unitSymbol } from "./quantity";

describe("numbers as people read them", () => {
  it("scales bytes in steps of a thousand", () => {
    expect(formatBytes(0)).toBe("0 B");
    expect(formatBytes(999)).toBe("999 B");
    expect(formatBytes(1536)).toBe("1.5 kB");
    expect(formatBytes(4_000_000_000)).toBe("4.0 GB");
  });

  it("says nothing of an endless duration", () => {
    expect(formatDuration(Infinity)).toBe("");
    expect(formatDuration(0.2)).toBe("1 s");
    expect(formatDuration(150)).toBe("3 min");
    expect(formatDuration(3700)).toBe("1 h 2 min");
  });

  it("keeps four digits and large integers", () => {
    expect(formatNumber(65535)).toBe("65535");
    expect(formatNumber(21.41234)).toBe("21.41");
    expect(formatNumber(0.00001234)).toBe("1.234e-5");
    expect(formatNumber(NaN)).toBe("not a number");
  });

  it("writes pixels where there is no calibration", () => {
    expect(unitSymbol(null)).toBe("px");
    expect(unitSymbol("nm-1")).toBe("nm⁻¹");
    expect(unitSymbol("kV")).toBe("kV");
  });

  it("says no unit of plain numbers", () => {
    expect(formatQuantity(3, "1")).toBe("3");
    expect(formatQuantity(0.5, "urad")).toBe("0.5 µrad");
  });
});
