/** The rows as they stand below each other: in groups, folded, filtered; nothing of the page. */
import type { TableRow } from "../api/shapes";

export type Grouping = "kind" | "folder" | "day" | "instrument";

export interface AllLine {
  kind: "all";
  key: "all";
  count: number;
}

export interface GroupLine {
  kind: "group";
  key: string;
  /** Its techniques joined by +, its folder, its day or its instrument. */
  value: string;
  title: string;
  ids: string[];
  isFolded: boolean;
}

export interface RowLine {
  kind: "row";
  key: string;
  row: TableRow;
}

export type Line = AllLine | GroupLine | RowLine;

export interface Arrangement {
  grouping: Grouping;
  folded: ReadonlySet<string>;
  isIncompleteOnly: boolean;
  techniqueTitles: ReadonlyMap<string, string>;
}

const openStates = new Set(["needed", "conflict", "not_understood"]);

/** How many cells of a row wait for somebody. */
export function countOpen(row: TableRow): number {
  return Object.entries(row.cells).filter(([, cell]) => openStates.has(cell.state)).length;
}

export function titleOfKind(kind: string, titles: ReadonlyMap<string, string>): string {
  return kind === "" ? "No technique yet" : kind.split("+").map((one) => titles.get(one) ?? one.replaceAll("_", " ")).join(" + ");
}

function valueOf(row: TableRow, grouping: Grouping): string {
  return grouping === "kind" ? row.kind : (row[grouping] ?? "");
}

function titleOf(value: string, { grouping, techniqueTitles }: Arrangement): string {
  if (grouping === "kind") {
    return titleOfKind(value, techniqueTitles);
  }
  const none = { folder: "Not in a folder", day: "No date", instrument: "No instrument named" };
  return value === "" ? none[grouping] : value;
}

/** All, then each group with its measurements. A group keeps the place of its first measurement. */
export function arrange(rows: Iterable<TableRow>, arrangement: Arrangement): Line[] {
  const groups = new Map<string, TableRow[]>();
  let count = 0;
  for (const row of rows) {
    count += 1;
    if (!arrangement.isIncompleteOnly || countOpen(row) > 0) {
      const value = valueOf(row, arrangement.grouping);
      groups.set(value, [...(groups.get(value) ?? []), row]);
    }
  }
  const lines: Line[] = [{ kind: "all", key: "all", count }];
  for (const [value, members] of groups) {
    const key = `group:${value}`;
    const isFolded = arrangement.folded.has(key);
    lines.push({ kind: "group", key, value, title: titleOf(value, arrangement), ids: members.map((row) => row.id), isFolded });
    if (!isFolded) {
      lines.push(...members.map((row): RowLine => ({ kind: "row", key: row.id, row })));
    }
  }
  return lines;
}

/**
 * Whether a path is meant: `*` and `?` stay within a folder, `**` crosses folders; without a slash the name of the file
 * is compared, as the server does. A text without any of these is looked for anywhere in the path.
 */
export function matchesGlob(path: string, glob: string): boolean {
  const wanted = glob.trim().toLowerCase();
  if (wanted === "") {
    return false;
  }
  if (!/[*?]/.test(wanted)) {
    return path.toLowerCase().includes(wanted);
  }
  const name = wanted.includes("/") ? path : path.slice(path.lastIndexOf("/") + 1);
  const pieces = wanted.split(/(\*\*\/|\*\*|\*|\?)/).map((piece) => {
    const wild: Record<string, string> = { "**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]" };
    return wild[piece] ?? piece.replace(/[.+^${}()|[\]\\]/g, "\\$&");
  });
  return new RegExp(`^${pieces.join("")}$`, "u").test(name.toLowerCase());
}
