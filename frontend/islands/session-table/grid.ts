/**
 * The grid of the session's table: only the rows in sight are in the page, whatever their number is, and the one that
 * holds the focus. `aria-rowcount` and `aria-rowindex` tell a screen reader of the others. One cell is in the tab order.
 */
import type { TableColumn } from "../api/shapes";
import { unitSymbol } from "../format/quantity";
import { type Shown, showCell, showSum } from "./cell-words";
import { countWords, make } from "./elements";
import { countOpen, type GroupLine, type Line, type RowLine } from "./rows";
import type { Place, Selection } from "./selection";
import { placeKey, type TableState, techniqueField } from "./table-state";

export const rowHeight = 40;
const beyond = 8; // rows drawn above and below what is in sight
const firstRow = 2; // the heads are row 1 of the grid

export interface GridHooks {
  /** A value that is being typed for many cells, as it would stand in this one. */
  ghost(line: Line, field: string): string | null;
  onToggle(line: Line, isRange: boolean): void;
  onFold(line: GroupLine): void;
  onPress(place: Place, event: MouseEvent): void;
  onDrag(place: Place): void;
  onOpen(place: Place): void;
}

export class Grid {
  readonly element: HTMLElement;
  private readonly heads: HTMLElement;
  private readonly top: HTMLElement;
  private readonly body: HTMLElement;
  private readonly drawn = new Map<string, HTMLElement>();
  private readonly signatures = new WeakMap<HTMLElement, string>();
  private isDragging = false;

  constructor(
    readonly scroll: HTMLElement,
    private readonly state: TableState,
    private readonly selection: Selection,
    private readonly hooks: GridHooks,
  ) {
    this.heads = make("div", { role: "row", class: "st-row st-heads", "aria-rowindex": 1 });
    this.top = make("div", { role: "rowgroup", class: "st-top" }, this.heads);
    this.body = make("div", { role: "rowgroup", class: "st-body" });
    this.element = make("div", { role: "grid", class: "st-grid", "aria-multiselectable": "true", "aria-label": "Answers of the measurements" }, this.top, this.body);
    this.scroll.append(this.element);
    this.scroll.addEventListener("scroll", () => requestAnimationFrame(() => this.draw()), { passive: true });
    this.element.addEventListener("mousedown", (event) => this.press(event));
    this.element.addEventListener("mouseover", (event) => this.drag(event));
    this.element.addEventListener("dblclick", (event) => this.open(event));
    document.addEventListener("mouseup", () => (this.isDragging = false));
    new ResizeObserver(() => this.draw()).observe(this.scroll);
  }

  /** How many rows a page is. */
  get page(): number {
    return Math.max(1, Math.floor((this.scroll.clientHeight - this.top.offsetHeight) / rowHeight) - 1);
  }

  draw(): void {
    const lines = this.state.lines();
    const columns = this.state.shownColumns;
    this.element.setAttribute("aria-rowcount", String(lines.length + 1));
    this.element.setAttribute("aria-colcount", String(columns.length + 1));
    this.element.style.setProperty("--st-fields", String(columns.length - 1));
    this.body.style.height = `${Math.max(0, lines.length - 1) * rowHeight}px`;
    this.drawHeads(columns);
    const covers = this.selection.tester();
    const wanted = this.inSight(lines.length);
    const active = lines.findIndex((line) => line.key === this.selection.active?.line);
    for (const [key, row] of this.drawn) {
      const index = Number(row.getAttribute("aria-rowindex")) - firstRow;
      if (!wanted.has(index) || lines[index]?.key !== key) {
        if (lines[active]?.key !== key) {
          row.remove();
          this.drawn.delete(key);
        }
      }
    }
    for (const index of active >= 0 ? [...wanted, active] : wanted) {
      const line = lines[index];
      if (line) {
        this.drawLine(line, index, columns, covers);
      }
    }
    this.sortRows();
  }

