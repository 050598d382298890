/** What was done, said once; and every answer that was not saved, with the reason and the way there. */
import { make, makeButton } from "./elements";
import { placeKey, type Refusal, type TableState } from "./table-state";
import type { UndoStack } from "./undo";

export interface MessageHooks {
  onUndo(): void;
  /** Answer the next field in which something is empty. */
  onNext(field: string): void;
  onGo(refusal: Refusal): void;
  /** Give the answer again, over what somebody else said meanwhile. */
  onInsist(refusal: Refusal): void;
  onForget(place: string): void;
}

const shownRefusals = 8;

/** Answers that were refused for the same reason are said once; those that somebody overtook are each a choice. */
function groupAlike(refusals: readonly Refusal[]): Refusal[][] {
  const groups = new Map<string, Refusal[]>();
  refusals.forEach((refusal, index) => {
    const { field, note } = refusal;
    const key = JSON.stringify([field, note.text, note.problem, note.isOvertaken ? index : -1]);
    groups.set(key, [...(groups.get(key) ?? []), refusal]);
  });
  return [...groups.values()];
}

export class Messages {
  readonly element: HTMLElement;
  private readonly status = make("p", { class: "st-status", role: "status" });
  private readonly refused = make("div", { class: "notice stop st-refused", role: "alert", "aria-label": "Answers that were not saved", hidden: true });
  private readonly undo: HTMLButtonElement;
  private readonly next: HTMLButtonElement;
  private nextField = "";
  private hasAnswered = false;
  private signature = "";

  constructor(
    private readonly state: TableState,
    private readonly stack: UndoStack,
    private readonly hooks: MessageHooks,
  ) {
    this.undo = makeButton("Undo", () => hooks.onUndo());
    this.undo.hidden = true;
    this.next = makeButton("", () => hooks.onNext(this.nextField));
    this.next.hidden = true;
    this.element = make("div", { class: "st-messages" }, make("div", { class: "row" }, this.status, this.undo, this.next), this.refused);
  }

  say(words: string, kind?: "done" | "refused"): void {
    this.status.textContent = words;
    this.status.classList.toggle("st-problem", kind === "refused");
    this.hasAnswered ||= kind !== undefined;
    this.undo.hidden = kind === undefined || this.stack.last === null;
  }

  draw(): void {
    const refusals = this.state.refusals();
    this.drawNext(new Set(refusals.map(({ field }) => field)));
    const signature = JSON.stringify(refusals);
    if (signature === this.signature) {
      return;
    }
    this.signature = signature;
    this.refused.hidden = refusals.length === 0;
    const groups = groupAlike(refusals);
    const more = groups.slice(shownRefusals).flat().length;
    const forgetAll = makeButton("Forget them", () => refusals.forEach(({ line, field }) => this.hooks.onForget(placeKey(line, field))), "link-button fine");
    this.refused.replaceChildren(
      make("p", {}, `${refusals.length === 1 ? "One answer is" : `${refusals.length} answers are`} not saved. All others are. `, forgetAll),
      make("ul", {}, ...groups.slice(0, shownRefusals).map((group) => this.buildRefusals(group)), ...(more > 0 ? [make("li", {}, `and ${more} more, marked in the table`)] : [])),
    );
  }

  /** After an act the next question is at hand: where it was answered, and not at the top of the table. */
  private drawNext(refused: ReadonlySet<string>): void {
    const [column] = !this.hasAnswered ? [] : this.state.open.filter(({ field }) => !refused.has(field));
    this.next.hidden = column === undefined;
    if (column) {
      this.nextField = column.field;
      this.next.textContent = `Next: ${column.title} ${column.sums.needed.toLocaleString("en")}`;
    }
  }

  private buildRefusals([refusal, ...others]: Refusal[]): HTMLElement {
    if (!refusal) {
      return make("li");
    }
    const { title, place, note } = refusal;
    const where = others.length > 0 ? `${place} and ${others.length.toLocaleString("en")} more` : place;
    const go = makeButton(`${title} of ${where}`, () => this.hooks.onGo(refusal), "link-button");
    const why = note.problem.startsWith(`${title}: `) ? note.problem.slice(title.length + 2) : note.problem;
    const item = make("li", {}, go, ` “${note.text}”: ${why}`);
    if (note.isOvertaken) {
      item.append(" ", makeButton(`Use mine: ${note.text}`, () => this.hooks.onInsist(refusal)), " ", makeButton("Keep theirs", () => this.hooks.onForget(placeKey(refusal.line, refusal.field))));
    }
    return item;
  }
}
