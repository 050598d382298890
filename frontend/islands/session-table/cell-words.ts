/** What a cell says, in words and marks that need no color. It shows what this very file has, and nothing else. */
import type { CellSum, LevelAnswer, TableCell, TableColumn } from "../api/shapes";
import { formatNumber, unitSymbol } from "../format/quantity";
import unitSymbols from "../generated/unit-symbols.json";

export type Tone = "absent" | "needed" | "empty" | "read" | "inherited" | "own" | "gap" | "two" | "wrong" | "sum" | "open";

export interface Shown {
  tone: Tone;
  /** Below the value, small: where it comes from, if that is not a person. */
  mark: string;
  text: string;
  /** Of a cell with two values: the other one, with its level. */
  other: string;
  /** Whether the file's own answer stands over one for many. */
  isOverride: boolean;
  /** For who does not see the cell. */
  label: string;
}

const levelWords: Record<string, string> = {
  measurement: "this file",
  pattern: "name pattern",
  header: "header",
  kind: "its kind",
  all: "all",
  instrument: "instrument record",
};

const sourceWords: Record<string, string> = { instrument: "instrument", calibration: "calibration", derived: "worked out", assumed: "assumed" };

export function sayLevel(level: string | undefined): string {
  return level === undefined ? "" : (levelWords[level] ?? level);
}

/** Where a value comes from, in words. */
export function saySource(cell: TableCell): string {
  const source = cell.source !== undefined ? sourceWords[cell.source] : undefined;
  if (source !== undefined && (cell.level === undefined || cell.level === "header")) {
    return source;
  }
  return cell.level === "header" ? "header" : sayLevel(cell.level);
}

/** An answer without the unit that stands in the head of its column, and with other units as they are printed. */
export function trimUnit(text: string, unit: string | null): string {
  const [, amount, code] = /^(.*\S)\s+(\S+)$/.exec(text) ?? [];
  if (amount === undefined || code === undefined) {
    return text;
  }
  if (code === unit) {
    return amount;
  }
  return code in unitSymbols.symbols && /\d/.test(amount) ? `${amount} ${unitSymbol(code)}` : text;
}

/** What a cell needs to know of its column. */
type Head = Pick<TableColumn, "title" | "unit"> & { choices?: TableColumn["choices"] };

/** An answer as people read it: a word of a vocabulary by its title, a quantity without the unit of the column. */
function readable(text: string, { unit, choices = [] }: Omit<Head, "title">): string {
  const titles = new Map(choices.map(({ value, title }) => [value, shortTitle(title)]));
  const words = text.split(", ");
  return titles.size > 0 && words.every((word) => titles.has(word)) ? words.map((word) => titles.get(word) ?? word).join(", ") : trimUnit(text, unit);
}

