/** Below the grid: one answer for everything that is selected, seen in the cells before it is given. */
import { buildInput, type Echo, EchoLine } from "./editor";
import { countWords, make, makeButton, makeSelect } from "./elements";
import type { Target } from "./selection";
import { type TableState, techniqueField } from "./table-state";

export interface FillHooks {
  echo(text: string, signal: AbortSignal): Promise<Echo | null>;
  onTyped(text: string): void;
  onFill(text: string, basis: string): void;
  onGap(): void;
  onDiffers(): void;
  onClear(): void;
  onFillDown(): void;
  onNames(): void;
  onTechnique(): void;
  onClose(): void;
}

const bases = [["", "not said"], ["measured", "measured"], ["calibrated", "calibrated"], ["estimated", "estimated"], ["nominal", "as set"]] as const;

export class FillBar {
  readonly element = make("form", { class: "st-fill", hidden: true, "aria-label": "One answer for what is selected" });
  private signature = "";
  private input: HTMLInputElement | null = null;
  private echo: EchoLine | null = null;

  constructor(
    private readonly state: TableState,
    private readonly hooks: FillHooks,
  ) {
    this.element.addEventListener("submit", (event) => {
      event.preventDefault();
      const basis = this.element.querySelector<HTMLSelectElement>("[data-part=basis]")?.value ?? "";
      if (this.input && this.input.value.trim() !== "") {
        this.hooks.onFill(this.input.value, basis);
      }
    });
    this.element.addEventListener("keydown", (event) => {
      event.stopPropagation();
      if (event.key === "Escape") {
        this.hooks.onClose();
      }
    });
  }

  get typed(): string {
    return this.input?.value ?? "";
  }

  focus(): void {
    this.input?.focus();
  }

  /** What was typed is given, or given up. */
  forget(): void {
    if (this.input) {
      this.input.value = "";
    }
    this.echo?.show(null);
  }

  /** Show what is selected; what was typed stays while only the selection grows. */
  draw(targets: readonly Target[]): void {
    const field = targets[0]?.field ?? "";
    const isOne = targets.every((target) => target.field === field);
    const places = targets.reduce((sum, { line }) => sum + (line.kind === "group" ? line.ids.length : line.kind === "all" ? this.state.count : 1), 0);
    this.element.hidden = targets.length < 2;
    const signature = `${isOne ? field : "several"} ${targets.length} ${places}`;
    if (this.element.hidden || signature === this.signature) {
      return;
    }
    const hadFocus = document.activeElement === this.input && this.input !== null;
    const isSameField = this.signature.startsWith(`${field} `);
    const text = isSameField ? this.typed : "";
    this.signature = signature;
    this.echo?.end();
    this.element.replaceChildren(...(isOne ? this.buildOne(field, targets.length, text) : this.buildSeveral(targets.length)), this.buildLinks());
    if (hadFocus) {
      this.input?.focus();
    }
  }

  private buildOne(field: string, count: number, text: string): Node[] {
    const column = this.state.column(field);
    if (!column) {
      return [];
    }
    const words = make("span", {}, "Set ", make("b", {}, column.title), ` for ${count.toLocaleString("en")} selected`);
    if (field === techniqueField) {
      this.input = null;
      return [make("div", { class: "row" }, words, makeButton("Choose the technique …", () => this.hooks.onTechnique(), "button small"), this.buildClose())];
    }
    const { input, list } = buildInput(column, "st-fill", text);
    input.setAttribute("aria-label", `${column.title} for ${countWords(count, "selected cell", "selected cells")}`);
    const echo = new EchoLine((typed, signal) => this.hooks.echo(typed, signal));
    input.addEventListener("input", () => {
      echo.plan(input.value);
      this.hooks.onTyped(input.value);
    });
    this.input = input;
    this.echo = echo;
    const basis = column.unit === null ? [] : [make("label", { class: "row fine" }, "how known ", makeBasis())];
    const fill = make("button", { type: "submit", class: "button small" }, `Fill ${count.toLocaleString("en")}`);
    return [make("div", { class: "row" }, words, input, ...(list ? [list] : []), ...basis, fill, this.buildClose()), echo.element];
  }

  private buildSeveral(count: number): Node[] {
    this.input = null;
    const words = `${count.toLocaleString("en")} cells of several fields are selected. Ctrl+C copies them, Ctrl+V pastes a block of a spreadsheet here.`;
    return [make("div", { class: "row" }, make("span", {}, words), this.buildClose())];
  }

  private buildClose(): HTMLButtonElement {
    const close = makeButton("✕", () => this.hooks.onClose(), "link-button st-close");
    close.setAttribute("aria-label", "Select nothing");
    return close;
  }

  private buildLinks(): HTMLElement {
    const links: [string, () => void][] = [
      ["Not recorded", () => this.hooks.onGap()],
      ["Fill down", () => this.hooks.onFillDown()],
      ["From file names …", () => this.hooks.onNames()],
      ["Differs for these files", () => this.hooks.onDiffers()],
      ["Clear", () => this.hooks.onClear()],
    ];
    return make("p", { class: "row fine" }, ...links.map(([words, act]) => makeButton(words, act, "link-button fine")));
  }
}

function makeBasis(): HTMLSelectElement {
  const select = makeSelect("How it is known", bases, "");
  select.dataset.part = "basis";
  return select;
}
