// @vitest-environment happy-dom
import { describe, expect, it } from "vitest";
import { click, find, say, show } from "../testing/page";
import { MetadataField } from "./field";

function field(kind: string, inside: string): MetadataField {
  show(`<div class="field" data-kind="${kind}" data-field="title"><p class="label"> Name </p>${inside}</div>`);
  return new MetadataField(find(document, ".field"));
}

const row = (name: string, orcid: string) => `
  <div data-part="row">
    <label data-key="name"><input data-part="value" value="${name}"></label>
    <label data-key="orcid"><input data-part="value" value="${orcid}"></label>
  </div>`;
const rows = (...inside: string[]) => `<div data-part="rows">${inside.join("")}</div><button data-part="add-row">More</button>`;

describe("a field", () => {
  it("knows its name, and whether anything in it was changed", () => {
    const one = field("text", `<input data-part="value" value="Old">`);
    expect([one.label, one.path, one.isChanged, one.read()]).toEqual(["Name", ["dataset", "title"], false, "Old"]);
    say(document, "[data-part=value]", " New ");
    expect([one.isChanged, one.read()]).toEqual([true, "New"]);
    say(document, "[data-part=value]", "Old");
    expect(one.isChanged).toBe(false);
  });

  it("reads texts one per line, and says nothing where nothing stands", () => {
    expect(field("texts", `<textarea data-part="value">ptychography\n\n MoS2 </textarea>`).read()).toEqual(["ptychography", "MoS2"]);
    expect(field("texts", `<textarea data-part="value"> \n</textarea>`).read()).toBeUndefined();
    expect(field("text", `<input data-part="value" value=" ">`).read()).toBeUndefined();
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
    expect(one.read()).toEqual([{ name: "Doe, Jane", orcid: "2" }, { name: "Roe" }]);
    expect(field("objects", rows(row("", ""))).read()).toBeUndefined();
  });

  it("gets empty rows to fill, as many as one asks for", () => {
    const one = field("objects", rows(row("Doe", ""), row("", "")));
    say(document, "[data-part=row]:last-child [data-key=name] input", "Roe");
    click(document, "[data-part=add-row]");
    click(document, "[data-part=add-row]");
    expect(document.querySelectorAll("[data-part=row]")).toHaveLength(4);
    expect(document.activeElement).toBe(find(document, "[data-part=row]:last-child input"));
    say(document, "[data-part=row]:last-child [data-key=name] input", "Poe");
    expect(one.read()).toEqual([{ name: "Doe" }, { name: "Roe" }, { name: "Poe" }]);
    expect(one.isChanged).toBe(true);
  });
});
