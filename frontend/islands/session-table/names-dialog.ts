/** Answers from file names: a pattern, what it finds marked in each name, and what stands there now; then one button. */
import type { NamesChange } from "../api/shapes";
import { trimUnit } from "./cell-words";
import { countWords, make, makeButton, makeSelect } from "./elements";
import type { NamesRequest, TableServer } from "./server";
import { type TableState, techniqueField } from "./table-state";

const shownMatches = 60;
const patience = 300; // milliseconds without a key before the server is asked

export class NamesDialog {
  readonly element: HTMLDialogElement;
  private readonly pattern: HTMLInputElement;
  private readonly fields = make("div", { class: "st-words" });
  private readonly preview = make("div", { class: "st-preview" });
  private readonly verdict = make("p", { class: "fine", role: "status" });
  private readonly apply: HTMLButtonElement;
  private readonly onlyEmpty = make("input", { type: "checkbox" });
  private readonly onlyChosen = make("input", { type: "checkbox" });
  private readonly chosenLabel = make("label", { class: "check fine" }, this.onlyChosen, " only the selected files");
  private keys: string[] = [];
  private timer = 0;
  private found: NamesChange | null = null;
  private serial = 0;

  constructor(
    private readonly server: TableServer,
    private readonly state: TableState,
    private readonly onTake: (request: NamesRequest, words: string) => Promise<void>,
  ) {
    this.pattern = make("input", { type: "text", "aria-label": "Pattern of the file names", placeholder: "*_{tilt}deg.dm4", autocomplete: "off", spellcheck: "false", class: "mono" });
    this.apply = make("button", { type: "submit", class: "button", disabled: true }, "Take them");
    const cancel = makeButton("Cancel", () => this.element.close(), "button quiet");
    const form = make(
      "form",
      { method: "dialog" },
      make("h2", {}, "Answers from file names"),
      make("p", { class: "fine soft" }, "Write a name with * for what differs and {words} in braces for what is the answer; then say which field each word is."),
      this.pattern,
      this.fields,
      make("p", { class: "row" }, make("label", { class: "check fine" }, this.onlyEmpty, " only where nothing is answered"), this.chosenLabel),
      this.verdict,
      this.preview,
      make("p", { class: "row" }, this.apply, cancel),
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.take();
    });
    form.addEventListener("input", () => this.plan());
    this.element = make("dialog", { class: "st-dialog", "aria-label": "Answers from file names" }, form);
    this.element.addEventListener("keydown", (event) => event.stopPropagation());
  }

  open(field: string | undefined, keys: readonly string[]): void {
    this.keys = [...keys];
    this.chosenLabel.hidden = keys.length === 0;
    this.onlyChosen.checked = keys.length > 1;
    if (this.pattern.value === "") {
      this.pattern.value = this.suggest();
    }
    this.drawWords(field);
    this.element.showModal();
    this.pattern.focus();
    this.plan();
  }

  /** A first pattern from the first name that ends in a number, of those that are selected if any are. */
  private suggest(): string {
    const rows = [...this.state.rows.values()].filter((row) => this.keys.length === 0 || this.keys.includes(row.id));
    for (const { name } of rows) {
      const match = /^(.*?)(-?\d+(?:\.\d+)?)([^\d.]*)(\.\w+)$/.exec(name);
      if (match) {
        return `*${(match[1] ?? "").slice(-1)}{value}${match[3] ?? ""}${match[4] ?? ""}`;
      }
    }
    return "";
  }

  private words(): string[] {
    return [...new Set([...this.pattern.value.matchAll(/\{([^{}]*)\}/g)].map((match) => match[1]?.trim() ?? "").filter(Boolean))];
  }

  /** For each word of the pattern the field that it answers; a choice once made stays. */
  private drawWords(field?: string): void {
    const known = this.state.known.filter((column) => column.field !== techniqueField);
    const before = new Map(Array.from(this.fields.querySelectorAll<HTMLSelectElement>("select"), (select) => [select.dataset.word, select.value]));
    const words = this.words();
    if (words.join() === [...before.keys()].join() && field === undefined) {
      return;
    }
    this.fields.replaceChildren(
      ...words.map((word, index) => {
        const chosen = before.get(word) ?? (index === 0 && field !== undefined ? field : guessField(word, known));
        const select = makeSelect(`Field of {${word}}`, [["", "choose a field …"], ...known.map((column) => [column.field, column.title] as const)], chosen);
        select.dataset.word = word;
        return make("label", { class: "row fine" }, make("code", {}, `{${word}}`), " is ", select);
      }),
    );
  }

  private plan(): void {
    this.drawWords();
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => void this.look(), patience);
  }

  private request(isDryRun: boolean): NamesRequest | null {
    const selects = Array.from(this.fields.querySelectorAll<HTMLSelectElement>("select"));
    if (selects.length === 0 || selects.some((select) => select.value === "")) {
      return null;
    }
    const columns = Object.fromEntries(
      selects.map((select) => {
        const unit = this.state.known.find((column) => column.field === select.value)?.unit ?? null;
        return [select.dataset.word ?? "", { field: select.value, unit }];
      }),
    );
    const keys = this.onlyChosen.checked ? { keys: this.keys } : {};
    return { pattern: this.pattern.value, columns, only_empty: this.onlyEmpty.checked, dry_run: isDryRun, ...keys };
  }

  private async look(): Promise<void> {
    const request = this.request(true);
    this.serial += 1;
    const { serial } = this;
    if (request === null) {
      const words = this.words().length === 0 ? "Nothing in the pattern stands in braces yet." : "Say which field each word is.";
      this.show(null, words);
      return;
    }
    try {
      const found = await this.server.takeNames(request);
      if (serial === this.serial) {
        this.show(found, found.message || this.describe(found));
      }
    } catch (error) {
      if (serial === this.serial) {
        this.show(null, error instanceof Error ? error.message : String(error));
      }
    }
  }

  private describe(found: NamesChange): string {
    const refused = found.refused > 0 ? ` ${found.refused} cannot be read; they are left out.` : "";
    const same = found.unchanged > 0 ? ` ${found.unchanged} say so already.` : "";
    return `${found.matched} of ${found.looked_at} names match: ${countWords(found.saved, "new answer", "new answers")}.${same}${refused}`;
  }

  private show(found: NamesChange | null, words: string): void {
    this.found = found;
    this.verdict.textContent = words;
    this.apply.disabled = found === null || found.saved === 0;
    this.apply.textContent = found !== null && found.saved > 0 ? `Take ${countWords(found.saved, "answer", "answers")}` : "Take them";
    this.preview.replaceChildren(...(found !== null && found.matches.length > 0 ? [this.buildTable(found)] : []));
  }

  private buildTable(found: NamesChange): HTMLElement {
    const results = new Map<string, NamesChange["results"]>();
    for (const result of found.results) {
      results.set(result.key, [...(results.get(result.key) ?? []), result]);
    }
    const rows = found.matches.slice(0, shownMatches).map((match) =>
      make(
        "tr",
        {},
        make("th", { scope: "row" }, ...markSpans(match.path, Object.values(match.spans))),
        make("td", {}, ...(results.get(match.key) ?? []).map((result) => make("div", { class: result.result === "refused" ? "st-problem" : "" }, result.result === "refused" ? (result.message ?? "") : `${this.state.titleOf(result.field)}: ${result.text ?? ""}`))),
        make("td", { class: "soft" }, ...(results.get(match.key) ?? []).map((result) => make("div", {}, this.now(match.key, result.field)))),
      ),
    );
    const more = found.matches.length - rows.length;
    const head = make("thead", {}, make("tr", {}, make("th", { scope: "col" }, "Name"), make("th", { scope: "col" }, "New"), make("th", { scope: "col" }, "Now")));
    const body = make("tbody", {}, ...rows, ...(more > 0 ? [make("tr", {}, make("td", { colspan: 3 }, `and ${more} more`))] : []));
    return make("table", {}, head, body);
  }

  private now(key: string, field: string): string {
    const cell = this.state.cell(key, field);
    return cell?.state === "needed" ? "needed" : trimUnit(cell?.text ?? "", null);
  }

  private async take(): Promise<void> {
    const request = this.request(false);
    if (request === null || !this.found || this.found.saved === 0) {
      return;
    }
    this.element.close();
    await this.onTake(request, "From file names");
  }
}

function guessField(word: string, known: readonly { field: string; title: string }[]): string {
  const wanted = word.toLowerCase().replaceAll("_", " ");
  const fits = (column: { field: string; title: string }): boolean => column.field === word || column.title.toLowerCase().includes(wanted);
  return known.find(fits)?.field ?? "";
}

/** A name with the parts marked that are answers. */
function markSpans(path: string, spans: readonly (readonly number[])[]): Node[] {
  const sorted = [...spans].sort((one, other) => (one[0] ?? 0) - (other[0] ?? 0));
  const nodes: Node[] = [];
  let at = 0;
  for (const [start = 0, end = 0] of sorted) {
    nodes.push(document.createTextNode(path.slice(at, start)), make("mark", {}, path.slice(start, end)));
    at = end;
  }
  nodes.push(document.createTextNode(path.slice(at)));
  return nodes;
}
