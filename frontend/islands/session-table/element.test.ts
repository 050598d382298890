// @vitest-environment happy-dom
/** The table as a person meets it: what is sent for an answer, and what each cell says became of it. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { AnswerResult, Table } from "../api/shapes";
import { eventually, find, show } from "../testing/page";
import { cellOf, choose, makeCell, makeChange, makeColumn, makeRow, makeSum, makeTable, press } from "./testing";
import "./element";

const techniques = [{ value: "annular", title: "Annular detector images (BF, HAADF)" }, { value: "eels", title: "Electron energy-loss: EELS" }];

interface Sent {
  method: string;
  address: string;
  body: { changes?: Record<string, unknown>[]; dry_run?: boolean } & Record<string, unknown>;
}

let sent: Sent[];
let table: Table;
let answers: unknown[];

/** Two images and a spectrum; the first image has a value of its own over one for all. */
function build(): Table {
  const current = makeColumn("probe_current", { title: "Beam current", unit: "pA", sums: makeSum({ count: 3, needed: 2 }) });
  const energy = makeColumn("dispersion", { title: "Dispersion", is_of_one_file: true, sums: makeSum({ needed: 1 }) });
  const cells = { technique: makeCell("value", "annular", { level: "measurement" }), probe_current: makeCell("needed") };
  const own = makeCell("value", "31 pA", { level: "measurement", below: [{ level: "all", text: "30 pA" }] });
  return makeTable(
    [current, energy],
    [
      makeRow("a", { kind: "annular", technique: ["annular"], cells: { ...cells, probe_current: own }, tags: { probe_current: "t1" } }),
      makeRow("b", { kind: "annular", technique: ["annular"], cells }),
      makeRow("c", { kind: "eels", technique: ["eels"], cells: { ...cells, dispersion: makeCell("needed") } }),
    ],
  );
}

beforeEach(() => {
  sessionStorage.clear();
  [sent, answers, table] = [[], [], build()];
  vi.stubGlobal("fetch", (address: string, init: RequestInit = {}) => {
    const method = init.method ?? "GET";
    if (method === "GET") {
      return Promise.resolve(new Response(JSON.stringify(table), { status: 200 }));
    }
    sent.push({ method, address, body: typeof init.body === "string" ? (JSON.parse(init.body) as Sent["body"]) : {} });
    const answer = answers.shift() ?? makeChange([]);
    return Promise.resolve(answer).then((told) => {
      if (told instanceof Error) {
        throw told;
      }
      return new Response(JSON.stringify(told), { status: 200 });
    });
  });
});

afterEach(() => {
  document.body.replaceChildren();
  vi.unstubAllGlobals();
});

async function open(attributes = "data-may-answer"): Promise<HTMLElement> {
  show(`<stemma-session-table data-address="/api/v1/deposits/x/table/" ${attributes}><script type="application/json">${JSON.stringify(techniques)}</script></stemma-session-table>`);
  const element = find<HTMLElement>(document, "stemma-session-table");
  await eventually(() => expect(element.querySelectorAll(".st-row").length).toBeGreaterThan(3));
  return element;
}

/** Type an answer into a cell and leave it downwards. */
function type(element: HTMLElement, line: string, column: number, text: string): void {
  choose(element, line, column);
  press(cellOf(element, line, column), "F2");
  const input = find<HTMLInputElement>(element, ".st-editor input");
  input.value = text;
  press(input, "Enter");
}

function result(more: Partial<AnswerResult>): AnswerResult {
  return { field: "probe_current", level: "measurement", key: "b", result: "saved", text: "30 pA", ...more };
}

const written = (): Sent[] => sent.filter(({ body }) => body.dry_run !== true);