/** The words before the explanation: "4D-STEM: a diffraction pattern at each position" is called 4D-STEM. */
export function shortTitle(title: string): string {
  return title.split(/:| \(/, 1)[0] ?? title;
}

function show(tone: Tone, text: string, label: string, more: Partial<Shown> = {}): Shown {
  return { tone, text, label, mark: "", other: "", isOverride: false, ...more };
}

export function showCell(cell: TableCell | undefined, column: Head): Shown {
  if (!cell) {
    return show("absent", "", "does not apply");
  }
  const text = readable(cell.text ?? "", column);
  const below = cell.below ?? [];
  const isOwn = cell.level === "measurement" || cell.level === "pattern";
  const isOverride = isOwn && below.some((said) => said.text !== cell.text);
  const spoken = readable(cell.text ?? "", { ...column, unit: null });
  switch (cell.state) {
    case "needed":
      return show("needed", "needed", "needed");
    case "empty":
      return show("empty", "", "empty, not needed");
    case "not_recorded":
      return show("gap", cell.text ?? "not recorded", `${cell.text ?? "not recorded"}, ${saySource(cell)}`, { isOverride });
    case "not_understood":
      return show("wrong", text === "" ? "not right" : text, `${spoken}, not right: ${cell.problem ?? ""}`);
    case "conflict": {
      const [other] = below;
      const rival = other ? `${trimUnit(other.text, column.unit)} ${sayLevel(other.level)}` : "";
      return show("two", text, `two values: ${spoken}, ${saySource(cell)}, and ${rival}`, { mark: shortMark(cell), other: rival });
    }
    default: {
      const tone = isOwn ? "own" : cell.level === "header" ? "read" : "inherited";
      const differs = isOverride ? `, differs from ${below.map((said) => `${said.text}, ${sayLevel(said.level)}`).join("; ")}` : "";
      return show(tone, text, `${spoken}, ${saySource(cell)}${differs}`, { mark: shortMark(cell), isOverride });
    }
  }
}

function shortMark(cell: TableCell): string {
  const source = saySource(cell);
  return source === "header" || source === "name pattern" || Object.values(sourceWords).includes(source) ? source : "";
}

/** What a field comes to in several measurements: how many values there are, never one of them for all. */
export function showSum(sum: CellSum | undefined, answer: LevelAnswer | undefined, column: Omit<Head, "title">): Shown {
  if (!sum || sum.count === 0) {
    return show("absent", "", "does not apply");
  }
  const others = sum.conflicts + sum.own;
  if (answer) {
    const text = readable(answer.text, column);
    const wait = sum.needed > 0 ? `${sum.needed} needed` : others > 0 ? `${others} differ` : "";
    return show("own", text, `${answer.text}, answered here${wait ? `, ${wait}` : ""}`, { other: wait });
  }
  if (sum.needed + sum.not_understood > 0) {
    const words = [sum.needed > 0 ? `${sum.needed} needed` : "", sum.not_understood > 0 ? `${sum.not_understood} not right` : ""];
    const text = words.filter(Boolean).join(", ");
    return show("open", text, text);
  }
  if (sum.conflicts > 0) {
    const text = sum.conflicts === 1 ? "1 has two" : `${sum.conflicts} have two`;
    return show("sum", text, `${text} values`);
  }
  return showValues(sum, column);
}

function showValues(sum: CellSum, column: Omit<Head, "title">): Shown {
  if (sum.different === 0) {
    return show("empty", "", "empty, not needed");
  }
  if (sum.different === 1) {
    const [text = ""] = sum.texts;
    return show("sum", readable(text, column), `${readable(text, { ...column, unit: null })} in all that have it`);
  }
  const isRange = sum.lowest !== null && sum.highest !== null && sum.lowest !== sum.highest;
  if (isRange && sum.lowest !== null && sum.highest !== null) {
    const range = `${formatNumber(sum.lowest)} to ${formatNumber(sum.highest)}`;
    return show("sum", range, `${sum.different} values, ${range} ${column.unit === null ? "" : unitSymbol(column.unit)}`);
  }
  return show("sum", `${sum.different} values`, `${sum.different} values: ${sum.texts.join("; ")}`);
}

/** What the cells of a group come to, where the group is none that the server adds up. */
export function addCells(cells: readonly (TableCell | undefined)[]): CellSum {
  const there = cells.filter((cell) => cell !== undefined);
  const said = there.filter((cell) => cell.state !== "needed" && cell.state !== "empty");
  const count = (state: TableCell["state"]): number => there.filter((cell) => cell.state === state).length;
  const texts = [...new Set(said.map((cell) => cell.text ?? ""))];
  const numbers = said.map((cell) => cell.number).filter((number) => number !== undefined);
  return {
    count: there.length,
    needed: count("needed"),
    empty: count("empty"),
    not_recorded: count("not_recorded"),
    conflicts: count("conflict"),
    not_understood: count("not_understood"),
    different: texts.length,
    texts: texts.slice(0, 6),
    lowest: numbers.length > 0 ? numbers.reduce((one, other) => Math.min(one, other)) : null,
    highest: numbers.length > 0 ? numbers.reduce((one, other) => Math.max(one, other)) : null,
    own: there.filter((cell) => cell.level === "measurement" || cell.level === "pattern").length,
  };
}
