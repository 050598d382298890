/** Above the grid: what is left in one sentence, each open question as a button, and what can be done with many rows. */
import { countWords, make, makeButton, makeSelect } from "./elements";
import type { Grouping } from "./rows";
import type { TableState } from "./table-state";

export interface ToolbarHooks {
  onQuestion(field: string): void;
  onGroup(grouping: Grouping): void;
  onIncomplete(isOn: boolean): void;
  /** Put the columns that ask for nothing onto the screen, or take them off it. */
  onComplete(isOn: boolean): void;
  onSelect(glob: string): void;
  onNames(): void;
  onSheet(): void;
  onGapRest(): void;
  onUndo(): void;
  onAddColumn(field: string): void;
}

const groupings = [["kind", "kind"], ["folder", "folder"], ["day", "day"], ["instrument", "instrument"]] as const;

export class Toolbar {
  readonly summary = make("div", { class: "st-summary" });
  readonly tools: HTMLElement;
  readonly more = make("div", { class: "st-more" });
  private readonly incomplete: HTMLButtonElement;
  private readonly complete: HTMLButtonElement;
  private readonly gapRest: HTMLButtonElement | null;
  private signature = "";

  constructor(
    private readonly state: TableState,
    private readonly mayAnswer: boolean,
    private readonly hooks: ToolbarHooks,
  ) {
    const grouping = makeSelect("Group by", groupings, state.grouping);
    grouping.addEventListener("change", () => hooks.onGroup(grouping.value as Grouping));
    this.incomplete = makeButton("Only incomplete", () => hooks.onIncomplete(this.incomplete.getAttribute("aria-pressed") !== "true"));
    this.incomplete.setAttribute("aria-pressed", "false");
    this.complete = makeButton("", () => hooks.onComplete(!this.state.isWhole));
    this.gapRest = mayAnswer ? makeButton("Not recorded for what is empty", () => hooks.onGapRest()) : null;
    const doing = mayAnswer ? [makeButton("From file names …", () => hooks.onNames())] : [];
    const last = [...(this.gapRest ? [this.gapRest] : []), ...(mayAnswer ? [makeButton("Undo", () => hooks.onUndo())] : [])];
    this.tools = make(
      "div",
      { class: "st-tools" },
      make("label", { class: "row fine st-wide" }, "Group by ", grouping),
      this.incomplete,
      this.complete,
      this.buildFinder(),
      ...doing,
      makeButton(mayAnswer ? "Paste or CSV …" : "CSV …", () => hooks.onSheet()),
      make("span", { class: "st-space" }),
      ...last,
    );
  }

  private buildFinder(): HTMLElement {
    const input = make("input", { type: "search", "aria-label": "Select files by name", placeholder: "select: *_haadf_*", autocomplete: "off", spellcheck: "false" });
    input.addEventListener("keydown", (event) => {
      if (event.key === "Enter") {
        event.preventDefault();
        this.hooks.onSelect(input.value);
      }
    });
    return make("span", { class: "st-find" }, input);
  }

  draw(): void {
    const { state } = this;
    const open = state.open.map((column) => [column.field, column.title, column.sums.needed] as const);
    const same = [state.same, state.helpful].map((columns) => columns.map((column) => [column.field, column.title, column.sums.texts.join("; ")]));
    const { nNeeded, nWaiting } = state;
    const mayDeclare = [...state.rows.values()].some((row) => Object.values(row.cells).some((cell) => cell.state === "needed" && cell.may_be_gap));
    const isRead = state.rows.size > 0;
    const signature = JSON.stringify([open, same, nNeeded, nWaiting, mayDeclare, isRead, state.isFetched, state.isWhole, state.complete.length]);
    if (signature === this.signature) {
      return;
    }
    this.signature = signature;
    this.summary.replaceChildren(...this.buildSummary(open, nNeeded, nWaiting));
    this.more.replaceChildren(...this.buildMore());
    this.complete.hidden = !state.isWhole && state.complete.length === 0;
    this.complete.textContent = state.isWhole ? "Hide complete" : `Show ${state.complete.length} complete`;
    if (this.gapRest) {
      this.gapRest.hidden = !mayDeclare;
    }
  }

  private buildSummary(open: readonly (readonly [string, string, number])[], nNeeded: number, nWaiting: number): Node[] {
    if (!this.state.isFetched) {
      return [make("p", { class: "soft" }, "Fetching the table …")];
    }
    if (open.length === 0 && !this.mayAnswer) {
      return []; // who only reads is not told what waits, nor that nothing does
    }
    if (open.length === 0) {
      const isSilent = [...this.state.rows.values()].some((row) => row.kind === "");
      const words = isSilent ? "Say first what each measurement is; then it is known what else is asked." : "Nothing that is needed is missing here.";
      return [make("p", { class: "soft" }, words)];
    }
    const sentence = make("p", {}, make("b", { class: "st-count" }, countWords(nNeeded, "answer", "answers")), ` ${nNeeded === 1 ? "completes" : "complete"} ${countWords(nWaiting, "measurement", "measurements")}`);
    const chips = open.map(([field, title, needed]) => {
      const chip = makeButton("", () => this.hooks.onQuestion(field), "st-chip");
      chip.append(`${title} `, make("b", {}, needed.toLocaleString("en")));
      chip.setAttribute("aria-label", `${title}: select the ${countWords(needed, "empty cell", "empty cells")}`);
      return chip;
    });
    return [sentence, make("div", { class: "st-chips" }, ...chips)];
  }

  private buildMore(): Node[] {
    const { same, helpful } = this.state;
    const nodes: Node[] = [];
    if (same.length > 0) {
      const words = same.length === 1 ? "1 field is the same for all" : `${same.length} fields are the same for all`;
      nodes.push(this.buildFields(words, same.map((column) => ({ ...column, said: column.sums.texts.join("; ") }))));
    }
    if (helpful.length > 0) {
      const words = this.mayAnswer ? "that would help others, if you know them" : "of which nothing is said";
      nodes.push(this.buildFields(`${countWords(helpful.length, "field", "fields")} ${words}`, helpful.map((column) => ({ ...column, said: "" }))));
    }
    return nodes;
  }

  private buildFields(words: string, columns: readonly { field: string; title: string; description: string; said: string }[]): HTMLElement {
    const items = columns.map(({ field, title, description, said }) => {
      const add = makeButton(this.mayAnswer ? (said ? "Change" : "Answer") : "Show", () => this.hooks.onAddColumn(field), "link-button fine");
      add.setAttribute("aria-label", `${add.textContent}: ${title}`);
      return make("li", { title: description }, make("span", { class: "soft" }, `${title}${said ? ": " : " "}`), ...(said ? [`${said} `] : []), add);
    });
    return make("details", { class: "fine" }, make("summary", {}, words), make("ul", {}, ...items));
  }

  setIncomplete(isOn: boolean): void {
    this.incomplete.setAttribute("aria-pressed", String(isOn));
  }
}
