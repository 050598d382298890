/** What is done to the table: one request for each act, and what became of it at each cell. */
import type { AnswerResult, TableChange } from "../api/shapes";
import { announceChange } from "../page-sections";
import { countWords } from "./elements";
import type { Line } from "./rows";
import type { Target } from "./selection";
import { cursorOf, pageSize, type SheetRequest, type TableServer, type Wish } from "./server";
import { type Note, placeKey, type TableState, techniqueField } from "./table-state";
import type { UndoStack } from "./undo";

export interface Given {
  act: NonNullable<Wish["act"]>;
  value?: unknown;
  /** As it stands in the cells while it is being saved. */
  text: string;
  basis?: string;
  onlyEmpty?: boolean;
}

export interface ActionHooks {
  /** Something of the table is other than it was. */
  onChange(): void;
  say(words: string, kind?: "done" | "refused"): void;
}

const savedStays = 2500; // milliseconds that a cell says "saved"

export class TableActions {
  private wanted: Set<string> | "all" | null = null;
  private isRefreshing = false;
  private running = 0;

  constructor(
    private readonly server: TableServer,
    private readonly state: TableState,
    readonly undoStack: UndoStack,
    private readonly hooks: ActionHooks,
  ) {}

  /** Whether something that was given here has not arrived yet. */
  get isSaving(): boolean {
    return this.running > 0;
  }

  /** Read the whole table, page by page; what is there can be used while the rest comes. */
  async load(): Promise<void> {
    const ids: string[] = [];
    let cursor: string | null = null;
    do {
      const fields = this.state.keptFields;
      const table = await this.server.look(cursor === null ? { fields } : { cursor, fields });
      if (cursor === null) {
        this.state.takeFrame(table);
      }
      this.state.takeRows(table.rows);
      ids.push(...table.rows.map((row) => row.id));
      this.hooks.onChange();
      cursor = cursorOf(table.next);
    } while (cursor !== null);
    this.state.keepRows(ids);
    this.hooks.onChange();
  }

  /** Bring up to date what a change is about; what comes meanwhile is done in one go. */
  async refresh(ids: readonly string[] | null): Promise<void> {
    if (ids === null || this.wanted === "all") {
      this.wanted = "all";
    } else {
      this.wanted = new Set([...(this.wanted ?? []), ...ids]);
    }
    if (this.isRefreshing) {
      return;
    }
    this.isRefreshing = true;
    try {
      while (this.wanted !== null) {
        const { wanted } = this;
        this.wanted = null;
        await this.readAgain(wanted);
      }
    } finally {
      this.isRefreshing = false;
    }
  }

  /** Read again where something is other than it was: a change elsewhere on the page, or by somebody else. */
  async follow(): Promise<void> {
    const [first] = this.state.rows.keys();
    if (this.isRefreshing || this.isSaving || first === undefined) {
      return;
    }
    const table = await this.server.look({ keys: [first] });
    if (this.state.isOther(table)) {
      await this.refresh(null);
    }
  }

  private async readAgain(wanted: Set<string> | "all"): Promise<void> {
    if (wanted === "all" || wanted.size === 0 || wanted.size > pageSize) {
      await this.load();
      return;
    }
    const table = await this.server.look({ keys: [...wanted], fields: this.state.keptFields });
    const hasNewColumns = this.state.takeFrame(table);
    this.state.takeRows(table.rows);
    this.hooks.onChange();
    if (hasNewColumns) {
      await this.load();
    }
  }

  /** The requests that an answer to these cells is made of: for each field one for all, kinds, and files. */
  buildWishes(targets: readonly Target[], given: Given, isForced = false): Wish[] {
    const fields = [...new Set(targets.map(({ field }) => field))];
    return fields.flatMap((field) => {
      const column = this.state.column(field);
      const wish: Wish = { field, act: given.act };
      if (given.act === "value") {
        wish.value = given.value ?? given.text;
        if (column?.unit) {
          wish.unit = column.unit;
        }
        if (given.basis) {
          wish.basis = given.basis;
        }
      }
      if (given.onlyEmpty) {
        wish.only_empty = true;
      }
      const lines = targets.filter((target) => target.field === field).map(({ line }) => line);
      return this.spread(wish, lines, isForced);
    });
  }

