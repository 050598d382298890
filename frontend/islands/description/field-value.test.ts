import { describe, expect, it } from "vitest";
import vectors from "../../../tests/quantity_vectors.json";
import { namesUnit, readField, type RawField } from "./field-value";

const field = (change: Partial<RawField>): RawField => ({ kind: "quantity", input: "", unit: "mrad", basis: "", gap: "", ...change });

describe("readField", () => {
  it.each(vectors.accepted)("gives an amount the unit beside it and leaves $text its own", ({ text, names_unit }) => {
    expect(namesUnit(text)).toBe(names_unit);
    const alone = names_unit ? text : { value: text, unit: "mrad", source: "depositor" };
    expect(readField(field({ input: text }))).toEqual({ ok: true, value: alone });
    const known = { value: text, ...(names_unit ? {} : { unit: "mrad" }), source: "depositor", basis: "calibrated" };
    expect(readField(field({ input: ` ${text} `, basis: "calibrated" }))).toEqual({ ok: true, value: known });
  });

  it.each(vectors.refused)("leaves it to the server to refuse $text: nothing typed is changed", ({ text }) => {
    expect(JSON.stringify(readField(field({ input: text })))).toContain(JSON.stringify(text));
  });

  it("lets a declared gap win over what is typed, and says nothing of an empty field", () => {
    expect(readField(field({ input: "21", gap: "not_recorded" }))).toEqual({ ok: true, value: { missing: "not_recorded" } });
    expect(readField(field({}))).toEqual({ ok: true, value: undefined });
    expect(readField(field({ kind: "choices", input: [] }))).toEqual({ ok: true, value: undefined });
  });

  it("reads lists, shapes and matrices as people write them", () => {
    expect(readField(field({ kind: "list", input: "unknown" }))).toEqual({ ok: true, value: "unknown" });
    expect(readField(field({ kind: "matrix", input: "0 1; -1 0" }))).toEqual({ ok: true, value: "0 1; -1 0" });
    expect(readField(field({ kind: "number", input: " 1,5" }))).toEqual({ ok: true, value: "1,5" });
    expect(readField(field({ kind: "list", input: "Mo, S" }))).toEqual({ ok: true, value: ["Mo", "S"] });
    expect(readField(field({ kind: "shape", input: "256 × 128" }))).toEqual({ ok: true, value: "256 × 128" });
    expect(readField(field({ kind: "json", input: "{" }))).toMatchObject({ ok: false });
  });
});
