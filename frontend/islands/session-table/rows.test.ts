import { describe, expect, it } from "vitest";
import { addCells, showCell, showSum, trimUnit } from "./cell-words";
import { arrange, matchesGlob } from "./rows";
import { step } from "./selection";
import { decodeText, readTabs, writeTabs } from "./tab-text";
import { makeCell, makeRow, makeSum } from "./testing";

const mrad = { title: "Convergence", unit: "mrad" };

describe("groups", () => {
  const rows = [makeRow("a", { kind: "annular", folder: "x" }), makeRow("b", { kind: "eels", folder: "x" }), makeRow("c", { kind: "annular" })];
  const arrangement = { grouping: "kind" as const, folded: new Set<string>(), isIncompleteOnly: false, techniqueTitles: new Map([["eels", "EELS"]]) };

  it("stand below all, each with its measurements", () => {
    expect(arrange(rows, arrangement).map((line) => line.key)).toEqual(["all", "group:annular", "a", "c", "group:eels", "b"]);
    const byFolder = arrange(rows, { ...arrangement, grouping: "folder" });
    expect(byFolder.map((line) => (line.kind === "group" ? line.title : line.key))).toEqual(["all", "x", "a", "b", "Not in a folder", "c"]);
  });

  it("fold, and leave out what is complete", () => {
    expect(arrange(rows, { ...arrangement, folded: new Set(["group:annular"]) }).map((line) => line.key)).toEqual(["all", "group:annular", "group:eels", "b"]);
    const open = makeRow("d", { kind: "eels", cells: { dwell_time: makeCell("needed") } });
    const left = arrange([...rows, open], { ...arrangement, isIncompleteOnly: true });
    expect(left.map((line) => line.key)).toEqual(["all", "group:eels", "d"]);
    expect(left[0]).toMatchObject({ count: 4 });
    const states = ["conflict", "not_understood", "empty", "not_recorded", "value"] as const;
    const each = states.map((state) => makeRow(state, { cells: { dwell_time: makeCell(state) } }));
    expect(arrange(each, { ...arrangement, isIncompleteOnly: true }).map((line) => line.key)).toEqual(["all", "group:", "conflict", "not_understood"]);
  });
});

describe("patterns of names", () => {
  it.each([
    ["day1/vac_haadf_01.dm4", "*_haadf_*", true],
    ["day1/vac_haadf_01.dm4", "vac_*.mib", false],
    ["day1/vac_haadf_01.dm4", "day1/*", true],
    ["day1/deep/a.dm4", "day1/*", false],
    ["day1/deep/a.dm4", "day1/**", true],
    ["day1/deep/a.dm4", "**/a.dm4", true],
    ["a.dm4", "**/a.dm4", true],
    ["scan_1.mib", "scan_?.mib", true],
    ["scan_10.mib", "scan_?.mib", false],
    ["Survey (1).dm4", "survey (1)*", true],
    ["day1/x.dm4", "DAY1", true],
    ["a+b.dm4", "a+*", true],
    ["anything", "  ", false],
  ])("%s is meant by %s: %s", (path, glob, isMeant) => expect(matchesGlob(path, glob)).toBe(isMeant));
});

describe("what a cell says", () => {
  it("leaves off the unit of its column, and prints others", () => {
    expect(trimUnit("21.4 mrad", "mrad")).toBe("21.4");
    expect(trimUnit("12 us", "ms")).toBe("12 µs");
    expect(trimUnit("MoS2 um", null)).toBe("MoS2 um".replace(" um", " µm"));
    expect(trimUnit("two flakes", null)).toBe("two flakes");
    expect(trimUnit("untilted", "deg")).toBe("untilted");
  });

  it("says where it comes from, and marks what stands over an answer for many", () => {
    expect(showCell(makeCell("value", "21.4 mrad", { level: "header", source: "header" }), mrad)).toMatchObject({ tone: "read", text: "21.4", mark: "header" });
    expect(showCell(makeCell("value", "21 mrad", { level: "all", source: "depositor" }), mrad)).toMatchObject({ tone: "inherited", mark: "", isOverride: false });
    const own = showCell(makeCell("value", "22 mrad", { level: "measurement", below: [{ level: "all", text: "21 mrad" }] }), mrad);
    expect(own).toMatchObject({ tone: "own", isOverride: true, label: "22 mrad, this file, differs from 21 mrad, all" });
    expect(showCell(makeCell("value", "30 mrad", { source: "instrument" }), mrad)).toMatchObject({ mark: "instrument" });
  });

  it("reads words of a vocabulary by their titles", () => {
    const head = { title: "Level", unit: null, choices: [{ value: "raw", title: "As the detector gave it (raw)" }, { value: "eels", title: "EELS: losses" }] };
    expect(showCell(makeCell("value", "raw", { level: "header" }), head)).toMatchObject({ text: "As the detector gave it", label: "As the detector gave it, header" });
    expect(showSum(makeSum({ different: 1, texts: ["raw, eels"] }), undefined, head).text).toBe("As the detector gave it, EELS");
    expect(showCell(makeCell("value", "something else", { level: "all" }), head).text).toBe("something else");
  });

  it("shows both values where two are said, and never one for the other", () => {
    const two = showCell(makeCell("conflict", "80 kV", { level: "header", below: [{ level: "all", text: "200 kV" }] }), { title: "Voltage", unit: "kV" });
    expect(two).toMatchObject({ tone: "two", text: "80", other: "200 all", label: "two values: 80 kV, header, and 200 all" });
  });

  it.each([
    [undefined, "absent", "does not apply"],
    [makeCell("needed"), "needed", "needed"],
    [makeCell("empty"), "empty", "empty, not needed"],
    [makeCell("not_recorded", "not recorded", { level: "measurement" }), "gap", "not recorded, this file"],
    [makeCell("not_understood", "21.4 nm", { problem: "An angle is asked." }), "wrong", "21.4 nm, not right: An angle is asked."],
  ] as const)("has a word for every state (%#)", (cell, tone, label) => expect(showCell(cell, mrad)).toMatchObject({ tone, label }));
});

