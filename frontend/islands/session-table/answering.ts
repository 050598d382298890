/** How answers are given by hand: in a cell, to all that is selected, downwards, and as a choice of techniques. */
import type { Given, TableActions } from "./actions";
import { CellEditor, type Leave, TechniqueChooser } from "./editor";
import { countWords, make } from "./elements";
import type { Grid } from "./grid";
import type { Line } from "./rows";
import { type Place, type Selection, step, type Target } from "./selection";
import { type Refusal, type TableState, techniqueField } from "./table-state";

export interface AnsweringHooks {
  say(words: string): void;
  draw(): void;
  /** What was typed beside the grid is given. */
  onGiven(): void;
}

export class Answering {
  /** The techniques to choose from, above the page. */
  readonly chooser = make("dialog", { class: "st-dialog st-chooser" });
  private editor: CellEditor | null = null;

  constructor(
    private readonly state: TableState,
    private readonly selection: Selection,
    private readonly actions: TableActions,
    private readonly grid: () => Grid,
    private readonly mayAnswer: boolean,
    private readonly hooks: AnsweringHooks,
  ) {}

  get isTyping(): boolean {
    return this.editor !== null;
  }

  /** Save what is being typed. */
  settle(): void {
    this.editor?.commit("stay", false);
  }

  activeLine(): { line: Line; field: string } | null {
    const { active } = this.selection;
    const line = this.state.lines().find((one) => one.key === active?.line);
    const field = this.state.shownColumns[(active?.column ?? 0) - 1]?.field;
    return line && field !== undefined ? { line, field } : null;
  }

  edit(typed: string | null): void {
    const target = this.activeLine();
    const column = target ? this.state.column(target.field) : undefined;
    const { active } = this.selection;
    if (!target || !column || !active || !this.mayAnswer) {
      return;
    }
    const cell = target.line.kind === "row" ? target.line.row.cells[target.field] : undefined;
    const isAbsent = target.line.kind === "row" ? !cell : (this.state.sum(target.line, target.field)?.count ?? 0) === 0;
    if (isAbsent) {
      this.hooks.say(`${column.title} does not apply to this technique. Change the technique if that is wrong.`);
    } else if (target.line.kind === "all" && column.is_of_one_file) {
      this.hooks.say(`${column.title} is each file’s own. Select the files, and answer for these.`);
    } else if (target.field === techniqueField) {
      this.chooseTechnique();
    } else {
      const known = target.line.kind === "row" ? (cell?.state === "value" || cell?.state === "conflict" || cell?.state === "not_understood" ? cell.text : "") : this.state.answer(target.line, target.field)?.text;
      this.openEditor(active, target, { text: typed ?? known ?? "", isTyped: typed !== null }, known ?? "");
    }
  }

  private openEditor(place: Place, target: Target, start: { text: string; isTyped: boolean }, known: string): void {
    const column = this.state.column(target.field);
    const cell = this.grid().cellAt(place);
    if (!column || !cell) {
      return;
    }
    this.editor = new CellEditor(cell, column, start, {
      echo: (text, signal) => this.actions.echo([target], { act: "value", text }, signal),
      onCancel: () => this.closeEditor(null),
      onCommit: (text, leave, isForAll) => {
        this.closeEditor(leave === "stay" ? null : leave);
        const targets = isForAll ? this.selection.targets() : [target];
        if (text.trim() === "" && known !== "") {
          void this.actions.give(targets, { act: "clear", text: "" }, `${column.title} cleared`);
        } else if (text.trim() !== "" && (text.trim() !== known || isForAll)) {
          void this.actions.give(targets, { act: "value", text: text.trim() }, column.title);
        }
      },
    });
  }

