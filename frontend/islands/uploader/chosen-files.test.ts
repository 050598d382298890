import { describe, expect, it } from "vitest";
import { type ChosenFile, listInputFiles, sortChosen } from "./chosen-files";

const chosen = (...paths: string[]): ChosenFile[] => paths.map((path) => ({ file: new File(["x"], "x"), path }));

describe("sortChosen", () => {
  it("sends what may be sent and says of every other file why not", () => {
    const sorted = sortChosen(chosen("scan.dm4", "12:30.dm4", "CON", ".DS_Store", "d/Thumbs.db"), []);
    expect(sorted.accepted.map(({ path }) => path)).toEqual(["scan.dm4"]);
    expect(sorted.leftOut).toEqual([".DS_Store", "d/Thumbs.db"]);
    expect(sorted.refused.map(({ path }) => path)).toEqual(["12:30.dm4", "CON"]);
    expect(sorted.refused[0]?.problem).toMatch(/12_30\.dm4/);
  });

  it("refuses a file where another needs a folder, also one that is stored", () => {
    expect(sortChosen(chosen("x/y", "x"), []).refused.map(({ path }) => path)).toEqual(["x"]);
    expect(sortChosen(chosen("x/y"), ["x"]).refused[0]?.problem).toMatch(/x.*folder/);
  });

  it("tells two forms of one name apart, and takes the composed one", () => {
    const sorted = sortChosen(chosen("U\u0308.dm4", "\u00dc.dm4"), []);
    expect(sorted.accepted.map(({ path }) => path)).toEqual(["\u00dc.dm4"]);
    expect(sorted.refused.map(({ path }) => path)).toEqual(["\u00dc.dm4"]);
  });
});

describe("listInputFiles", () => {
  it("names files of a folder by their way through it", () => {
    const file = new File(["x"], "a.dm4");
    expect(listInputFiles([file])).toEqual([{ file, path: "a.dm4" }]);
  });
});