  private spread(wish: Wish, lines: readonly Line[], isForced: boolean): Wish[] {
    const { field } = wish;
    const isOfOneFile = this.state.column(field)?.is_of_one_file ?? false;
    const ids = new Map<string, string>();
    const kinds = new Map<string, string>();
    const copies = new Map<string, string>();
    const wishes: Wish[] = [];
    for (const line of lines) {
      if (line.kind === "all") {
        wishes.push({ ...wish, level: "all", ...(isForced ? {} : { expected: { "": this.state.tag(line, field) } }) });
      } else if (line.kind === "row") {
        if (line.row.cells[field] || lines.length === 1) {
          ids.set(line.key, line.row.tags[field] ?? "");
        }
      } else if (this.state.grouping === "kind" && line.value !== "" && !isOfOneFile) {
        kinds.set(line.value, this.state.tag(line, field));
      } else {
        line.ids.filter((id) => this.state.cell(id, field)).forEach((id) => copies.set(id, this.state.rows.get(id)?.tags[field] ?? ""));
      }
    }
    // A group that is no level is copied into its files, but never over what one of them says (ADR 0039).
    const copied: Wish = wish.act === "value" ? { ...wish, only_empty: true } : wish;
    for (const [level, keys, base] of [["kind", kinds, wish], ["measurement", copies, copied], ["measurement", ids, wish]] as const) {
      if (keys.size > 0) {
        wishes.push({ ...base, level, keys: [...keys.keys()], ...(isForced ? {} : { expected: Object.fromEntries(keys) }) });
      }
    }
    return wishes;
  }

  /** Give an answer to cells: it shows at once, and each cell says whether it is saved, or why not. */
  async give(targets: readonly Target[], given: Given, words: string, isForced = false): Promise<void> {
    await this.send(this.buildWishes(targets, given, isForced), given.text, words);
  }

  async send(wishes: readonly Wish[], text: string, words: string): Promise<void> {
    if (wishes.length === 0) {
      this.hooks.say("Nothing of what is selected has this field. Nothing is changed.", "refused");
      return;
    }
    const places = wishes.flatMap((wish) => this.placesOf(wish));
    places.forEach((place) => this.state.notes.set(place, { state: "saving", text, problem: "", isOvertaken: false }));
    this.hooks.onChange();
    await this.run(async () => this.server.answer(wishes), { places, text, words });
  }

  private placesOf(wish: Wish): string[] {
    const lines = wish.level === "all" ? ["all"] : (wish.keys ?? []).map((key) => (wish.level === "kind" ? `group:${key}` : key));
    return lines.map((line) => placeKey(line, wish.field));
  }

  /** Send something that changes answers; note at each cell what became of it, and how it is undone. */
  private async run<Change extends TableChange>(
    act: () => Promise<Change>,
    about: { places: readonly string[]; text: string; words: string },
  ): Promise<Change | null> {
    this.running += 1;
    try {
      const change = await act();
      about.places.forEach((place) => this.state.notes.delete(place));
      this.takeResults(change, about.text);
      if (change.change !== null) {
        this.undoStack.push({ change: change.change, words: about.words });
      }
      this.sayOutcome(change, about.words);
      await this.refresh(this.concernedBy(change));
      announceChange();
      return change;
    } catch (error) {
      const problem = error instanceof Error ? error.message : String(error);
      about.places.forEach((place) => this.state.notes.set(place, { state: "refused", text: about.text, problem, isOvertaken: false }));
      this.hooks.say(problem, "refused");
      this.hooks.onChange();
      return null;
    } finally {
      this.running -= 1;
    }
  }

  /** The measurements to read again; null where it may be any. */
  private concernedBy(change: TableChange): string[] | null {
    const saved = change.results.filter((result) => result.result !== "unchanged");
    return saved.some((result) => result.level !== "measurement") ? null : [...new Set(saved.map((result) => result.key).filter(Boolean))];
  }

  private takeResults(change: TableChange, text: string): void {
    const saved: string[] = [];
    for (const result of change.results) {
      const place = placeKey(this.state.lineOf(result), result.field);
      if (result.result === "saved") {
        this.state.notes.set(place, { state: "saved", text: result.text ?? "", problem: "", isOvertaken: false });
        saved.push(place);
      } else if (result.result === "refused") {
        this.state.notes.set(place, describeRefusal(result, text));
      }
    }
    window.setTimeout(() => {
      const over = saved.filter((place) => this.state.notes.get(place)?.state === "saved");
      over.forEach((place) => this.state.notes.delete(place));
      this.hooks.onChange();
    }, savedStays);
    this.hooks.onChange();
  }