  private closeEditor(leave: Leave | null): void {
    this.editor = null;
    const { active } = this.selection;
    const keys: Record<string, string> = { down: "ArrowDown", up: "ArrowUp", right: "ArrowRight", left: "ArrowLeft" };
    if (active && leave !== null) {
      this.selection.go(this.nextPlace(active, keys[leave] ?? ""));
    }
    this.hooks.draw();
    if (leave !== null || this.grid().element.contains(document.activeElement) || document.activeElement === document.body) {
      this.grid().focus();
    }
  }

  /** From one measurement to the next, not to the head of the next group. */
  private nextPlace(from: Place, key: string): Place {
    const lines = this.state.lines();
    const isRow = (place: Place): boolean => lines.some((line) => line.key === place.line && line.kind === "row");
    const frame = { lines: isRow(from) ? lines.filter((line) => line.kind === "row") : lines, columns: this.state.shownColumns.length + 1, page: 1, isFar: false };
    return step(from, key, frame) ?? from;
  }

  /** One answer for everything that is selected. */
  fill(given: Given): void {
    const targets = this.selection.targets();
    const [first] = targets;
    if (first) {
      const title = this.state.titleOf(first.field);
      const words = targets.length === 1 ? title : `${title} for ${targets.length.toLocaleString("en")}`;
      void this.actions.give(targets, given, words);
      this.hooks.onGiven();
      this.grid().focus();
    }
  }

  /** The first row of what is selected says what those below it say. */
  fillDown(): void {
    const { lines, fields } = this.selection.block();
    const rows = lines.filter((line) => line.kind === "row");
    const [first, ...rest] = rows;
    if (!first || rest.length === 0) {
      this.hooks.say("Select the cell to copy and those below it, then fill down.");
      return;
    }
    const wishes = fields.flatMap((field) => {
      const cell = first.row.cells[field];
      const isGap = cell?.state === "not_recorded";
      if (!cell?.text || cell.via !== undefined) {
        return [];
      }
      const value = field === techniqueField ? first.row.technique : cell.text;
      const given: Given = isGap ? { act: "not_recorded", text: "not recorded" } : { act: "value", value, text: cell.text };
      return this.actions.buildWishes(rest.map((line): Target => ({ line, field })), given);
    });
    void this.actions.send(wishes, "…", `Filled down from ${first.row.name}`);
  }

  chooseTechnique(targets: readonly Target[] = this.selection.targets()): void {
    const rows = targets.flatMap(({ line }) => (line.kind === "row" ? [line.row] : line.kind === "group" ? line.ids.flatMap((id) => this.state.rows.get(id) ?? []) : []));
    const [first] = rows;
    if (!first) {
      return;
    }
    const isSame = rows.every((row) => row.technique.join() === first.technique.join());
    const words = rows.length === 1 ? `What is ${first.name}?` : `What are these ${rows.length.toLocaleString("en")} measurements?`;
    const end = (): void => {
      this.chooser.close();
      this.grid().focus();
    };
    const chooser = new TechniqueChooser(this.state.techniques, isSame ? first.technique : [], words, {
      onCommit: (values) => {
        end();
        this.sayTechnique(rows.map((row): Target => ({ line: { kind: "row", key: row.id, row }, field: techniqueField })), values);
      },
      onCancel: end,
    });
    this.chooser.replaceChildren(chooser.element);
    this.chooser.showModal();
    chooser.focus();
  }

  sayTechnique(targets: readonly Target[], techniques: readonly string[]): void {
    if (techniques.length === 0) {
      void this.actions.give(targets, { act: "clear", text: "" }, "Technique taken away");
      return;
    }
    const text = techniques.map((one) => this.state.techniqueTitles.get(one) ?? one).join(", ");
    void this.actions.give(targets, { act: "value", value: [...techniques], text }, `${text} for ${countWords(targets.length, "measurement", "measurements")}`);
  }

  insist(refusal: Refusal): void {
    const line = this.state.lines().find((one) => one.key === refusal.line);
    if (line) {
      void this.actions.give([{ line, field: refusal.field }], { act: "value", text: refusal.note.text }, refusal.title, true);
    }
  }
}