describe("what it shows", () => {
  it("is a grid with the rows and columns that there are, one cell of which is in the order of Tab", async () => {
    const element = await open();
    const grid = find(element, "[role=grid]");
    expect([grid.getAttribute("aria-rowcount"), grid.getAttribute("aria-colcount")]).toEqual(["7", "4"]);
    expect(element.querySelectorAll(".st-grid [tabindex='0']")).toHaveLength(1);
    expect(find(element, `[data-line="a"]`).getAttribute("aria-rowindex")).toBe("4");
    choose(element, "b", 2);
    expect(element.querySelectorAll(".st-grid [tabindex='0']")).toHaveLength(1);
    expect(document.activeElement).toBe(cellOf(element, "b", 2));
  });

  it("says of each cell what this file has, and marks what differs or does not apply", async () => {
    const element = await open();
    expect(cellOf(element, "a", 2).getAttribute("aria-label")).toBe("Beam current: 31 pA, this file, differs from 30 pA, all");
    expect(cellOf(element, "a", 2).classList.contains("is-override")).toBe(true);
    expect(cellOf(element, "b", 2).textContent).toBe("needed");
    expect(cellOf(element, "b", 3).getAttribute("aria-label")).toBe("Dispersion: does not apply");
    expect(cellOf(element, "all", 2).textContent).toBe("2 needed");
  });

  it("calls no measurement complete on a phone that was never read", async () => {
    vi.stubGlobal("matchMedia", () => ({ matches: true, addEventListener: () => undefined }));
    table.rows.push(makeRow("bad", { state: "failed", problem: "It is cut short." }));
    show(`<stemma-session-table data-address="/api/v1/deposits/x/table/" data-may-answer><script type="application/json">${JSON.stringify(techniques)}</script></stemma-session-table>`);
    await eventually(() => expect(document.body.textContent).toContain("It is cut short."));
    const said = Array.from(document.querySelectorAll("summary"), (one) => one.textContent).find((words) => words.includes("bad.dm4"));
    expect(said).toBe("bad.dm4It is cut short.not read");
  });

  it("shows what is open; what is complete comes on request, and a folded group takes the columns that are its own", async () => {
    table.columns.push(makeColumn("instrument.name", { title: "Instrument", sums: makeSum({ count: 3, different: 2, texts: ["A", "B"] }) }));
    table.rows.forEach((row) => (row.cells["instrument.name"] = makeCell("value", "A")));
    const element = await open();
    const heads = (): string[] => Array.from(element.querySelectorAll(".st-heads b"), (one) => one.textContent);
    expect(heads()).toEqual(["Measurement", "Technique", "Beam current", "Dispersion"]);
    const button = Array.from(element.querySelectorAll("button")).find((one) => one.textContent === "Show 1 complete");
    button?.click();
    await eventually(() => expect(heads()).toEqual(["Measurement", "Technique", "Beam current", "Dispersion", "Instrument"]));
    expect(button?.textContent).toBe("Hide complete");
    button?.click();
    choose(element, "c", 3);
    choose(element, "group:eels", 0);
    press(cellOf(element, "group:eels", 0), "Enter");
    await eventually(() => expect(heads()).toEqual(["Measurement", "Technique", "Beam current"]));
    press(cellOf(element, "group:eels", 0), "Enter");
    await eventually(() => expect(heads()).toEqual(["Measurement", "Technique", "Beam current", "Dispersion"]));
  });

  it("keeps the chosen field where a fold takes a column before it", async () => {
    table.columns.reverse(); // Dispersion stands first
    const element = await open();
    choose(element, "a", 3);
    choose(element, "b", 3, { shiftKey: true });
    const fold = find<HTMLElement>(element, `[data-line="group:eels"] .st-fold`);
    fold.click();
    await eventually(() => expect(element.querySelectorAll(".st-heads b")).toHaveLength(3));
    expect([2, 3].map((column) => element.querySelector(`[data-line="b"] [data-column="${column}"]`)?.getAttribute("aria-selected"))).toEqual(["true", undefined]);
  });

  it("has the rows in the page in their order, also where they change groups", async () => {
    const element = await open();
    choose(element, "c", 2);
    table = { ...table, revision: 2, rows: table.rows.map((row) => (row.id === "a" ? { ...row, kind: "eels" } : row)).reverse() };
    document.dispatchEvent(new Event("stemma:sections"));
    const order = (): (string | undefined)[] => Array.from(element.querySelectorAll<HTMLElement>(".st-body .st-row"), (row) => row.dataset.line);
    await eventually(() => expect(order()).toEqual(["group:eels", "c", "a", "group:annular", "b"]));
    expect(document.activeElement).toBe(cellOf(element, "c", 2));
  });

  it("shows without answering to who may only look", async () => {
    const element = await open("");
    choose(element, "b", 2);
    press(cellOf(element, "b", 2), "F2");
    expect(element.querySelector(".st-editor")).toBeNull();
  });
});

