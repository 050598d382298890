import { describe, expect, it } from "vitest";
import { TransferRate } from "./transfer-rate";

describe("TransferRate", () => {
  it("is unknown before two samples", () => {
    const rate = new TransferRate();
    rate.record(0, 100);
    expect(rate.bytesPerSecond).toBe(0);
    expect(rate.secondsLeft(10)).toBe(Infinity);
  });

  it("forgets what is older than its window", () => {
    const rate = new TransferRate(1000);
    rate.record(0, 0);
    rate.record(500, 5000);
    rate.record(1500, 5000);
    rate.record(2000, 6000);
    expect(rate.bytesPerSecond).toBe(2000);
    expect(rate.secondsLeft(4000)).toBe(2);
  });

  it("never turns negative when a retry starts lower", () => {
    const rate = new TransferRate();
    rate.record(0, 900);
    rate.record(1000, 100);
    expect(rate.bytesPerSecond).toBe(0);
  });
});
