/** The table as CSV: out as a file, in from one or from the clipboard; what it would change is shown before it does. */
import type { SheetChange } from "../api/shapes";
import { countWords, make, makeButton, makeSelect } from "./elements";
import type { SheetRequest, TableServer } from "./server";
import { decodeText } from "./tab-text";
import type { TableState } from "./table-state";

const shownResults = 60;
const patience = 300; // milliseconds without a key before the server is asked
const decimalMarks = [["auto", "decimal mark as found"], [".", "point: 0.05"], [",", "comma: 0,05"]] as const;

export class SheetDialog {
  readonly element: HTMLDialogElement;
  private readonly text = make("textarea", { "aria-label": "Cells from a spreadsheet, with a line of heads", spellcheck: "false", rows: 6, class: "mono" });
  private readonly decimal = makeSelect("Decimal mark", decimalMarks, "auto");
  private readonly file = make("input", { type: "file", accept: ".csv,.tsv,.txt,text/csv", class: "visually-hidden" });
  private readonly verdict = make("p", { class: "fine", role: "status" });
  private readonly preview = make("div", { class: "st-preview" });
  private readonly apply = make("button", { type: "submit", class: "button", disabled: true }, "Take them");
  private timer = 0;
  private serial = 0;

  constructor(
    private readonly server: TableServer,
    private readonly state: TableState,
    private readonly mayAnswer: boolean,
    private readonly onTake: (request: SheetRequest, words: string) => Promise<boolean>,
  ) {
    this.text.placeholder = "file\tconvergence\nscan_01.mib\t21.4 mrad";
    const download = make("a", { class: "button quiet", href: server.sheetAddress(), download: "" }, "Download the table as CSV");
    const cancel = makeButton("Close", () => this.element.close(), "button quiet");
    const taking = [
      make("p", { class: "fine soft" }, "Change it in any spreadsheet, and choose it here again; or paste cells with a column “file”. Empty cells say nothing, a cell with - takes an answer away, and nothing is computed."),
      make("p", { class: "row" }, make("label", { class: "button quiet" }, "Choose a CSV file", this.file), this.decimal),
      this.text,
      this.verdict,
      this.preview,
    ];
    const form = make("form", { method: "dialog" }, make("h2", {}, "Paste or CSV"), make("p", { class: "row" }, download), ...(mayAnswer ? taking : []), make("p", { class: "row" }, ...(mayAnswer ? [this.apply] : []), cancel));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.take();
    });
    this.text.addEventListener("input", () => this.plan());
    this.decimal.addEventListener("change", () => this.plan());
    this.file.addEventListener("change", () => void this.readFile());
    this.element = make("dialog", { class: "st-dialog", "aria-label": "Paste or CSV" }, form);
    this.element.addEventListener("keydown", (event) => event.stopPropagation());
    this.element.addEventListener("paste", (event) => event.stopPropagation());
  }

  open(text = ""): void {
    this.text.value = text;
    this.show(null, "");
    this.element.showModal();
    if (text !== "") {
      this.plan();
    }
  }

  private async readFile(): Promise<void> {
    const [file] = this.file.files ?? [];
    if (file) {
      const text = decodeText(new Uint8Array(await file.arrayBuffer()));
      this.file.value = "";
      this.text.value = text ?? "";
      if (text === null) {
        this.show(null, `${file.name} is no text. Save the sheet as CSV in your spreadsheet program, and choose that file.`);
      } else {
        await this.look();
      }
    }
  }

  private plan(): void {
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => void this.look(), patience);
  }

  private request(isDryRun: boolean): SheetRequest {
    return { text: this.text.value, form: "sheet", decimal: this.decimal.value as "auto" | "." | ",", dry_run: isDryRun };
  }

  private async look(): Promise<void> {
    this.serial += 1;
    const { serial } = this;
    if (this.text.value.trim() === "" || !this.mayAnswer) {
      this.show(null, "");
      return;
    }
    try {
      const found = await this.server.takeSheet(this.request(true));
      if (serial === this.serial) {
        this.show(found, describe(found));
      }
    } catch (error) {
      if (serial === this.serial) {
        this.show(null, error instanceof Error ? error.message : String(error));
      }
    }
  }

  private show(found: SheetChange | null, words: string): void {
    this.verdict.textContent = words;
    this.apply.disabled = found === null || found.saved === 0;
    this.apply.textContent = found !== null && found.saved > 0 ? `Take ${countWords(found.saved, "answer", "answers")}` : "Take them";
    const results = (found?.results ?? []).filter((result) => result.result !== "unchanged");
    const order = [...results.filter((result) => result.result === "refused"), ...results.filter((result) => result.result === "saved")];
    this.preview.replaceChildren(...(order.length > 0 ? [this.buildTable(order)] : []));
  }

  private buildTable(results: SheetChange["results"]): HTMLElement {
    const rows = results.slice(0, shownResults).map((result) => {
      const isRefused = result.result === "refused";
      const said = isRefused ? [result.message, result.hint].filter(Boolean).join(" ") : (result.text ?? "") || "taken away";
      return make("tr", {}, make("th", { scope: "row" }, result.path ?? ""), make("td", {}, this.state.titleOf(result.field)), make("td", { class: isRefused ? "st-problem" : "" }, said));
    });
    const more = results.length - rows.length;
    const head = make("thead", {}, make("tr", {}, ...["File", "Field", "Answer"].map((words) => make("th", { scope: "col" }, words))));
    return make("table", {}, head, make("tbody", {}, ...rows, ...(more > 0 ? [make("tr", {}, make("td", { colspan: 3 }, `and ${more} more`))] : [])));
  }

  private async take(): Promise<void> {
    if (this.apply.disabled) {
      return;
    }
    const request = this.request(false);
    this.element.close();
    await this.onTake(request, "From a spreadsheet");
  }
}

function describe(found: SheetChange): string {
  const parts = [countWords(found.saved, "new answer", "new answers")];
  if (found.unchanged > 0) {
    parts.push(`${found.unchanged} said so already`);
  }
  if (found.refused > 0) {
    parts.push(`${found.refused} cannot be taken, with the reason below; the others are not held back`);
  }
  const unknown = found.unknown_columns.length > 0 ? ` Not known and passed over: ${found.unknown_columns.join(", ")}.` : "";
  const mark = found.decimal === "," ? " Decimal commas were read." : "";
  return `${parts.join(", ")}.${unknown}${mark}`;
}
