// @vitest-environment happy-dom
/** The form of a search: what of it goes into the address, and what new results leave as it was. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { dropEmptyFields, keepPlace } from "./search-filters";
import { find, show } from "./testing/page";

afterEach(() => {
  vi.unstubAllGlobals();
});

it("keeps the search address short: no empty fields, no unit without a number", () => {
  const entries: [string, string][] = [
    ["q", ""],
    ["voltage_min", "80"],
    ["voltage_max", ""],
    ["voltage_unit", "kV"],
    ["dose_max", "5"],
    ["dose_unit", "1/Å²"],
    ["step_min", ""],
    ["step_unit", "nm"],
    ["technique", "eels"],
    ["technique", "eds"],
  ];
  const kept = ["voltage_min", "voltage_unit", "dose_max", "dose_unit", "technique", "technique"];
  expect(dropEmptyFields(entries).map(([name]) => name)).toEqual(kept);
  expect(dropEmptyFields(entries)).toEqual(entries.filter(([name, value]) => value !== "" && name !== "step_unit"));
});

const list = (id: string, opened: string, inside = "") => `<details id="${id}" ${opened}><summary>${id}</summary>${inside}</details>`;
const focused = () => document.activeElement;

describe("new results", () => {
  let page: HTMLElement;

  beforeEach(() => {
    show("<main></main>");
    page = find(document, "main");
  });

  it("leave open what was opened and closed what was closed; what is new is as it comes", () => {
    page.innerHTML = list("a", "open") + list("b", "");
    const putBack = keepPlace(page);
    page.innerHTML = list("a", "") + list("b", "open") + list("c", "open") + list("d", "");
    putBack();
    expect(Array.from(document.querySelectorAll("details"), ({ id, open }) => [id, open])).toEqual([
      ["a", true], ["b", false], ["c", true], ["d", false],
    ]);
  });

  it.each([
    ["the same field", `<input id="x" name="n">`, `<input id="y" name="n"><input id="x" name="n">`, "#x"],
    ["the field of the same name", `<input name="n">`, `<input name="m"><input name="n">`, "[name=n]"],
    ["its list, where the field is gone", `<input id="x" name="n">`, `<input id="y" name="n">`, "#a > summary"],
    ["its list, where the named field is gone", `<input name="n">`, `<input name="m">`, "#a > summary"],
  ])("leave the keyboard at %s", (_what, before, after, where) => {
    page.innerHTML = list("a", "open", before);
    find<HTMLElement>(document, "input").focus();
    const putBack = keepPlace(page);
    page.innerHTML = list("b", "open") + list("a", "open", after);
    putBack();
    expect(focused()).toBe(find(document, where));
  });

  it("take the keyboard from nobody, and give it to nothing that was not there", () => {
    page.innerHTML = `${list("a", "open", `<input id="x">`)}<input id="q">`;
    const idle = keepPlace(page);
    page.innerHTML = list("a", "open", `<input id="x">`);
    idle();
    expect(focused()).toBe(document.body);
    find<HTMLElement>(document, "#x").focus();
    const putBack = keepPlace(page);
    page.innerHTML = `${list("a", "open", `<input id="x">`)}<input id="q">`;
    find<HTMLElement>(document, "#q").focus();
    putBack();
    expect(focused()).toBe(find(document, "#q"));
  });
});

describe("the form", () => {
  function open(isNarrow: boolean): HTMLElement {
    vi.stubGlobal("matchMedia", (query: string) => ({ matches: isNarrow && query.includes("max-width") }));
    show(`<stemma-search-filters><details class="filter-panel" open></details><form><input name="q"></form></stemma-search-filters>`);
    return find(document, "stemma-search-filters");
  }

  it.each([true, false])("is folded on a phone alone: %s", (isNarrow) => {
    expect(find<HTMLDetailsElement>(open(isNarrow), "details").open).toBe(!isNarrow);
  });

  it("puts the keyboard back after what htmx swaps", () => {
    const page = open(false);
    find<HTMLElement>(page, "input").focus();
    page.dispatchEvent(new Event("htmx:before:swap"));
    find(page, "form").innerHTML = `<input name="q">`;
    page.dispatchEvent(new Event("htmx:after:swap"));
    expect(focused()).toBe(find(page, "input"));
  });

  it("sends what is said, and nothing empty", () => {
    const page = open(false);
    const said = new FormData();
    for (const [name, value] of [["q", ""], ["kind", "a"], ["kind", "b"], ["step_unit", "nm"], ["step_min", "1"], ["x_unit", "nm"]] as const) {
      said.append(name, value);
    }
    class Said extends Event {
      formData = said;
    }
    vi.stubGlobal("FormDataEvent", Said);
    page.dispatchEvent(new Said("formdata"));
    expect([...said].map(([name, value]) => `${name}=${value as string}`)).toEqual(["kind=a", "kind=b", "step_unit=nm", "step_min=1"]);
  });
});
