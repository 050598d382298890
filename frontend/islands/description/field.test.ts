// @vitest-environment happy-dom
import { describe, expect, it } from "vitest";
import { click, find, say, show } from "../testing/page";
import { MetadataField } from "./field";

function field(kind: string, inside: string): MetadataField {
  show(`<div class="field" data-kind="${kind}" data-paths='[["a"]]'><p class="label"> Name </p>${inside}</div>`);
  return new MetadataField(find(document, ".field"));
}

const row = (name: string, orcid: string) => `
  <div data-part="row">
    <label data-key="name" data-kind="text"><input data-part="value" value="${name}"></label>
    <label data-key="count" data-kind="number"><input data-part="value" value="${orcid}"></label>
  </div>`;
const rows = (...inside: string[]) => `<div data-part="rows">${inside.join("")}</div><button data-part="add-row">More</button>`;

describe("a field", () => {
  it("knows its name, and whether anything in it was changed", () => {
    const one = field("quantity", `<input data-part="value" value="20"><input data-part="unit" value="mrad"><input data-part="basis" value="">`);
    expect([one.label, one.paths, one.isChanged]).toEqual(["Name", [["a"]], false]);
    for (const [part, value] of [["value", "21"], ["unit", "deg"], ["basis", "nominal"]] as const) {
      const control = find<HTMLInputElement>(document, `[data-part=${part}]`);
      const before = control.value;
      say(document, `[data-part=${part}]`, value);
      expect(one.isChanged).toBe(true);
      say(document, `[data-part=${part}]`, before);
      expect(one.isChanged).toBe(false);
    }
    say(document, "[data-part=basis]", "nominal");
    expect(one.read()).toEqual({ ok: true, value: { value: "20", unit: "mrad", source: "depositor", basis: "nominal" } });
  });

  it("reads the chosen of several boxes", () => {
    const box = (value: string, checked = "") => `<input type="checkbox" data-part="value" value="${value}" ${checked}>`;
    const one = field("choices", box("eels", "checked") + box("eds") + box("cl"));
    expect(one.read()).toEqual({ ok: true, value: ["eels"] });
    click(document, "[value=cl]");
    expect([one.isChanged, one.read()]).toEqual([true, { ok: true, value: ["eels", "cl"] }]);
  });

  it("lets a declared gap stand for whatever is typed", () => {
    const one = field("text", `<input data-part="value" value="x"><input type="checkbox" data-part="gap" value="not_applicable">`);
    click(document, "[data-part=gap]");
    one.showGap();
    expect([one.isChanged, one.read()]).toEqual([true, { ok: true, value: { missing: "not_applicable" } }]);
    expect(one.element.classList.contains("is-gap")).toBe(true);
  });

  it("says what is wrong, and stops saying it", () => {
    const one = field("text", `<input data-part="value"><p class="problem" hidden></p>`);
    one.showProblem("Write a number.");
    expect(find<HTMLElement>(document, ".problem")).toMatchObject({ hidden: false, textContent: "Write a number." });
    one.showProblem("");
    expect(find<HTMLElement>(document, ".problem").hidden).toBe(true);
    expect(find(document, "input").getAttribute("aria-invalid")).toBe("false");
  });
});

describe("a list of objects", () => {
  it("has one object a row, without what is empty", () => {
    const one = field("objects", rows(row("Doe, Jane", "2"), row("Roe", ""), row("", "")));
    expect(one.read()).toEqual({ ok: true, value: [{ name: "Doe, Jane", count: "2" }, { name: "Roe" }] });
    expect(field("objects", rows(row("", ""))).read()).toEqual({ ok: true, value: undefined });
  });

  it("gets empty rows to fill, as many as one asks for", () => {
    const one = field("objects", rows(row("Doe", ""), row("", "")));
    say(document, "[data-part=row]:last-child [data-key=name] input", "Roe");
    click(document, "[data-part=add-row]");
    click(document, "[data-part=add-row]");
    expect(document.querySelectorAll("[data-part=row]")).toHaveLength(4);
    expect(document.activeElement).toBe(find(document, "[data-part=row]:last-child input"));
    say(document, "[data-part=row]:last-child [data-key=name] input", "Poe");
    expect(one.read()).toEqual({ ok: true, value: [{ name: "Doe" }, { name: "Roe" }, { name: "Poe" }] });
    expect(one.isChanged).toBe(true);
  });

  it("cannot be read where one part of a row cannot", () => {
    const broken = row("Doe", "{").replace('data-kind="number"', 'data-kind="json"');
    expect(field("objects", rows(broken)).read()).toEqual({ ok: false, problem: "This is not valid JSON." });
  });

  it("is a gap as a whole", () => {
    const one = field("objects", `${rows(row("Doe", ""))}<input type="checkbox" data-part="gap" value="not_recorded" checked>`);
    expect(one.read()).toEqual({ ok: true, value: { missing: "not_recorded" } });
  });
});