  /** Rows stand in the page as they are read; the one that holds the focus is not moved, which would take it away. */
  private sortRows(): void {
    const rows = Array.from(this.body.children);
    const place = (row: Element): number => Number(row.getAttribute("aria-rowindex"));
    if (rows.every((row, index) => index === 0 || place(rows[index - 1] ?? row) < place(row))) {
      return;
    }
    const sorted = [...rows].sort((one, other) => place(one) - place(other));
    const pivot = sorted.findIndex((row) => row.contains(document.activeElement));
    const fixed = sorted[pivot] ?? null;
    sorted.slice(0, Math.max(0, pivot)).forEach((row) => this.body.insertBefore(row, fixed));
    sorted.slice(pivot + 1).forEach((row) => this.body.append(row));
  }

  private inSight(count: number): Set<number> {
    const from = Math.floor(this.scroll.scrollTop / rowHeight) - beyond;
    const rows = Math.ceil((this.scroll.clientHeight || 600) / rowHeight) + 2 * beyond;
    const found = new Set([0]);
    for (let index = Math.max(1, from); index < Math.min(count, from + rows + 1); index += 1) {
      found.add(index);
    }
    return found;
  }

  private drawHeads(columns: readonly TableColumn[]): void {
    const signature = JSON.stringify(columns.map(({ field, unit }) => [field, unit]));
    if (this.signatures.get(this.heads) === signature) {
      return;
    }
    this.signatures.set(this.heads, signature);
    const name = make("div", { role: "columnheader", class: "st-cell st-name", "aria-colindex": 1 }, make("b", {}, "Measurement"));
    this.heads.replaceChildren(
      name,
      ...columns.map((column, index) => {
        const unit = column.unit === null || column.unit === "1" ? "" : unitSymbol(column.unit);
        return make(
          "div",
          { role: "columnheader", class: "st-cell", "aria-colindex": index + 2, title: `${column.title}. ${column.description}` },
          make("b", {}, column.title),
          ...(unit ? [make("small", {}, unit)] : []),
        );
      }),
    );
  }

  private drawLine(line: Line, index: number, columns: readonly TableColumn[], covers: (index: number, column: number) => boolean): void {
    const row = this.drawn.get(line.key) ?? this.addLine(line);
    row.setAttribute("aria-rowindex", String(index + firstRow));
    if (line.kind !== "all") {
      row.style.top = `${(index - 1) * rowHeight}px`;
    }
    while (row.children.length > columns.length + 1) {
      row.lastElementChild?.remove();
    }
    while (row.children.length < columns.length + 1) {
      row.append(this.addCell(row.children.length));
    }
    const { active } = this.selection;
    const place = { index, covers, active: active?.line === line.key ? active.column : -1 };
    this.drawName(row.children[0] as HTMLElement, line, place);
    columns.forEach((column, at) => this.drawCell(row.children[at + 1] as HTMLElement, line, column, { ...place, column: at + 1 }));
  }

  private addLine(line: Line): HTMLElement {
    const row = make("div", { role: "row", class: `st-row st-${line.kind}`, "data-line": line.key });
    (line.kind === "all" ? this.top : this.body).append(row);
    this.drawn.set(line.key, row);
    return row;
  }

  private addCell(column: number): HTMLElement {
    const role = column === 0 ? "rowheader" : "gridcell";
    return make("div", { role, class: "st-cell", "aria-colindex": column + 1, "data-column": column, tabindex: -1 });
  }

  private drawName(cell: HTMLElement, line: Line, place: { index: number; covers: (index: number, column: number) => boolean; active: number }): void {
    const isChecked = line.kind === "row" ? this.state.checked.has(line.key) : line.kind === "group" && line.ids.every((id) => this.state.checked.has(id));
    this.mark(cell, place.active === 0, place.covers(place.index, 0) || isChecked);
    const signature = JSON.stringify([isChecked, ...this.nameSignature(line)]);
    if (this.signatures.get(cell) !== signature) {
      this.signatures.set(cell, signature);
      cell.className = "st-cell st-name";
      cell.replaceChildren(...this.buildName(line, isChecked));
    }
  }

  private nameSignature(line: Line): unknown[] {
    if (line.kind === "all") {
      return [line.count];
    }
    return line.kind === "group"
      ? [line.title, line.ids.length, line.isFolded, this.countOpenOf(line)]
      : [line.row.thumbnail, line.row.state, line.row.problem, line.row.reading?.step, Math.round((line.row.reading?.fraction ?? 0) * 20), countOpen(line.row)];
  }

