/** One rendered field (`.field[data-field]`): reads its input, or the rows of its list, and shows what is wrong. */
import { isRecord } from "../api/problem";

type Control = HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement;

function findControl(scope: HTMLElement): Control | null {
  return scope.querySelector<Control>("[data-part=value]");
}

/** What stands in an input, texts one per line as a list; `undefined` means that nothing is said here. */
function readInput(scope: HTMLElement): string | string[] | undefined {
  const text = findControl(scope)?.value.trim() ?? "";
  if (text === "") {
    return undefined;
  }
  return scope.dataset.kind === "texts" ? text.split(/\n+/).map((line) => line.trim()).filter(Boolean) : text;
}

/** The objects of a list, one per row; rows in which nothing is said but what was preset are left out. */
function readRows(element: HTMLElement): Record<string, unknown>[] | undefined {
  const objects: Record<string, unknown>[] = [];
  for (const row of element.querySelectorAll<HTMLElement>("[data-part=row]")) {
    const object: Record<string, unknown> = {};
    let isSaid = false;
    for (const part of row.querySelectorAll<HTMLElement>("[data-key]")) {
      const value = readInput(part);
      if (value !== undefined) {
        object[part.dataset.key ?? ""] = value;
        isSaid ||= part.dataset.preset === undefined;
      }
    }
    if (isSaid) {
      objects.push(object);
    }
  }
  return objects.length > 0 ? objects : undefined;
}

function fillRow(row: HTMLElement | null, entry: unknown): void {
  for (const part of row?.querySelectorAll<HTMLElement>("[data-key]") ?? []) {
    const value = isRecord(entry) ? entry[part.dataset.key ?? ""] : undefined;
    const control = findControl(part);
    if (control && typeof value === "string") {
      control.value = value;
    }
  }
}

export class MetadataField {
  /** Where the answer is written. */
  readonly path: string[];
  readonly label: string;
  private initial: string;
  /** A row in which nothing is said, of a list of objects. */
  private emptyRow: HTMLElement | null = null;

  constructor(readonly element: HTMLElement) {
    this.path = ["dataset", element.dataset.field ?? ""];
    this.label = element.dataset.label ?? element.querySelector("label, .label")?.textContent.trim() ?? "";
    this.prepareRows();
    this.initial = this.snapshot();
  }

  get isList(): boolean {
    return this.element.dataset.kind === "objects";
  }

  get isChanged(): boolean {
    return this.snapshot() !== this.initial;
  }

  read(): unknown {
    return this.isList ? readRows(this.element) : readInput(this.element);
  }

  /** What stands here is what is saved. */
  settle(): void {
    this.initial = this.snapshot();
    this.showProblem("");
  }

  showProblem(problem: string): void {
    const line = this.element.querySelector<HTMLElement>(".problem");
    if (line) {
      line.textContent = problem;
      line.hidden = problem === "";
    }
    findControl(this.element)?.setAttribute("aria-invalid", String(problem !== ""));
  }

  /** The last row is rendered empty; further ones are copies of it. */
  private prepareRows(): void {
    const empty = this.element.querySelector("[data-part=rows]")?.lastElementChild?.cloneNode(true);
    this.emptyRow = empty instanceof HTMLElement ? empty : null;
    const rows = this.element.querySelectorAll("[data-part=row]");
    if (this.element.dataset.foldsEmpty !== undefined && rows.length > 1) {
      rows.item(rows.length - 1).remove(); // the button brings it when it is wanted
    }
    this.element.querySelector("[data-part=add-row]")?.addEventListener("click", () => {
      const row = this.addRow();
      row?.querySelector<Control>("input[data-part=value]:not([type=hidden])")?.focus();
    });
  }

  private addRow(): HTMLElement | null {
    const row = this.emptyRow?.cloneNode(true);
    if (!(row instanceof HTMLElement)) {
      return null;
    }
    this.element.querySelector("[data-part=rows]")?.append(row);
    return row;
  }

  /** Take a row out; one that is empty always remains, and the keyboard stays in the list. */
  removeRow(row: HTMLElement | null): void {
    row?.remove();
    if (this.element.querySelector("[data-part=row]") === null) {
      this.addRow();
    }
    this.element.querySelector<HTMLElement>("[data-part=add-row]")?.focus();
  }

  /** Show what somebody else has saved; it is what stands there now. */
  show(value: unknown): void {
    if (this.isList) {
      this.element.querySelector("[data-part=rows]")?.replaceChildren();
      for (const entry of Array.isArray(value) ? (value as unknown[]) : []) {
        fillRow(this.addRow(), entry);
      }
      this.addRow();
    } else {
      const control = findControl(this.element);
      const text = Array.isArray(value) ? value.join("\n") : typeof value === "string" || typeof value === "number" ? String(value) : "";
      if (control) {
        control.value = text;
      }
    }
    this.settle();
  }

  private snapshot(): string {
    return JSON.stringify(Array.from(this.element.querySelectorAll<Control>("[data-part=value]"), ({ value }) => value));
  }
}