describe("an answer in a cell", () => {
  it("writes that cell alone, on the condition that nobody was quicker, and goes on below", async () => {
    const element = await open();
    let arrive: (change: unknown) => void = () => undefined;
    answers = [new Promise((resolve) => (arrive = resolve))];
    type(element, "b", 2, "30");
    await eventually(() => expect(cellOf(element, "b", 2).textContent).toBe("30saving …"));
    arrive(makeChange([result({})]));
    await eventually(() => expect(find(element, ".st-status").textContent).toBe("Beam current: 1 answer saved."));
    expect(written()).toEqual([
      { method: "PATCH", address: "/api/v1/deposits/x/table/", body: { dry_run: false, changes: [{ field: "probe_current", act: "value", value: "30", unit: "pA", level: "measurement", keys: ["b"], expected: { b: "" } }] } },
    ]);
    expect(document.activeElement).toBe(cellOf(element, "c", 2));
  });

  it("is for all in the first row, for a kind in its own, and never for a field of one file", async () => {
    const element = await open();
    type(element, "all", 2, "30 pA");
    type(element, "group:annular", 2, "31 pA");
    await eventually(() => expect(written()).toHaveLength(2));
    expect(written().map(({ body }) => body.changes?.[0])).toMatchObject([{ level: "all", expected: { "": "" } }, { level: "kind", keys: ["annular"] }]);
    choose(element, "all", 3);
    press(cellOf(element, "all", 3), "F2");
    expect(element.querySelector(".st-editor")).toBeNull();
    expect(find(element, ".st-status").textContent).toContain("is each file’s own");
  });

  it("that is wrong stays in its cell with the reason, beside it and in the summary; the others are saved", async () => {
    const element = await open();
    answers = [makeChange([result({ result: "refused", code: "unit", message: "nm is a length.", hint: "Write 30 pA." })], null)];
    type(element, "b", 2, "12 nm");
    await eventually(() => expect(cellOf(element, "b", 2).textContent).toBe("12 nmnot saved"));
    expect(cellOf(element, "b", 2).hasAttribute("aria-invalid")).toBe(true);
    expect(find(element, ".st-refused").textContent).toContain("Beam current of b.dm4 “12 nm”: nm is a length. Write 30 pA.");
    expect("unsaved" in element.dataset).toBe(true);
    answers = [makeChange([result({})])];
    type(element, "b", 2, "12 pA");
    await eventually(() => expect(find<HTMLElement>(element, ".st-refused").hidden).toBe(true));
  });

  it("is explained once where several cells share the reason, and the next question is at hand", async () => {
    const element = await open();
    const refused = { result: "refused", code: "unit", message: "nm is a length." } as const;
    answers = [makeChange([result({ ...refused, key: "a" }), result({ ...refused, key: "b" })], null)];
    choose(element, "a", 2);
    choose(element, "b", 2, { shiftKey: true });
    const input = find<HTMLInputElement>(element, ".st-fill input");
    input.value = "12 nm";
    find<HTMLFormElement>(element, ".st-fill").requestSubmit();
    await eventually(() => expect(find(element, ".st-refused").textContent).toContain("2 answers are not saved."));
    expect(Array.from(element.querySelectorAll(".st-refused li"), (one) => one.textContent)).toEqual([
      "Beam current of a.dm4 and 1 more “12 nm”: nm is a length.",
    ]);
    const next = Array.from(element.querySelectorAll<HTMLElement>(".st-messages button")).find((one) => one.textContent === "Next: Dispersion 1");
    next?.click();
    await eventually(() => expect(document.activeElement?.closest("[data-line]")?.getAttribute("data-line")).toBe("c"));
  });

  it("stays where the server is away", async () => {
    const element = await open();
    answers = [new TypeError("network")];
    type(element, "b", 2, "30 pA");
    await eventually(() => expect(cellOf(element, "b", 2).textContent).toBe("30 pAnot saved"));
    expect(find(element, ".st-refused").textContent).toContain("cannot be reached");
  });

  it("that somebody overtook shows both, and is given again only when one says so", async () => {
    const element = await open();
    answers = [makeChange([result({ result: "refused", code: "changed_meanwhile", message: "It says 55 pA now." })], null), makeChange([result({})])];
    type(element, "b", 2, "44 pA");
    await eventually(() => expect(find(element, ".st-refused").textContent).toContain("55 pA"));
    Array.from(element.querySelectorAll("button")).find((button) => button.textContent === "Use mine: 44 pA")?.click();
    await eventually(() => expect(written()).toHaveLength(2));
    expect(written()[1]?.body.changes?.[0]).not.toHaveProperty("expected");
  });

  it("is left as it was with Escape, and taken away with Delete", async () => {
    const element = await open();
    choose(element, "a", 2);
    press(cellOf(element, "a", 2), "9");
    expect(find<HTMLInputElement>(element, ".st-editor input").value).toBe("9");
    press(find(element, ".st-editor input"), "Escape");
    expect([element.querySelector(".st-editor"), written()]).toEqual([null, []]);
    press(cellOf(element, "a", 2), "Delete");
    await eventually(() => expect(written()).toHaveLength(1));
    expect(written()[0]?.body.changes?.[0]).toMatchObject({ act: "clear", keys: ["a"], expected: { a: "t1" } });
  });
});

