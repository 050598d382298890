import { describe, expect, it } from "vitest";
import { type ChosenFile, describeLeftOut, joinFolders, listDroppedFiles, listInputFiles, sortChosen } from "./chosen-files";

const chosen = (...paths: string[]): ChosenFile[] => paths.map((path) => ({ file: new File(["x"], "x"), path }));

describe("sortChosen", () => {
  it("sends what may be sent and says of every other file why not", () => {
    const sorted = sortChosen(chosen("scan.dm4", "12:30.dm4", "CON", ".DS_Store", "d/Thumbs.db"), []);
    expect(sorted.accepted.map(({ path }) => path)).toEqual(["scan.dm4"]);
    expect(sorted.leftOut).toEqual([".DS_Store", "d/Thumbs.db"]);
    expect(sorted.refused.map(({ path }) => path)).toEqual(["12:30.dm4", "CON"]);
    expect(sorted.refused[0]?.problem).toMatch(/12_30\.dm4/);
  });

  it("suggests each refused file a name of its own, whatever the order", () => {
    const { refused, accepted } = sortChosen(chosen("trail.", "trail ", "CON", "_CON", "good"), ["trail__2"]);
    expect(accepted.map(({ path }) => path)).toEqual(["_CON", "good"]);
    expect(refused.map(({ suggestion }) => suggestion)).toEqual(["trail_", "trail__3", "_CON_2"]);
    expect(refused[1]?.problem).toMatch(/for example to trail__3,/);
    expect(refused[2]?.problem).toMatch(/is one that Windows keeps for a device/);
  });

  it("leaves out what is hidden in a folder, as the command does, and sends it where it is chosen itself", () => {
    const sorted = sortChosen(chosen("run/.hidden", "run/.cache/a.dm4", "run/z/.zarray", ".hidden"), []);
    expect(sorted.hidden).toEqual(["run/.hidden", "run/.cache/a.dm4"]);
    expect(sorted.accepted.map(({ path }) => path)).toEqual(["run/z/.zarray", ".hidden"]);
    expect(describeLeftOut(sorted)).toMatch(/^Left out.*hidden: run\/\.hidden, run\/\.cache\/a\.dm4\./);
  });

  it("does not send what is not whole yet, and names only some of many", () => {
    const parts = Array.from({ length: 12 }, (_, number) => `run/${number}.dm4.part`);
    const sorted = sortChosen(chosen("run/a.dm4", "run/a.lock", ...parts), []);
    expect(sorted.accepted.map(({ path }) => path)).toEqual(["run/a.dm4"]);
    expect([sorted.leftOut, sorted.unfinished]).toEqual([["run/a.lock"], parts]);
    expect(describeLeftOut(sorted)).toMatch(/leave them behind: run\/a\.lock\. .*not whole: run\/0\.dm4\.part.* and 2 more\. Wait/);
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

  it("does not take a backslash in a name for a folder, as browsers do", () => {
    expect(joinFolders("run/back/slash.txt", "back\\slash.txt")).toBe("run/back\\slash.txt");
    expect(joinFolders("run/a/b/c", "a\\b\\c")).toBe("run/a\\b\\c");
    expect(joinFolders("run/back/slash.txt", "slash.txt")).toBe("run/back/slash.txt");
    const file = new File(["x"], "back\\slash.txt");
    Object.defineProperty(file, "webkitRelativePath", { value: "run/back/slash.txt" });
    const { accepted, refused } = sortChosen(listInputFiles([file]), []);
    expect(accepted).toEqual([]);
    expect(refused[0]).toMatchObject({ path: "run/back\\slash.txt", problem: expect.stringMatching(/^Not sent: /) as string });
  });

  it("does not either where a folder is dropped", async () => {
    const file = new File(["x"], "back\\slash.txt");
    const entry = { isFile: true, fullPath: "/back/slash.txt", file: (take: (found: File) => void) => take(file) };
    const transfer = { items: [{ webkitGetAsEntry: () => entry }], files: [] } as unknown as DataTransfer;
    expect((await listDroppedFiles(transfer)).map(({ path }) => path)).toEqual(["back\\slash.txt"]);
  });
});

describe("what is dropped", () => {
  const dropped = (name: string, way: string) => ({
    isFile: true,
    fullPath: `/${way}${name}`,
    file: (take: (found: File) => void) => take(new File(["x"], name)),
  });
  const folder = (way: string, ...entries: object[]) => ({
    isFile: false,
    fullPath: `/${way}`,
    // As browsers do: a hundred at most, then what is left, then nothing.
    createReader: () => ({ readEntries: (take: (batch: object[]) => void) => take(entries.splice(0, 100)) }),
  });
  const transfer = (...entries: (object | null)[]) =>
    ({ items: entries.map((entry) => ({ webkitGetAsEntry: () => entry })), files: [new File(["x"], "plain.dm4")] }) as unknown as DataTransfer;
  const paths = async (given: DataTransfer) => (await listDroppedFiles(given)).map(({ path }) => path);

  it("is sent whole: folders in folders, however many files are in one, and the ways to them", async () => {
    const many = Array.from({ length: 250 }, (_, index) => dropped(`${index}.dm4`, "scan/many/"));
    const given = transfer(folder("scan", dropped("a.dm4", "scan/"), folder("scan/many", ...many), folder("scan/none")), dropped("b.dm4", ""));
    const expected = ["scan/a.dm4", ...many.map((_, index) => `scan/many/${index}.dm4`), "b.dm4"];
    expect(await paths(given)).toEqual(expected);
  });

  it("counts as chosen where a browser tells no entries", async () => {
    expect(await paths(transfer(null))).toEqual(["plain.dm4"]);
  });

  it("fails where a folder cannot be read, and is not sent by halves", async () => {
    const broken = {
      isFile: false,
      fullPath: "/scan",
      createReader: () => ({ readEntries: (_take: unknown, refuse: (fault: Error) => void) => refuse(new Error("gone")) }),
    };
    await expect(paths(transfer(dropped("a.dm4", ""), broken))).rejects.toThrow("gone");
  });
});
