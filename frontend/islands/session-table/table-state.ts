/** The table as this page knows it: rows, columns, what is being saved, what was not. Nothing of the page itself. */
import type { AnswerResult, CellSum, LevelAnswer, Table, TableCell, TableColumn, TableGroup, TableRow } from "../api/shapes";
import { addCells, shortTitle } from "./cell-words";
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

/** Whether somebody still has to answer in a column. */
function isOpen({ sums }: TableColumn): boolean {
  return sums.needed > 0 || sums.not_understood > 0 || sums.conflicts > 0;
}

/** What a change of any cell changes in the sums of the table. */
function signatureOf({ revision, count, groups, answers }: Table): string {
  return JSON.stringify([revision, count, groups, answers]);
}

export function placeKey(line: string, field: string): string {
  return `${line}\u0000${field}`;
}

export class TableState {
  rows = new Map<string, TableRow>();
  /** Fields in which something is open, and those that somebody has in hand: they are on the screen. */
  columns: TableColumn[] = [];
  /** Fields that differ from file to file and ask for nothing: they are shown when somebody wants to see them. */
  complete: TableColumn[] = [];
  same: TableColumn[] = [];
  helpful: TableColumn[] = [];
  answers: LevelAnswer[] = [];
  groups: TableGroup[] = [];
  count = 0;
  nNeeded = 0;
  nWaiting = 0;
  grouping: Grouping = "kind";
  isIncompleteOnly = false;
  readonly folded = new Set<string>();
  readonly checked = new Set<string>();
  readonly notes = new Map<string, Note>();
  private readonly kept = new Set<string>();
  private showsComplete: boolean | null = null;
  private frame: Table | null = null;
  /** Told of the fields before and after, where others are shown now or they stand elsewhere. */
  onColumns: (before: readonly string[], after: readonly string[]) => void = () => undefined;
  private arranged: Line[] | null = null;
  private signature = "";

  constructor(readonly techniques: readonly Term[]) {}

  get techniqueTitles(): ReadonlyMap<string, string> {
    return new Map(this.techniques.map(({ value, title }) => [value, shortTitle(title)]));
  }

  /** Technique, then the fields on the screen that apply to a measurement in sight, in the order in which they came. */
  get shownColumns(): TableColumn[] {
    const lines = this.lines();
    const isAll = this.folded.size === 0 && !this.isIncompleteOnly;
    const rows = isAll ? [] : lines.flatMap((line) => (line.kind === "row" ? [line.row] : []));
    const inSight = new Set(rows.flatMap((row) => Object.keys(row.cells)));
    const applying = inSight.size === 0 ? this.columns : this.columns.filter((column) => inSight.has(column.field));
    return [this.techniqueColumn, ...applying];
  }

  /** Whether the server has said anything yet; before, nothing is known to be missing or not. */
  get isFetched(): boolean {
    return this.frame !== null;
  }

  /** Whether columns that ask for nothing are on the screen, too. */
  get isWhole(): boolean {
    return this.showsComplete === true;
  }

  /** Put the columns that ask for nothing onto the screen, or take them off it. */
  showComplete(isOn: boolean): void {
    this.showsComplete = isOn;
    if (!isOn) {
      this.kept.clear();
    }
    if (this.frame) {
      this.takeFrame(this.frame);
    }
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
    this.change(() => undefined);
  }

  /** Change what is shown; those who stand in a column hear where it is now. */
  private change(act: () => void): void {
    const before = this.shownColumns.map((column) => column.field);
    act();
    this.arranged = null;
    const after = this.shownColumns.map((column) => column.field);
    if (before.join() !== after.join()) {
      this.onColumns(before, after);
    }
  }

  /** Fold or unfold a group; without its line all are unfolded. */
  fold(key?: string): void {
    this.change(() => {
      if (key === undefined) {
        this.folded.clear();
      } else if (!this.folded.delete(key)) {
        this.folded.add(key);
      }
    });
  }

  keep(field: string): void {
    this.kept.add(field);
  }