  private countOpenOf(line: GroupLine): number {
    return line.ids.filter((id) => countOpen(this.state.rows.get(id) ?? noRow) > 0).length;
  }

  private buildName(line: Line, isChecked: boolean): Node[] {
    if (line.kind === "all") {
      return [make("b", {}, `All ${line.count.toLocaleString("en")}`), make("small", {}, "answer for all")];
    }
    const name = line.kind === "group" ? line.title : line.row.path;
    const box = make("input", { type: "checkbox", tabindex: -1, "aria-label": `Select ${name}` });
    box.checked = isChecked;
    box.addEventListener("click", (event) => {
      event.preventDefault();
      this.hooks.onToggle(line, event.shiftKey);
    });
    return line.kind === "group" ? this.buildGroupName(line, box) : buildRowName(line, box);
  }

  private buildGroupName(line: GroupLine, box: HTMLElement): Node[] {
    const fold = make("button", { type: "button", class: "st-fold", tabindex: -1, "aria-expanded": line.isFolded ? "false" : "true", "aria-label": `${line.isFolded ? "Unfold" : "Fold"} ${line.title}` }, line.isFolded ? "▸" : "▾");
    fold.addEventListener("click", () => this.hooks.onFold(line));
    const open = this.countOpenOf(line);
    return [box, fold, make("b", { title: line.title }, line.title), make("small", {}, line.ids.length.toLocaleString("en")), ...(open > 0 ? [make("span", { class: "st-open" }, `${open} open`)] : [])];
  }

  private drawCell(
    cell: HTMLElement,
    line: Line,
    column: TableColumn,
    place: { index: number; column: number; covers: (index: number, column: number) => boolean; active: number },
  ): void {
    const isSelected = place.covers(place.index, place.column) || (this.state.checked.has(line.key) && this.isChosenColumn(place.column));
    this.mark(cell, place.active === place.column, isSelected);
    const shown = this.show(line, column);
    const note = this.state.notes.get(placeKey(line.key, column.field));
    const ghost = isSelected ? this.hooks.ghost(line, column.field) : null;
    const signature = JSON.stringify([column.field, shown, note, ghost]);
    if (this.signatures.get(cell) === signature || cell.querySelector(".st-editor")) {
      return; // what is being typed stays until it is left
    }
    this.signatures.set(cell, signature);
    cell.className = `st-cell is-${shown.tone}${shown.isOverride ? " is-override" : ""}${note ? ` is-${note.state}` : ""}${ghost === null ? "" : " is-ghost"}`;
    cell.setAttribute("aria-label", sayCell(column, shown, note));
    cell.title = note?.state === "refused" ? note.problem : shown.isOverride ? `Differs for this file. ${shown.label}` : "";
    cell.toggleAttribute("aria-invalid", shown.tone === "wrong" || note?.state === "refused");
    cell.replaceChildren(...buildCell(shown, note, ghost));
  }

  private isChosenColumn(column: number): boolean {
    const [one, other] = [this.selection.anchor?.column ?? -1, this.selection.active?.column ?? -1];
    return column >= Math.min(one, other) && column <= Math.max(one, other);
  }

  private show(line: Line, column: TableColumn): Shown {
    if (line.kind !== "row") {
      return showSum(this.state.sum(line, column.field), this.state.answer(line, column.field), column);
    }
    const shown = showCell(line.row.cells[column.field], column);
    return column.field === techniqueField ? this.showTechnique(line, shown) : shown;
  }

  private showTechnique(line: RowLine, shown: Shown): Shown {
    const titles = this.state.techniqueTitles;
    const words = line.row.technique.map((one) => titles.get(one) ?? one).join(", ");
    return words === "" ? shown : { ...shown, text: words, label: shown.label.replace(line.row.technique.join(", "), words) };
  }

  private mark(cell: HTMLElement, isActive: boolean, isSelected: boolean): void {
    cell.tabIndex = isActive || (this.selection.active === null && cell.closest(".st-all") !== null && cell.dataset.column === "0") ? 0 : -1;
    cell.setAttribute("aria-selected", String(isSelected));
    cell.classList.toggle("is-active", isActive);
  }

