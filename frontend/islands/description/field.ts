/** One rendered field (`.field[data-paths]`): reads its controls, shows problems, dims what a gap replaces. */
import { isRecord } from "../api/problem";
import { type FieldKind, type Reading, readField } from "./field-value";

type Control = HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement;

function findControl(scope: HTMLElement, part: string): Control | null {
  return scope.querySelector<Control>(`[data-part="${part}"]`);
}

function readInput(scope: HTMLElement): string | string[] {
  const boxes = scope.querySelectorAll<HTMLInputElement>('input[type=checkbox][data-part="value"]');
  if (boxes.length > 0) {
    return Array.from(boxes)
      .filter((box) => box.checked)
      .map((box) => box.value);
  }
  return findControl(scope, "value")?.value ?? "";
}

function readGap(scope: HTMLElement): string {
  const control = findControl(scope, "gap");
  return control instanceof HTMLInputElement && control.checked ? control.value : "";
}

function readControls(scope: HTMLElement): Reading {
  return readField({
    kind: (scope.dataset.kind ?? "text") as FieldKind,
    input: readInput(scope),
    unit: findControl(scope, "unit")?.value ?? "",
    basis: findControl(scope, "basis")?.value ?? "",
    gap: readGap(scope),
  });
}

/** The objects of a list, one per row; rows in which nothing is said but what was preset are left out. */
function readRows(element: HTMLElement): Reading {
  const objects: Record<string, unknown>[] = [];
  for (const row of element.querySelectorAll<HTMLElement>("[data-part=row]")) {
    const object: Record<string, unknown> = {};
    let isSaid = false;
    for (const part of row.querySelectorAll<HTMLElement>("[data-key]")) {
      const reading = readControls(part);
      if (!reading.ok) {
        return reading;
      }
      if (reading.value !== undefined) {
        object[part.dataset.key ?? ""] = reading.value;
        isSaid ||= part.dataset.preset === undefined;
      }
    }
    if (isSaid) {
      objects.push(object);
    }
  }
  return { ok: true, value: objects.length > 0 ? objects : undefined };
}

function fillRow(row: HTMLElement | null, entry: unknown): void {
  for (const part of row?.querySelectorAll<HTMLElement>("[data-key]") ?? []) {
    const value = isRecord(entry) ? entry[part.dataset.key ?? ""] : undefined;
    const control = findControl(part, "value");
    if (control && typeof value === "string") {
      control.value = value;
    }
  }
}

export class MetadataField {
  /** Where the answer is written; several where single measurements lack it. */
  readonly paths: string[][];
  readonly label: string;
  private initial: string;
  /** A row in which nothing is said, of a list of objects. */
  private emptyRow: HTMLElement | null = null;

  constructor(readonly element: HTMLElement) {
    this.paths = JSON.parse(element.dataset.paths ?? "[]") as string[][];
    this.label = element.dataset.label ?? element.querySelector("label, .label")?.textContent.trim() ?? "";
    this.prepareRows();
    this.initial = this.snapshot();
    this.showGap();
  }

  get isChanged(): boolean {
    return this.snapshot() !== this.initial;
  }

  read(): Reading {
    if (this.element.dataset.kind !== "objects") {
      return readControls(this.element);
    }
    const gap = readGap(this.element);
    return gap ? { ok: true, value: { missing: gap } } : readRows(this.element);
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
    findControl(this.element, "value")?.setAttribute("aria-invalid", String(problem !== ""));
  }

  showGap(): void {
    this.element.classList.toggle("is-gap", readGap(this.element) !== "");
  }

  declareGap(): void {
    const gap = findControl(this.element, "gap");
    const reading = this.read();
    const isEmpty = reading.ok && reading.value === undefined;
    if (gap instanceof HTMLInputElement && isEmpty && this.element.classList.contains("is-missing")) {
      gap.checked = true;
    }
  }

  focus(): void {
    // The field may lie in a part of the page that is folded away.
    this.element.closest("details")?.setAttribute("open", "");
    findControl(this.element, "value")?.focus();
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
    if (this.element.dataset.kind === "objects") {
      this.element.querySelector("[data-part=rows]")?.replaceChildren();
      for (const entry of Array.isArray(value) ? (value as unknown[]) : []) {
        fillRow(this.addRow(), entry);
      }
      this.addRow();
    } else {
      const control = findControl(this.element, "value");
      const text = Array.isArray(value) ? value.join("\n") : typeof value === "string" || typeof value === "number" ? String(value) : "";
      if (control) {
        control.value = text;
      }
    }
    this.settle();
  }

  private snapshot(): string {
    const controls = this.element.querySelectorAll<Control>("[data-part=value], [data-part=unit], [data-part=basis]");
    const values = Array.from(controls, (control) =>
      control instanceof HTMLInputElement && control.type === "checkbox" ? control.checked : control.value,
    );
    return JSON.stringify([values, readGap(this.element)]);
  }
}
