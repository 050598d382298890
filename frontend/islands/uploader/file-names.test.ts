import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import {
  TakenNames,
  describeFault,
  findNameFault,
  isHidden,
  isLeftBehind,
  isUnfinished,
  suggestFree,
  suggestName,
} from "./file-names";

interface Vectors {
  refused: [string, string, string | null][];
  accepted: string[];
  clash: [string, string][];
  apart: [string, string][];
  droppings: string[];
  no_droppings: string[];
  unfinished: string[];
  finished: string[];
  left_behind: string[];
  not_left_behind: string[];
  hidden: string[];
  not_hidden: string[];
}

// The same file is run against the server and the command.
const vectors = JSON.parse(
  readFileSync(new URL("../../../tests/file_name_vectors.json", import.meta.url), "utf8"),
) as Vectors;

describe("the rule for names", () => {
  it("refuses what no deposit holds, for the reason and with the suggestion that the server gives", () => {
    const found = vectors.refused.map(([path]) => [path, findNameFault(path)?.rule, suggestName(path)]);
    expect(found).toEqual(vectors.refused.map(([path, rule, suggestion]) => [path, rule, suggestion ?? ""]));
    expect(vectors.refused.filter(([path]) => !findNameFault(path)?.says)).toEqual([]);
  });

  it("lets pass what microscopes and people write", () => {
    expect(vectors.accepted.filter((path) => findNameFault(path))).toEqual([]);
  });

  it("finds files that are folders too", () => {
    const clashOf = ([path, other]: [string, string]): string | null => new TakenNames([other]).findClash(path);
    expect(vectors.clash.map(clashOf)).toEqual(vectors.clash.map(([, other]) => other));
    expect(vectors.apart.map(clashOf)).toEqual(vectors.apart.map(() => null));
  });

  it("knows half downloads and what systems leave behind", () => {
    expect(vectors.unfinished.filter((path) => !isUnfinished(path))).toEqual([]);
    expect(vectors.finished.filter(isUnfinished)).toEqual([]);
    expect(vectors.left_behind.filter((path) => !isLeftBehind(path))).toEqual([]);
    expect(vectors.not_left_behind.filter(isLeftBehind)).toEqual([]);
    const isSent = (path: string): boolean => !isLeftBehind(path) && !isUnfinished(path);
    expect(vectors.droppings.filter(isSent)).toEqual([]);
    expect(vectors.no_droppings.filter(isSent)).toEqual(vectors.no_droppings);
  });

  it("knows what is hidden in a folder, and what an array needs of that", () => {
    expect(vectors.hidden.filter((path) => !isHidden(path))).toEqual([]);
    expect(vectors.not_hidden.filter(isHidden)).toEqual([]);
  });

  it("suggests no name that is taken, is a folder, or lies in a file", () => {
    const taken = new TakenNames(["trail_", "d/CON_/x", "a_.dm4", "a__2.dm4", "f_"]);
    expect(suggestFree("trail.", taken)).toBe("trail__2");
    expect(suggestFree("d/CON:", taken)).toBe("d/CON__2");
    expect(suggestFree("a?.dm4", taken)).toBe("a__3.dm4");
    expect(suggestFree("f:/x:", taken)).toBe("");
    expect(suggestFree("free.", taken)).toBe("free_");
  });

  it("says what to do", () => {
    const fault = findNameFault("12:30.dm4");
    expect(fault && describeFault(fault, "12_30.dm4")).toMatch(/not every system can hold.*12_30\.dm4/);
    const long = "x".repeat(300);
    const tooLong = findNameFault(long);
    expect(tooLong && describeFault(tooLong, suggestName(long))).toMatch(/255 bytes.*another name/);
  });
});
