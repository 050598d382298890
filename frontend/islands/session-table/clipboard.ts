/** Copy, cut and paste of cells, as spreadsheets do it: tabs between columns. One copied value fills all selected cells. */
import { countWords } from "./elements";
import type { TableCell } from "../api/shapes";
import type { Selection } from "./selection";
import type { SheetRequest } from "./server";
import { type TableState, techniqueField } from "./table-state";
import { readTabs, writeTabs } from "./tab-text";

export interface ClipboardHooks {
  onBlock(request: SheetRequest, words: string): void;
  /** Cells with a line of heads: what they would change is shown first. */
  onSheet(text: string): void;
  onFill(text: string): void;
  onRefused(words: string): void;
}

const computed = /^[=+\-@]/;
const plainNumber = /^[+-]?\d+(?:[.,]\d+)?(?:[eE][+-]?\d+)?$/;
const fileWords = new Set(["file", "path", "filename", "file name", "id", "measurement"]);

export class Clipboard {
  constructor(
    element: HTMLElement,
    private readonly state: TableState,
    private readonly selection: Selection,
    private readonly mayAnswer: boolean,
    private readonly hooks: ClipboardHooks,
  ) {
    element.addEventListener("copy", (event) => this.copy(event));
    element.addEventListener("paste", (event) => this.paste(event));
  }

  private isTyping(event: ClipboardEvent): boolean {
    return event.target instanceof HTMLInputElement;
  }

  private copy(event: ClipboardEvent): void {
    const { lines, fields } = this.selection.block();
    if (this.isTyping(event) || lines.length === 0) {
      return;
    }
    const wanted = fields.length > 0 ? fields : this.state.shownColumns.map((column) => column.field);
    const cells = lines.flatMap((line) => {
      if (line.kind !== "row") {
        return lines.length === 1 ? [wanted.map((field) => this.state.answer(line, field)?.text ?? "")] : [];
      }
      return [wanted.map((field) => (field === techniqueField ? line.row.technique.join(", ") : textOf(line.row.cells[field])))];
    });
    event.clipboardData?.setData("text/plain", writeTabs(cells.map((row) => row.map(neutralize))));
    event.preventDefault();
  }

  private paste(event: ClipboardEvent): void {
    const text = event.clipboardData?.getData("text/plain") ?? "";
    if (this.isTyping(event) || text.trim() === "" || !this.mayAnswer) {
      return;
    }
    event.preventDefault();
    const block = readTabs(text);
    const [first = []] = block;
    if (first.some((head) => fileWords.has(head.trim().toLowerCase())) && block.length > 1) {
      this.hooks.onSheet(text);
    } else if (block.length === 1 && first.length === 1) {
      this.hooks.onFill((first[0] ?? "").trim());
    } else {
      this.pasteBlock(text, block);
    }
  }

  /** The first cell of the block goes to the first selected one; the others follow to the right and below. */
  private pasteBlock(text: string, block: readonly (readonly string[])[]): void {
    const { lines, fields } = this.selection.block();
    const start = lines.find((line) => line.kind === "row");
    const rows = this.state.lines().flatMap((line) => (line.kind === "row" ? [line.key] : []));
    const from = start ? rows.indexOf(start.key) : -1;
    const width = Math.max(...block.map((row) => row.length));
    const at = this.state.shownColumns.findIndex((column) => column.field === fields[0]);
    if (from < 0 || at < 0) {
      this.hooks.onRefused("Choose the cell of a measurement where the block begins.");
      return;
    }
    const keys = rows.slice(from, from + block.length);
    const columns = this.state.shownColumns.slice(at, at + width).map(({ field, unit }) => ({ field, unit }));
    this.hooks.onBlock({ text, form: "block", keys, columns }, `Pasted ${countWords(block.length, "row", "rows")} of ${countWords(width, "column", "columns")}`);
  }
}

function textOf(cell: TableCell | undefined): string {
  return cell && cell.state !== "needed" && cell.state !== "empty" ? (cell.text ?? "") : "";
}

/** A text that a spreadsheet would compute is given an apostrophe, as in the CSV; the server takes it off again. */
function neutralize(text: string): string {
  return computed.test(text.replace(/^'+/, "")) && !plainNumber.test(text) ? `'${text}` : text;
}
