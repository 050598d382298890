/** The table as this page knows it: rows, columns, what is being saved, what was not. Nothing of the page itself. */
import type { AnswerResult, CellSum, LevelAnswer, Table, TableCell, TableColumn, TableGroup, TableRow } from "../api/shapes";
import { addCells } from "./cell-words";
import { arrange, type Grouping, type Line } from "./rows";

export const techniqueField = "technique";

export interface Term {
  value: string;
  title: string;
}

/** What becomes of one answer that was given here. */
export interface Note {
  state: "saving" | "saved" | "refused";
  /** What was typed. */
  text: string;
  problem: string;
  /** Whether somebody else answered meanwhile: then both values are shown. */
  isOvertaken: boolean;
}

/** An answer that was not saved, with the place that it was given for. */
export interface Refusal {
  line: string;
  field: string;
  title: string;
  place: string;
  note: Note;
}

const busyStates = new Set(["submitted", "processing"]);

/** What a change of any cell changes in the sums of the table. */
function signatureOf({ revision, count, groups, answers }: Table): string {
  return JSON.stringify([revision, count, groups, answers]);
}

export function placeKey(line: string, field: string): string {
  return `${line}\u0000${field}`;
}

export class TableState {
  rows = new Map<string, TableRow>();
  columns: TableColumn[] = [];
  same: TableColumn[] = [];
  helpful: TableColumn[] = [];
  answers: LevelAnswer[] = [];
  groups: TableGroup[] = [];
  count = 0;
  nNeeded = 0;
  grouping: Grouping = "kind";
  isIncompleteOnly = false;
  readonly folded = new Set<string>();
  readonly checked = new Set<string>();
  readonly notes = new Map<string, Note>();
  private readonly kept = new Set<string>();
  /** Told of the fields before and after, where others are shown now or they stand elsewhere. */
  onColumns: (before: readonly string[], after: readonly string[]) => void = () => undefined;
  private arranged: Line[] | null = null;
  private signature = "";

  constructor(readonly techniques: readonly Term[]) {}

  get techniqueTitles(): ReadonlyMap<string, string> {
    return new Map(this.techniques.map(({ value, title }) => [value, shortTitle(title)]));
  }

  /** Technique, then the fields that are incomplete or differ, in the order in which they came onto the screen. */
  get shownColumns(): TableColumn[] {
    return [this.techniqueColumn, ...this.columns];
  }

  private get techniqueColumn(): TableColumn {
    return {
      field: techniqueField,
      title: "Technique",
      description: "What was measured. All further questions follow from it.",
      kind: "choices",
      unit: null,
      units: [],
      choices: [...this.techniques],
      may_be_gap: false,
      is_of_one_file: true,
      example: "",
      why: "",
      sums: addCells([...this.rows.values()].map((row) => row.cells[techniqueField])),
    };
  }

  /** Fields that stay on the screen although nothing is open in them any more: they were asked a moment ago. */
  get keptFields(): string[] {
    return [...this.kept];
  }

  lines(): Line[] {
    this.arranged ??= arrange(this.rows.values(), {
      grouping: this.grouping,
      folded: this.folded,
      isIncompleteOnly: this.isIncompleteOnly,
      techniqueTitles: this.techniqueTitles,
    });
    return this.arranged;
  }

  forgetLines(): void {
    this.arranged = null;
  }

  keep(field: string): void {
    this.kept.add(field);
  }

  /** Take the finished columns off the screen, with the next answer of the server. */
  forgetKept(): void {
    this.kept.clear();
    this.columns = [];
  }

  /** Whether the server says something else than what is shown, or is at work on it. */
  isOther(table: Table): boolean {
    return busyStates.has(table.state) || signatureOf(table) !== this.signature;
  }

