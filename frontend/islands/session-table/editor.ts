/**
 * The input in a cell. While it is typed the server says how it reads it, without writing anything: what a help text
 * shows is accepted here as in a file, because one parser reads both. Leaving it saves; Escape leaves all as it was.
 */
import type { TableColumn } from "../api/shapes";
import { make } from "./elements";

export interface Echo {
  text: string;
  isRefused: boolean;
}

export type Leave = "down" | "up" | "right" | "left" | "stay";

export interface EditorHooks {
  echo(text: string, signal: AbortSignal): Promise<Echo | null>;
  /** `isForAll`: for all cells that are selected, and not only for this one. */
  onCommit(text: string, leave: Leave, isForAll: boolean): void;
  onCancel(): void;
}

const patience = 250; // milliseconds without a key before the server is asked

/** Asks how a text is read, once nothing was typed for a moment; an answer to an older text is dropped. */
export class EchoLine {
  readonly element = make("output", { class: "st-echo", "aria-live": "polite", hidden: true });
  private timer = 0;
  private running: AbortController | null = null;

  constructor(private readonly ask: (text: string, signal: AbortSignal) => Promise<Echo | null>) {}

  plan(text: string): void {
    clearTimeout(this.timer);
    this.running?.abort();
    if (text.trim() === "") {
      this.show(null);
      return;
    }
    this.timer = window.setTimeout(() => void this.fetch(text), patience);
  }

  end(): void {
    clearTimeout(this.timer);
    this.running?.abort();
    this.element.remove();
  }

  private async fetch(text: string): Promise<void> {
    const running = new AbortController();
    this.running = running;
    const echo = await this.ask(text, running.signal).catch(() => null);
    if (!running.signal.aborted) {
      this.show(echo);
    }
  }

  show(echo: Echo | null): void {
    this.element.hidden = echo === null || echo.text === "";
    this.element.textContent = echo?.text ?? "";
    this.element.classList.toggle("is-refused", echo?.isRefused ?? false);
  }
}

/** The words that answer a field, where it has no others. */
export function wordsOf(column: TableColumn): string[] {
  return column.kind === "boolean" ? ["yes", "no"] : column.choices.map((choice) => choice.title);
}

/** An input for a field; words of a vocabulary are offered while one types. */
export function buildInput(column: TableColumn, id: string, text: string): { input: HTMLInputElement; list: HTMLDataListElement | null } {
  const words = wordsOf(column);
  const example = column.example || words.slice(0, 3).join(", ");
  const input = make("input", { type: "text", autocomplete: "off", spellcheck: "false", "aria-label": column.title, placeholder: example });
  input.value = text;
  if (words.length === 0) {
    return { input, list: null };
  }
  const list = make("datalist", { id: `${id}-words` });
  list.append(...words.map((word) => make("option", { value: word })));
  input.setAttribute("list", list.id);
  return { input, list };
}

export class CellEditor {
  readonly input: HTMLInputElement;
  private readonly box: HTMLElement;
  private readonly echo: EchoLine;
  private isOver = false;

  constructor(
    cell: HTMLElement,
    column: TableColumn,
    start: { text: string; isTyped: boolean },
    private readonly hooks: EditorHooks,
  ) {
    const { input, list } = buildInput(column, "st-editor", start.text);
    this.input = input;
    this.echo = new EchoLine((text, signal) => hooks.echo(text, signal));
    this.box = make("div", { class: "st-editor" }, input, ...(list ? [list] : []), this.echo.element);
    cell.append(this.box);
    input.addEventListener("input", () => this.echo.plan(input.value));
    input.addEventListener("keydown", (event) => this.press(event));
    input.addEventListener("blur", () => this.commit("stay", false));
    input.focus();
    if (start.isTyped) {
      input.setSelectionRange(start.text.length, start.text.length);
      this.echo.plan(start.text);
    } else {
      input.select();
    }
  }

  private press(event: KeyboardEvent): void {
    event.stopPropagation();
    const leaves: Record<string, Leave> = { Enter: event.shiftKey ? "up" : "down", Tab: event.shiftKey ? "left" : "right" };
    const leave = leaves[event.key];
    if (event.key === "Escape") {
      event.preventDefault();
      this.close();
      this.hooks.onCancel();
    } else if (leave && !event.isComposing) {
      event.preventDefault();
      this.commit(leave, event.key === "Enter" && (event.ctrlKey || event.metaKey));
    }
  }

  commit(leave: Leave, isForAll: boolean): void {
    if (!this.isOver) {
      const { value } = this.input;
      this.close();
      this.hooks.onCommit(value, leave, isForAll);
    }
  }

  close(): void {
    this.isOver = true;
    this.echo.end();
    this.box.remove();
  }
}

/** The techniques of the chosen measurements, as boxes to tick: several compose. */
export class TechniqueChooser {
  readonly element: HTMLElement;
  private readonly boxes: HTMLInputElement[];

  constructor(
    techniques: readonly { value: string; title: string }[],
    chosen: readonly string[],
    words: string,
    hooks: { onCommit(values: string[]): void; onCancel(): void },
  ) {
    this.boxes = techniques.map(({ value }) => {
      const box = make("input", { type: "checkbox", value });
      box.checked = chosen.includes(value);
      return box;
    });
    const apply = make("button", { type: "submit", class: "button small" }, "Set the technique");
    const cancel = make("button", { type: "button", class: "button quiet small" }, "Cancel");
    cancel.addEventListener("click", () => hooks.onCancel());
    const rows = techniques.map(({ title }, index) => make("label", { class: "check" }, this.boxes[index] ?? "", ` ${title}`));
    const form = make("form", { class: "st-techniques", "aria-label": words }, make("p", { class: "fine" }, words), ...rows, make("p", { class: "row" }, apply, cancel));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      hooks.onCommit(this.boxes.filter((box) => box.checked).map((box) => box.value));
    });
    form.addEventListener("keydown", (event) => {
      event.stopPropagation();
      if (event.key === "Escape") {
        hooks.onCancel();
      }
    });
    this.element = form;
  }

  focus(): void {
    (this.boxes.find((box) => box.checked) ?? this.boxes[0])?.focus();
  }
}
