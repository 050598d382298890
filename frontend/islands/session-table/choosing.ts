/** How rows are chosen: by their boxes, by name, by what is empty in them; and how groups are folded. */
import { countWords } from "./elements";
import { type Line, matchesGlob } from "./rows";
import type { Selection } from "./selection";
import { type Refusal, type TableState, techniqueField } from "./table-state";

export interface ChoosingHooks {
  say(words: string, kind?: "refused"): void;
  draw(): void;
  /** The selection is another one: the focus goes with it. */
  onMoved(): void;
  onNothing(): void;
  /** The empty cells of a field are chosen: the cursor goes where they are answered. */
  onEmptyChosen(field: string, count: number): void;
}

export class Choosing {
  private toggled: string | null = null;

  constructor(
    private readonly state: TableState,
    private readonly selection: Selection,
    private readonly hooks: ChoosingHooks,
  ) {}

  toggle(line: Line, isRange: boolean): void {
    const { checked } = this.state;
    if (line.kind === "all") {
      this.toggleAll();
      return;
    }
    const ids = line.kind === "group" ? line.ids : [line.key];
    const isOn = !ids.every((id) => checked.has(id));
    const order = this.state.lines().flatMap((one) => (one.kind === "row" ? [one.key] : []));
    const [from, to] = [order.indexOf(this.toggled ?? ""), order.indexOf(line.key)];
    const meant = isRange && from >= 0 && to >= 0 ? order.slice(Math.min(from, to), Math.max(from, to) + 1) : ids;
    meant.forEach((id) => (isOn ? checked.add(id) : checked.delete(id)));
    this.toggled = line.key;
    this.hooks.draw();
  }

  /** A box was pressed: where no column is chosen yet, it is the first in which something is open. */
  tick(line: Line, isRange: boolean): void {
    const column = this.selection.active?.column ?? 0;
    this.selection.go({ line: line.key, column: column > 0 ? column : this.firstOpen() });
    this.toggle(line, isRange);
  }

  private firstOpen(): number {
    return Math.max(1, this.state.shownColumns.findIndex((column) => column.field !== techniqueField && column.sums.needed > 0) + 1);
  }

  toggleAll(): void {
    const { checked, rows } = this.state;
    const isOn = checked.size < rows.size;
    rows.forEach((_, id) => (isOn ? checked.add(id) : checked.delete(id)));
    this.hooks.draw();
  }

  fold(line: Line): void {
    this.state.fold(line.key);
    this.rearrange();
    this.hooks.onMoved();
  }

  rearrange(): void {
    this.state.forgetLines();
    const { active } = this.selection;
    if (active && !this.state.lines().some((line) => line.key === active.line)) {
      this.selection.go({ line: "all", column: active.column });
    }
    this.hooks.draw();
  }

  selectNothing(): void {
    this.selection.clear();
    this.hooks.onNothing();
    this.hooks.onMoved();
  }

  /** The shortest way to an answer: its empty cells are selected, and the cursor is where it is typed. */
  selectEmpty(field: string): void {
    const { checked, rows } = this.state;
    const empty = [...rows.values()].filter((row) => row.cells[field]?.state === "needed");
    const [first] = empty;
    if (!first) {
      return;
    }
    this.state.fold();
    const column = this.state.shownColumns.findIndex((one) => one.field === field) + 1;
    checked.clear();
    this.selection.go({ line: first.id, column });
    if (empty.length > 1) {
      empty.forEach((row) => checked.add(row.id));
    }
    this.hooks.onEmptyChosen(field, empty.length);
  }

  selectByName(glob: string): void {
    const found = [...this.state.rows.values()].filter((row) => matchesGlob(row.path, glob));
    this.state.checked.clear();
    found.forEach((row) => this.state.checked.add(row.id));
    const [first] = found;
    if (first) {
      const column = this.selection.active?.column ?? 0;
      this.selection.go({ line: first.id, column: column > 0 ? column : this.firstOpen() });
      this.hooks.onMoved();
      this.hooks.say(`${countWords(found.length, "measurement", "measurements")} selected.`);
    } else {
      this.hooks.say(`No file is called like “${glob}”. Nothing is selected.`, "refused");
      this.hooks.draw();
    }
  }

  goTo(refusal: Refusal): void {
    this.state.fold();
    const column = this.state.shownColumns.findIndex((one) => one.field === refusal.field) + 1;
    this.selection.go({ line: refusal.line, column });
    this.hooks.onMoved();
  }
}
