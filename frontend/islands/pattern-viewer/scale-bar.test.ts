import { describe, expect, it } from "vitest";
import { chooseScaleBar } from "./scale-bar";

describe("chooseScaleBar", () => {
  it("takes a round length of at most a quarter", () => {
    expect(chooseScaleBar(256, 0.5, "mrad")).toEqual({ pixels: 40, label: "20 mrad" });
    expect(chooseScaleBar(64, 0.02, "nm")).toEqual({ pixels: 10, label: "0.2 nm" });
  });

  it("counts pixels without calibration", () => {
    expect(chooseScaleBar(128, null, null)).toEqual({ pixels: 20, label: "20 px" });
  });
});