  cellAt(place: Place): HTMLElement | null {
    const cell = this.drawn.get(place.line)?.children[place.column];
    return cell instanceof HTMLElement ? cell : null;
  }

  /** Bring the active cell into sight, and the focus to it. */
  focus(): void {
    const { active } = this.selection;
    if (!active) {
      return;
    }
    this.reveal(active);
    this.draw();
    this.cellAt(active)?.focus({ preventScroll: true });
  }

  private reveal(place: Place): void {
    const index = this.state.lines().findIndex((line) => line.key === place.line);
    const head = this.top.offsetHeight;
    if (index > 0) {
      const top = (index - 1) * rowHeight;
      const room = this.scroll.clientHeight - head;
      this.scroll.scrollTop = Math.min(Math.max(this.scroll.scrollTop, top + rowHeight - room), top);
    }
    const name = this.heads.children[0]?.clientWidth ?? 0;
    const column = this.heads.children[place.column];
    if (place.column > 0 && column instanceof HTMLElement) {
      const [left, right] = [column.offsetLeft, column.offsetLeft + column.offsetWidth];
      this.scroll.scrollLeft = Math.min(Math.max(this.scroll.scrollLeft, right - this.scroll.clientWidth), left - name);
    }
  }

  private placeOf(target: EventTarget | null): Place | null {
    const cell = target instanceof Element ? target.closest<HTMLElement>("[data-column]") : null;
    const line = cell?.closest<HTMLElement>("[data-line]")?.dataset.line;
    return cell && line !== undefined ? { line, column: Number(cell.dataset.column) } : null;
  }

  private press(event: MouseEvent): void {
    const place = this.placeOf(event.target);
    const isControl = event.target instanceof Element && event.target.closest("input, button, select, textarea") !== null;
    if (place && !isControl && event.button === 0) {
      event.preventDefault();
      this.isDragging = true;
      this.hooks.onPress(place, event);
    }
  }

  private drag(event: MouseEvent): void {
    const place = this.isDragging && event.buttons === 1 ? this.placeOf(event.target) : null;
    if (place) {
      this.hooks.onDrag(place);
    }
  }

  private open(event: MouseEvent): void {
    const place = this.placeOf(event.target);
    if (place) {
      this.hooks.onOpen(place);
    }
  }
}

const noRow = { cells: {} } as RowLine["row"];

function buildRowName({ row }: RowLine, box: HTMLElement): Node[] {
  const picture = row.thumbnail === null ? make("span", { class: "st-picture" }) : make("img", { class: "st-picture", src: row.thumbnail, alt: "", loading: "lazy" });
  const shape = row.shapes.map((each) => each.join(" × ")).join(" | ");
  const under = row.state === "failed" ? "could not be read" : row.reading ? `${row.reading.step} ${Math.round(row.reading.fraction * 100)} %` : shape;
  const open = countOpen(row);
  return [
    box,
    picture,
    make("span", { class: "st-file", title: row.path }, make("b", {}, row.name), make("small", row.problem ? { title: row.problem, class: "st-failed" } : {}, under)),
    ...(open > 0 ? [make("span", { class: "st-open", title: countWords(open, "answer is open", "answers are open") }, String(open))] : []),
  ];
}

function buildCell(shown: Shown, note: { state: string; text: string } | undefined, ghost: string | null): Node[] {
  if (ghost !== null) {
    return [make("i", {}, ghost)];
  }
  if (note?.state === "saving") {
    return [make("span", {}, note.text), make("small", {}, "saving …")];
  }
  if (note?.state === "refused") {
    return [make("span", {}, note.text), make("small", {}, "not saved")];
  }
  const under = note?.state === "saved" ? "saved" : shown.other || shown.mark;
  return [make("span", {}, shown.text), ...(under ? [make("small", {}, under)] : [])];
}

function sayCell(column: TableColumn, shown: Shown, note: { state: string; text: string; problem?: string } | undefined): string {
  const said = note?.state === "saving" ? `${note.text}, saving` : note?.state === "refused" ? `${note.text}, not saved: ${note.problem ?? ""}` : shown.label;
  return `${column.title}: ${said}${note?.state === "saved" ? ", saved" : ""}`;
}