  private sayOutcome(change: TableChange, words: string): void {
    const [only] = change.results;
    if (change.results.length === 1 && only?.result === "refused") {
      this.hooks.say(`${words}: not saved. ${[only.message, only.hint].filter(Boolean).join(" ")}`, "refused");
      return;
    }
    const parts = [change.saved > 0 ? `${countWords(change.saved, "answer", "answers")} saved` : "Nothing new is saved"];
    if (change.unchanged > 0) {
      parts.push(`${change.unchanged.toLocaleString("en")} said so already`);
    }
    if (change.refused > 0) {
      parts.push(`${change.refused.toLocaleString("en")} not saved, with the reason at each`);
    }
    const notes = new Set(change.results.filter((result) => result.result === "saved").map((result) => result.message ?? ""));
    this.hooks.say([`${words}: ${parts.join(", ")}.`, ...notes].filter(Boolean).join(" "), change.refused > 0 ? "refused" : "done");
  }

  /** Put back what the newest change of this page changed; what somebody answered since stays, and says who. */
  async undo(): Promise<void> {
    const done = this.undoStack.last;
    if (!done) {
      this.hooks.say("Nothing to undo: no answer was given on this page yet.");
      return;
    }
    await this.putBack(done.change, `Undone: ${done.words}`, (change) => this.undoStack.moveBack(change));
  }

  async redo(): Promise<void> {
    const undone = this.undoStack.next;
    if (!undone) {
      this.hooks.say("Nothing to do again.");
      return;
    }
    await this.putBack(undone.change, `Done again: ${undone.words}`, (change) => this.undoStack.moveForward(change));
  }

  private async putBack(id: string, words: string, onDone: (change: string | null) => void): Promise<void> {
    this.running += 1;
    try {
      const change = await this.server.undo(id);
      onDone(change.change);
      const refused = change.results.filter((result) => result.result === "refused");
      const reasons = [...new Set(refused.map((result) => result.message ?? ""))].slice(0, 3);
      const back = `${countWords(change.saved, "answer is", "answers are")} as before.`;
      this.hooks.say([`${words}.`, back, ...reasons].join(" "), refused.length > 0 ? "refused" : "done");
      await this.refresh(this.concernedBy(change));
      announceChange();
    } catch (error) {
      onDone(null);
      this.hooks.say(error instanceof Error ? error.message : String(error), "refused");
    } finally {
      this.running -= 1;
    }
  }

  /** Read what is typed as the server would, without writing anything. */
  async echo(targets: readonly Target[], given: Given, signal: AbortSignal): Promise<{ text: string; isRefused: boolean } | null> {
    const [first] = this.buildWishes(targets.slice(0, 1), given, true);
    if (!first) {
      return null;
    }
    const change = await this.server.answer([first], { isDryRun: true, signal });
    const [result] = change.results;
    if (!result) {
      return null;
    }
    const isRefused = result.result === "refused";
    const text = isRefused ? [result.message, result.hint].filter(Boolean).join(" ") : [`= ${result.text ?? ""}`, result.message].filter(Boolean).join(". ");
    return { text, isRefused };
  }

  async takeSheet(request: SheetRequest, words: string): Promise<boolean> {
    const change = await this.run(async () => this.server.takeSheet(request), { places: [], text: "", words });
    return change !== null && change.refused === 0;
  }

  async takeNames(request: Parameters<TableServer["takeNames"]>[0], words: string): Promise<void> {
    await this.run(async () => this.server.takeNames(request), { places: [], text: "", words });
  }

  /** "Not recorded" for whatever is empty now, where that is an answer: nothing that has a value is touched. */
  async declareRest(): Promise<void> {
    const wishes = this.state.columns.flatMap((column): Wish[] => {
      const empty = [...this.state.rows.values()].filter((row) => {
        const cell = row.cells[column.field];
        return cell?.state === "needed" && cell.may_be_gap;
      });
      const keys = empty.map((row) => row.id);
      return keys.length > 0 && column.field !== techniqueField ? [{ field: column.field, keys, act: "not_recorded", only_empty: true }] : [];
    });
    await this.send(wishes, "not recorded", "Not recorded, for what was empty");
  }

  forget(place: string): void {
    this.state.notes.delete(place);
    this.hooks.onChange();
  }
}

function describeRefusal(result: AnswerResult, text: string): Note {
  const problem = [result.message, result.hint].filter(Boolean).join(" ");
  return { state: "refused", text, problem, isOvertaken: result.code === "changed_meanwhile" };
}