describe("a column that comes in between", () => {
  it("that is emptied is taken away; what was empty and stays so sends nothing", async () => {
    const element = await open();
    type(element, "b", 2, " ");
    type(element, "a", 2, "");
    await eventually(() => expect(written()).toHaveLength(1));
    expect(written()[0]?.body.changes).toMatchObject([{ field: "probe_current", keys: ["a"], act: "clear" }]);
  });

  it("takes neither the words of its neighbour nor the place of the cursor", async () => {
    const element = await open();
    choose(element, "b", 2);
    const [current, energy] = table.columns;
    const between = makeColumn("sample.name", { title: "Sample name" });
    table = { ...table, revision: 2, columns: [between, ...(current && energy ? [current, energy] : [])] };
    table.rows.forEach((row) => (row.cells["sample.name"] = makeCell("needed")));
    document.dispatchEvent(new Event("stemma:sections"));
    await eventually(() => expect(element.querySelectorAll("[role=columnheader]")).toHaveLength(5));
    await eventually(() => expect(cellOf(element, "b", 2).getAttribute("aria-label")).toBe("Sample name: needed"));
    expect(cellOf(element, "b", 3).getAttribute("aria-label")).toBe("Beam current: needed");
    expect(cellOf(element, "b", 3).classList.contains("is-active")).toBe(true);
  });
});

describe("many cells", () => {
  it("are filled at once, where the field applies, and seen before", async () => {
    const element = await open();
    choose(element, "a", 2);
    choose(element, "c", 2, { shiftKey: true });
    const input = find<HTMLInputElement>(element, ".st-fill input");
    input.value = "32 pA";
    input.dispatchEvent(new Event("input", { bubbles: true }));
    expect(cellOf(element, "b", 2).textContent).toBe("32 pA");
    expect(cellOf(element, "b", 2).classList.contains("is-ghost")).toBe(true);
    find<HTMLFormElement>(element, ".st-fill").dispatchEvent(new Event("submit", { cancelable: true }));
    await eventually(() => expect(written()).toHaveLength(1));
    const changes = written()[0]?.body.changes ?? [];
    expect(changes.find((change) => change.level === "measurement")).toMatchObject({ keys: ["a", "b", "c"], value: "32 pA" });
  });

  it("are filled down from the first", async () => {
    const element = await open();
    choose(element, "a", 2);
    choose(element, "b", 2, { shiftKey: true });
    press(cellOf(element, "b", 2), "d", { ctrlKey: true });
    await eventually(() => expect(written()).toHaveLength(1));
    expect(written()[0]?.body.changes).toMatchObject([{ field: "probe_current", value: "31 pA", keys: ["b"] }]);
  });

  it("are not filled down with what another field says of the first", async () => {
    table.rows.forEach((row) => (row.cells.probe_current = makeCell("value", "31 pA", { level: "measurement", via: "instrument" })));
    const element = await open();
    choose(element, "a", 2);
    choose(element, "b", 2, { shiftKey: true });
    press(cellOf(element, "b", 2), "d", { ctrlKey: true });
    await eventually(() => expect(element.textContent).not.toContain("Saving"));
    expect(written().flatMap(({ body }) => body.changes ?? [])).toEqual([]);
  });

  it("are chosen by name, and by what is empty in them", async () => {
    const element = await open();
    const name = find<HTMLInputElement>(element, "input[type=search]");
    name.value = "?.dm4";
    press(name, "Enter");
    expect(find(element, ".st-status").textContent).toBe("3 measurements selected.");
    find<HTMLButtonElement>(element, ".st-chip").click();
    expect(Array.from(element.querySelectorAll(".st-row input:checked"), (box) => box.getAttribute("aria-label"))).toEqual(["Select b.dm4", "Select Electron energy-loss", "Select c.dm4"]);
  });

  it("lead to the help of their question", async () => {
    const element = await open();
    choose(element, "b", 2);
    expect(find<HTMLAnchorElement>(element, ".st-question a").getAttribute("href")).toBe("/help/field/probe_current");
  });

  it("are declared as not recorded only where nothing stands", async () => {
    const element = await open();
    Array.from(element.querySelectorAll("button")).find((button) => button.textContent === "Not recorded for what is empty")?.click();
    await eventually(() => expect(written()).toHaveLength(1));
    expect(written()[0]?.body.changes).toEqual([
      { field: "probe_current", keys: ["b", "c"], act: "not_recorded", only_empty: true },
      { field: "dispersion", keys: ["c"], act: "not_recorded", only_empty: true },
    ]);
  });
});

