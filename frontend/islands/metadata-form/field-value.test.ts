import { describe, expect, it } from "vitest";
import { readField, type RawField } from "./field-value";

const field = (change: Partial<RawField>): RawField => ({ kind: "quantity", input: "", unit: "mrad", basis: "", gap: "", ...change });

describe("readField", () => {
  it("reads a number, a decimal comma and a range with their unit and basis", () => {
    expect(readField(field({ input: "21.4", basis: "nominal" }))).toEqual({
      ok: true,
      value: { value: 21.4, unit: "mrad", source: "depositor", basis: "nominal" },
    });
    expect(readField(field({ input: "21,4" }))).toMatchObject({ value: { value: 21.4 } });
    expect(readField(field({ input: "20 – 22" }))).toMatchObject({ value: { range: [20, 22], unit: "mrad" } });
    expect(readField(field({ input: "-5e-3" }))).toMatchObject({ value: { value: -0.005 } });
  });

  it("refuses what is no number instead of guessing", () => {
    expect(readField(field({ input: "about 20" }))).toMatchObject({ ok: false });
    expect(readField(field({ input: "1,000,5" }))).toMatchObject({ ok: false });
    expect(readField(field({ input: "22-20" }))).toMatchObject({ ok: false, problem: "The range begins above its end." });
    expect(readField(field({ kind: "shape", input: "256 × 0" }))).toMatchObject({ ok: false });
  });

  it("lets a declared gap win over what is typed, and says nothing of an empty field", () => {
    expect(readField(field({ input: "21", gap: "not_recorded" }))).toEqual({ ok: true, value: { missing: "not_recorded" } });
    expect(readField(field({}))).toEqual({ ok: true, value: undefined });
    expect(readField(field({ kind: "choices", input: [] }))).toEqual({ ok: true, value: undefined });
  });

  it("reads lists, shapes and matrices as people write them", () => {
    expect(readField(field({ kind: "list", input: "unknown" }))).toEqual({ ok: true, value: "unknown" });
    expect(readField(field({ kind: "matrix", input: "0 1; -1 0" }))).toEqual({ ok: true, value: [[0, 1], [-1, 0]] });
    expect(readField(field({ kind: "matrix", input: "1 0 0" }))).toMatchObject({ ok: false });
    expect(readField(field({ kind: "list", input: "Mo, S" }))).toEqual({ ok: true, value: ["Mo", "S"] });
    expect(readField(field({ kind: "shape", input: "256 × 128" }))).toEqual({ ok: true, value: [256, 128] });
  });
});