describe("what a group comes to", () => {
  it("is a count, a range or a list, never one file's value", () => {
    expect(showSum(makeSum({ count: 8, needed: 5, different: 1, texts: ["21 mrad"] }), undefined, mrad).text).toBe("5 needed");
    expect(showSum(makeSum({ count: 3, different: 3, texts: ["20 mrad", "21 mrad", "22 mrad"], lowest: 20, highest: 22 }), undefined, mrad).text).toBe("20 to 22");
    expect(showSum(makeSum({ count: 2, different: 2, texts: ["A", "B"] }), undefined, mrad)).toMatchObject({ text: "2 values", label: "2 values: A; B" });
    expect(showSum(makeSum({ count: 2, different: 1, texts: ["21 mrad"] }), undefined, mrad)).toMatchObject({ tone: "sum", text: "21" });
    expect(showSum(makeSum({ count: 2, conflicts: 1, different: 1 }), undefined, mrad).text).toBe("1 has two");
    expect(showSum(makeSum({ count: 0 }), undefined, mrad).tone).toBe("absent");
  });

  it("names an answer that was given there, and what it does not reach", () => {
    const answer = { field: "voltage", text: "200 kV", tag: "x" };
    expect(showSum(makeSum({ count: 8, conflicts: 2, own: 1 }), answer, { unit: "kV" })).toMatchObject({ tone: "own", text: "200", other: "3 differ" });
  });

  it("is added up from the cells where the server does not", () => {
    const cells = [makeCell("value", "1 s", { number: 1, level: "measurement" }), makeCell("value", "3 s", { number: 3 }), makeCell("needed"), undefined];
    expect(addCells(cells)).toMatchObject({ count: 3, needed: 1, different: 2, lowest: 1, highest: 3, own: 1, texts: ["1 s", "3 s"] });
  });
});

describe("the way of the keys", () => {
  const lines = arrange([makeRow("a"), makeRow("b"), makeRow("c")], { grouping: "kind", folded: new Set(), isIncompleteOnly: false, techniqueTitles: new Map() });
  const frame = { lines, columns: 4, page: 2, isFar: false };
  const go = (line: string, column: number, key: string, isFar = false) => step({ line, column }, key, { ...frame, isFar });

  it.each([
    ["ArrowDown", "a", 1, "b", 1],
    ["ArrowUp", "a", 1, "group:", 1],
    ["ArrowLeft", "a", 0, "a", 0],
    ["ArrowRight", "a", 3, "a", 3],
    ["Home", "b", 2, "b", 0],
    ["End", "b", 2, "b", 3],
    ["PageDown", "all", 2, "a", 2],
    ["PageUp", "b", 2, "group:", 2],
    ["ArrowDown", "c", 1, "c", 1],
  ])("%s leads from %s %i to %s %i", (key, line, column, toLine, toColumn) => expect(go(line, column, key)).toEqual({ line: toLine, column: toColumn }));

  it("goes to the edge with Ctrl, and nowhere with other keys", () => {
    expect(go("b", 2, "ArrowUp", true)).toEqual({ line: "all", column: 2 });
    expect(go("b", 2, "End", true)).toEqual({ line: "c", column: 3 });
    expect(go("b", 2, "x")).toBeNull();
  });
});

describe("cells as spreadsheets copy them", () => {
  it.each([
    ["1\t2\n3\t4", [["1", "2"], ["3", "4"]]],
    ["1\r\n2\r\n", [["1"], ["2"]]],
    ['"a\tb"\t"say ""yes"""\n"two\nlines"\t', [["a\tb", 'say "yes"'], ["two\nlines", ""]]],
    ["x", [["x"]]],
  ])("%j are read", (text, cells) => {
    expect(readTabs(text)).toEqual(cells);
    expect(readTabs(writeTabs(cells))).toEqual(cells);
  });
});

describe("a file of a spreadsheet", () => {
  const text = "file;dwell [µs] 1°\n";

  it("is read in UTF-8, in UTF-16 of both orders and in the code page of Windows", () => {
    const units = [0xfeff, ...Array.from(text, (sign) => sign.charCodeAt(0))];
    const wide = (isLittle: boolean): Uint8Array => {
      const view = new DataView(new ArrayBuffer(units.length * 2));
      units.forEach((unit, at) => view.setUint16(at * 2, unit, isLittle));
      return new Uint8Array(view.buffer);
    };
    const narrow = Uint8Array.from(text, (sign) => sign.charCodeAt(0));
    for (const bytes of [new TextEncoder().encode(text), new TextEncoder().encode(`\ufeff${text}`), wide(true), wide(false), narrow]) {
      expect(decodeText(bytes)).toBe(text);
    }
  });

  it("is told from what is no text", () => {
    expect(decodeText(Uint8Array.from([0x50, 0x4b, 3, 4, 0x14, 0, 6, 0]))).toBeNull();
  });
});