describe("undo", () => {
  it("is the server's, by the change that was made here, and says what stays", async () => {
    const element = await open();
    answers = [makeChange([result({})], "c7"), makeChange([result({}), result({ key: "a", result: "refused", message: "Beam current of a.dm4 stays: bob answered 55 pA since." })], "c8")];
    type(element, "b", 2, "30 pA");
    await eventually(() => expect(find(element, ".st-status").textContent).toContain("saved"));
    press(cellOf(element, "b", 2), "z", { ctrlKey: true });
    await eventually(() => expect(find(element, ".st-status").textContent).toContain("bob answered 55 pA since"));
    expect(written()[1]).toMatchObject({ method: "POST", address: "/api/v1/deposits/x/table/changes/c7/undo/" });
    press(cellOf(element, "b", 2), "y", { ctrlKey: true });
    await eventually(() => expect(written()).toHaveLength(3));
    expect(written()[2]?.address).toBe("/api/v1/deposits/x/table/changes/c8/undo/");
  });

  it("says so where nothing was done", async () => {
    const element = await open();
    choose(element, "b", 2);
    press(cellOf(element, "b", 2), "z", { ctrlKey: true });
    await eventually(() => expect(find(element, ".st-status").textContent).toContain("Nothing to undo"));
  });
});

describe("what is it", () => {
  beforeEach(() => {
    const asked = { technique: makeCell("needed") };
    const sure = { techniques: ["annular"], sure: true, why: "HAADF in the header." };
    const unsure = { techniques: ["eels"], sure: false, why: "A line with energies." };
    table = makeTable([], [makeRow("a", { cells: asked, proposal: sure }), makeRow("b", { cells: asked, proposal: sure }), makeRow("c", { cells: asked, proposal: unsure }), makeRow("d", { cells: asked })]);
  });

  it("confirms all that are sure, never the unsure, and chooses nothing before", async () => {
    const element = await open();
    expect(cellOf(element, "a", 1).textContent).toBe("needed");
    expect(Array.from(element.querySelectorAll(".st-what-card b"), (title) => title.textContent)).toEqual(["Electron energy-loss", "Not recognized", "Annular detector images"]);
    Array.from(element.querySelectorAll("button")).find((button) => button.textContent === "Confirm the 2 that are sure")?.click();
    await eventually(() => expect(written()).toHaveLength(1));
    expect(written()[0]?.body.changes).toMatchObject([{ field: "technique", level: "measurement", keys: ["a", "b"], value: ["annular"] }]);
  });

  it("lets single files be something else", async () => {
    const element = await open();
    Array.from(element.querySelectorAll("button")).find((button) => button.textContent === "Change some …")?.click();
    const card = find<HTMLElement>(element, ".st-what-card:has(form)");
    find<HTMLInputElement>(card, ".st-picks input").checked = false;
    find<HTMLInputElement>(card, "input[value=annular]").checked = false;
    find<HTMLInputElement>(card, "input[value=eels]").checked = true;
    find(card, "form").dispatchEvent(new Event("submit", { cancelable: true }));
    await eventually(() => expect(written()).toHaveLength(1));
    expect(written()[0]?.body.changes).toMatchObject([{ keys: ["b"], value: ["eels"] }]);
  });
});

describe("thousands of rows", () => {
  it("come page by page, and only those in sight are drawn", async () => {
    const rows = Array.from({ length: 3000 }, (_, index) => makeRow(`m${index}`, { kind: "annular", cells: { probe_current: makeCell("needed") } }));
    table = makeTable([makeColumn("probe_current")], rows);
    const element = await open();
    expect(find(element, "[role=grid]").getAttribute("aria-rowcount")).toBe("3003");
    expect(element.querySelectorAll(".st-row").length).toBeLessThan(60);
    choose(element, "m0", 2);
    press(cellOf(element, "m0", 2), "End", { ctrlKey: true });
    expect(document.activeElement).toBe(cellOf(element, "m2999", 2));
    expect(find(element, `[data-line="m2999"]`).getAttribute("aria-rowindex")).toBe("3003");
  });
});