  /** Take the finished columns off the screen, with the next answer of the server. */
  forgetKept(): void {
    this.kept.clear();
    this.showsComplete = false;
  }

  /** Whether the server says something else than what is shown, or is at work on it. */
  isOther(table: Table): boolean {
    return busyStates.has(table.state) || signatureOf(table) !== this.signature;
  }

  /** Take what the server says of the whole table; returns whether there are columns of which the rows know nothing. */
  takeFrame(table: Table): boolean {
    const known = new Set(this.columns.map((column) => column.field));
    this.signature = busyStates.has(table.state) ? "" : signatureOf(table);
    if (this.showsComplete === null && table.columns.length > 0 && !busyStates.has(table.state)) {
      this.showsComplete = !table.columns.some(isOpen); // then what differs is all that there is to see
    }
    this.change(() => this.takeColumns(table));
    return this.columns.some((column) => !known.has(column.field));
  }

  private takeColumns(table: Table): void {
    this.frame = { ...table, rows: [] };
    this.count = table.count;
    this.nNeeded = table.n_needed;
    this.nWaiting = table.n_waiting;
    this.answers = table.answers;
    this.groups = table.groups;
    const offered = new Map([...table.same, ...table.helpful, ...table.columns].map((column) => [column.field, column]));
    table.columns.filter(isOpen).forEach((column) => this.kept.add(column.field));
    const isShown = (field: string): boolean => this.kept.has(field) || this.isWhole;
    const order = this.columns.map((column) => column.field).filter((field) => offered.has(field) && isShown(field));
    table.columns.forEach(({ field }, index) => {
      if (isShown(field) && !order.includes(field)) {
        const previous = table.columns.slice(0, index).findLast((column) => order.includes(column.field));
        order.splice(previous === undefined ? 0 : order.indexOf(previous.field) + 1, 0, field);
      }
    });
    order.push(...[...this.kept].filter((field) => offered.has(field) && !order.includes(field)));
    this.columns = order.flatMap((field) => offered.get(field) ?? []);
    this.complete = table.columns.filter((column) => !order.includes(column.field));
    this.same = table.same.filter((column) => !order.includes(column.field));
    this.helpful = table.helpful.filter((column) => !order.includes(column.field));
  }

  takeRows(rows: readonly TableRow[]): void {
    this.change(() => rows.forEach((row) => this.rows.set(row.id, row)));
  }

  /** Keep the rows that are there, in the order of the deposit. */
  keepRows(ids: readonly string[]): void {
    const found = ids.flatMap((id) => this.rows.get(id) ?? []);
    this.change(() => (this.rows = new Map(found.map((row) => [row.id, row]))));
    for (const id of [...this.checked].filter((one) => !this.rows.has(one))) {
      this.checked.delete(id);
    }
  }

  column(field: string): TableColumn | undefined {
    return [this.techniqueColumn, ...this.columns].find((column) => column.field === field);
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

  /** The fields in which somebody has to answer, in their order. */
  get open(): TableColumn[] {
    return [this.techniqueColumn, ...this.columns].filter((column) => column.sums.needed > 0);
  }

  refusals(): Refusal[] {
    return [...this.notes].flatMap(([place, note]) => {
      const [line = "", field = ""] = place.split("\u0000");
      return note.state === "refused" ? [{ line, field, title: this.titleOf(field), place: this.nameOf(line), note }] : [];
    });
  }

  /** All fields that apply to a measurement, whether they are on the screen or not. */
  get known(): TableColumn[] {
    return [...this.columns, ...this.complete, ...this.helpful, ...this.same];
  }

  titleOf(field: string): string {
    return [...this.known, { field: techniqueField, title: "Technique" }].find((column) => column.field === field)?.title ?? field;
  }

  nameOf(line: string): string {
    if (line === "all") {
      return "all measurements";
    }
    const group = this.lines().find((one) => one.key === line);
    return this.rows.get(line)?.path ?? (group?.kind === "group" ? group.title : line);
  }
}
