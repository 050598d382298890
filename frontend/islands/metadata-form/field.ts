/** One rendered field (`.field[data-path]`): reads its controls, shows problems, dims what a gap replaces. */
import { type FieldKind, type Reading, readField } from "./field-value";

type Control = HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement;

export class MetadataField {
  readonly path: string[];
  readonly label: string;
  private readonly initial: string;

  constructor(readonly element: HTMLElement) {
    this.path = JSON.parse(element.dataset.path ?? "[]") as string[];
    this.label = element.querySelector("label, .label")?.textContent.trim() ?? this.path.join(" ");
    this.initial = this.snapshot();
    this.showGap();
  }

  get isChanged(): boolean {
    return this.snapshot() !== this.initial;
  }

  read(): Reading {
    return readField({
      kind: (this.element.dataset.kind ?? "text") as FieldKind,
      input: this.inputValue(),
      unit: this.control("unit")?.value ?? this.element.dataset.unit ?? "",
      basis: this.control("basis")?.value ?? "",
      gap: this.gapValue(),
    });
  }

  showProblem(problem: string): void {
    const line = this.element.querySelector<HTMLElement>(".problem");
    const input = this.control("value");
    if (line) {
      line.textContent = problem;
      line.hidden = problem === "";
    }
    if (input) {
      input.setAttribute("aria-invalid", String(problem !== ""));
    }
  }

  showGap(): void {
    this.element.classList.toggle("is-gap", this.gapValue() !== "");
  }

  focus(): void {
    this.control("value")?.focus();
  }

  private control(part: string): Control | null {
    return this.element.querySelector<Control>(`[data-part="${part}"]`);
  }

  private gapValue(): string {
    const control = this.control("gap");
    if (control instanceof HTMLInputElement) {
      return control.checked ? control.value : "";
    }
    return control?.value ?? "";
  }

  private inputValue(): string | string[] {
    const boxes = this.element.querySelectorAll<HTMLInputElement>('input[type=checkbox][data-part="value"]');
    if (boxes.length > 0) {
      return Array.from(boxes).filter((box) => box.checked).map((box) => box.value);
    }
    return this.control("value")?.value ?? "";
  }

  private snapshot(): string {
    return JSON.stringify([
      this.inputValue(),
      this.control("unit")?.value,
      this.control("basis")?.value,
      this.gapValue(),
    ]);
  }
}
