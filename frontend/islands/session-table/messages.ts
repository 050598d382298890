/** What was done, said once; and every answer that was not saved, with the reason and the way there. */
import { make, makeButton } from "./elements";
import { placeKey, type Refusal, type TableState } from "./table-state";
import type { UndoStack } from "./undo";

export interface MessageHooks {
  onUndo(): void;
  onGo(refusal: Refusal): void;
  /** Give the answer again, over what somebody else said meanwhile. */
  onInsist(refusal: Refusal): void;
  onForget(place: string): void;
}

const shownRefusals = 8;

export class Messages {
  readonly element: HTMLElement;
  private readonly status = make("p", { class: "st-status", role: "status" });
  private readonly refused = make("div", { class: "notice stop st-refused", role: "alert", "aria-label": "Answers that were not saved", hidden: true });
  private readonly undo: HTMLButtonElement;
  private signature = "";

  constructor(
    private readonly state: TableState,
    private readonly stack: UndoStack,
    private readonly hooks: MessageHooks,
  ) {
    this.undo = makeButton("Undo", () => hooks.onUndo());
    this.undo.hidden = true;
    this.element = make("div", { class: "st-messages" }, make("div", { class: "row" }, this.status, this.undo), this.refused);
  }

  say(words: string, kind?: "done" | "refused"): void {
    this.status.textContent = words;
    this.status.classList.toggle("st-problem", kind === "refused");
    this.undo.hidden = kind === undefined || this.stack.last === null;
  }

  draw(): void {
    const refusals = this.state.refusals();
    const signature = JSON.stringify(refusals);
    if (signature === this.signature) {
      return;
    }
    this.signature = signature;
    this.refused.hidden = refusals.length === 0;
    const more = refusals.length - shownRefusals;
    const forgetAll = makeButton("Forget them", () => refusals.forEach(({ line, field }) => this.hooks.onForget(placeKey(line, field))), "link-button fine");
    this.refused.replaceChildren(
      make("p", {}, `${refusals.length === 1 ? "One answer is" : `${refusals.length} answers are`} not saved. All others are. `, forgetAll),
      make("ul", {}, ...refusals.slice(0, shownRefusals).map((refusal) => this.buildRefusal(refusal)), ...(more > 0 ? [make("li", {}, `and ${more} more, marked in the table`)] : [])),
    );
  }

  private buildRefusal(refusal: Refusal): HTMLElement {
    const { title, place, note } = refusal;
    const go = makeButton(`${title} of ${place}`, () => this.hooks.onGo(refusal), "link-button");
    const item = make("li", {}, go, ` “${note.text}”: ${note.problem}`);
    if (note.isOvertaken) {
      item.append(" ", makeButton(`Use mine: ${note.text}`, () => this.hooks.onInsist(refusal)), " ", makeButton("Keep theirs", () => this.hooks.onForget(placeKey(refusal.line, refusal.field))));
    }
    return item;
  }
}