  /** Take what the server says of the whole table; returns whether there are columns of which the rows know nothing. */
  takeFrame(table: Table): boolean {
    this.signature = busyStates.has(table.state) ? "" : signatureOf(table);
    this.count = table.count;
    this.nNeeded = table.n_needed;
    this.answers = table.answers;
    this.groups = table.groups;
    const before = this.columns.map((column) => column.field);
    const offered = new Map([...table.same, ...table.helpful, ...table.columns].map((column) => [column.field, column]));
    const order = before.filter((field) => offered.has(field));
    table.columns.forEach((column, index) => {
      this.kept.add(column.field);
      if (!order.includes(column.field)) {
        const previous = table.columns[index - 1]?.field;
        order.splice(previous === undefined ? 0 : order.indexOf(previous) + 1, 0, column.field);
      }
    });
    order.push(...[...this.kept].filter((field) => offered.has(field) && !order.includes(field)));
    this.columns = order.flatMap((field) => offered.get(field) ?? []);
    this.same = table.same.filter((column) => !order.includes(column.field));
    this.helpful = table.helpful.filter((column) => !order.includes(column.field));
    this.forgetLines();
    this.onColumns([techniqueField, ...before], [techniqueField, ...order]);
    return order.some((field) => !before.includes(field));
  }

  takeRows(rows: readonly TableRow[]): void {
    for (const row of rows) {
      this.rows.set(row.id, row);
    }
    this.forgetLines();
  }

  /** Keep the rows that are there, in the order of the deposit. */
  keepRows(ids: readonly string[]): void {
    const found = ids.flatMap((id) => this.rows.get(id) ?? []);
    this.rows = new Map(found.map((row) => [row.id, row]));
    for (const id of [...this.checked].filter((one) => !this.rows.has(one))) {
      this.checked.delete(id);
    }
    this.forgetLines();
  }

  column(field: string): TableColumn | undefined {
    return this.shownColumns.find((column) => column.field === field);
  }

  cell(id: string, field: string): TableCell | undefined {
    return this.rows.get(id)?.cells[field];
  }

  /** What a field comes to in all measurements, or in those of a group. */
  sum(line: Line, field: string): CellSum | undefined {
    if (line.kind === "all") {
      return this.column(field)?.sums;
    }
    if (line.kind === "row") {
      return undefined;
    }
    const known = this.grouping === "kind" ? this.groups.find((group) => group.kind === line.value) : undefined;
    return known?.sums[field] ?? addCells(line.ids.map((id) => this.cell(id, field)));
  }

  /** What was said for all, or for a kind. */
  answer(line: Line, field: string): LevelAnswer | undefined {
    const answers =
      line.kind === "all"
        ? this.answers
        : line.kind === "group" && this.grouping === "kind"
          ? this.groups.find((group) => group.kind === line.value)?.answers
          : undefined;
    return answers?.find((answer) => answer.field === field);
  }

  /** The digest of the answer that was seen: with it, nobody writes over what somebody else said meanwhile. */
  tag(line: Line, field: string): string {
    return line.kind === "row" ? (line.row.tags[field] ?? "") : (this.answer(line, field)?.tag ?? "");
  }

  /** The line that a result of the server is about. */
  lineOf(result: Pick<AnswerResult, "level" | "key">): string {
    return result.level === "all" ? "all" : result.level === "kind" ? `group:${result.key}` : result.key;
  }

  refusals(): Refusal[] {
    return [...this.notes].flatMap(([place, note]) => {
      const [line = "", field = ""] = place.split("\u0000");
      return note.state === "refused" ? [{ line, field, title: this.titleOf(field), place: this.nameOf(line), note }] : [];
    });
  }

  titleOf(field: string): string {
    return [...this.shownColumns, ...this.same, ...this.helpful].find((column) => column.field === field)?.title ?? field;
  }

  nameOf(line: string): string {
    if (line === "all") {
      return "all measurements";
    }
    const group = this.lines().find((one) => one.key === line);
    return this.rows.get(line)?.path ?? (group?.kind === "group" ? group.title : line);
  }
}

/** The words before the explanation: "4D-STEM: a diffraction pattern at each position" is called 4D-STEM. */
export function shortTitle(title: string): string {
  return title.split(/:| \(/, 1)[0] ?? title;
}
