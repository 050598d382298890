import { describe, expect, it } from "vitest";
import { applyChanges, composeMergePatch, describeValue, findCollisions } from "./document-changes";

const change = (path: string, value: unknown) => ({ path: path.split("/"), label: path, value });

describe("changes of the supplied document", () => {
  it("touches only the fields it names and drops groups left empty", () => {
    const document = { dataset: { title: "Old" }, defaults: { sample: { name: "MoS2" } } };
    const result = applyChanges(document, [change("dataset/title", "New"), change("defaults/sample/name", undefined)]);
    expect(result).toEqual({ dataset: { title: "New" } });
    expect(document.dataset.title).toBe("Old");
  });

  it("reports a collision only where both sides said different things", () => {
    const base = { defaults: { a: 1, b: 1, c: { value: 1, unit: "nm" } } };
    const theirs = { defaults: { a: 2, b: 1, c: { unit: "nm", value: 3 } } };
    const mine = [change("defaults/a", 5), change("defaults/b", 6), change("defaults/c", { value: 3, unit: "nm" })];
    expect(findCollisions(base, theirs, mine).map(({ label }) => label)).toEqual(["defaults/a"]);
  });

  it("sends only what was changed, and null for what is gone", () => {
    const base = { dataset: { title: "Old", abstract: "Kept" }, defaults: { a: { missing: "not_recorded" }, b: [1, 2] } };
    const to = { dataset: { title: "New", abstract: "Kept" }, defaults: { a: { value: 80, unit: "kV" }, b: [1, 2] } };
    expect(composeMergePatch(base, to)).toEqual({
      dataset: { title: "New" },
      defaults: { a: { missing: null, value: 80, unit: "kV" } },
    });
    expect(composeMergePatch(base, base)).toEqual({});
    expect(composeMergePatch({ a: { b: 1 } }, {})).toEqual({ a: null });
  });

  it("says values in words", () => {
    expect(describeValue({ missing: "not_recorded" })).toBe("not recorded");
    expect(describeValue({ range: [20, 22], unit: "mrad" })).toBe("20–22 mrad");
    expect(describeValue({ value: 0.2, unit: "Ao-1" })).toBe("0.2 Å⁻¹");
    expect(describeValue({ value: 5, unit: "1" })).toBe("5");
    expect(describeValue(undefined)).toBe("nothing");
  });
});
