import { describe, expect, it } from "vitest";
import { countUnsent, describeTotals, warnOfUnsent } from "./upload-totals";

const totals = { files: 10, finished: 9, failed: 1, refused: 1, sent: 9, size: 10 };

describe("the totals", () => {
  it("count every file that was chosen, and say how many were not sent", () => {
    expect(countUnsent(totals, 13)).toBe(14);
    expect(describeTotals(totals, 13, "")).toMatch(/^9 of 23 files stored, 14 not sent; /);
  });

  it("tell what stopped on its way from what the server does not take", () => {
    expect(describeTotals({ ...totals, failed: 3 }, 0, "")).toMatch(/^9 of 10 files stored, 1 not sent, 2 stopped; /);
    expect(describeTotals({ ...totals, failed: 0, refused: 0 }, 0, "")).toMatch(/^9 of 10 files stored; /);
  });

  it("are said again where one goes on", () => {
    expect(warnOfUnsent(0)).toBe("");
    expect(warnOfUnsent(1)).toMatch(/^1 file was not sent/);
    expect(warnOfUnsent(14)).toMatch(/^14 files were not sent/);
  });
});
