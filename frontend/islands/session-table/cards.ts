/**
 * The table on a phone: groups that ask their own questions once, measurements as cards that unfold, and a sheet for
 * those that are ticked. What somebody is typing is never drawn anew.
 */
import type { Given } from "./actions";
import type { TableColumn, TableRow } from "../api/shapes";
import { saySource, showCell, trimUnit } from "./cell-words";
import { buildInput } from "./editor";
import { countWords, make, makeButton, makeSelect } from "./elements";
import { countOpen, type GroupLine, type Line } from "./rows";
import type { Target } from "./selection";
import { placeKey, type TableState, techniqueField } from "./table-state";

export interface CardHooks {
  onGive(targets: Target[], given: Given, words: string): void;
  onTechnique(targets: Target[]): void;
}

const shownRows = 6;

/** What a row waits for, in a word; what was never read is not complete. */
function sayOpen(row: TableRow, open: number, mayAnswer: boolean): string {
  return open > 0 ? `${open} open` : row.state === "failed" ? "not read" : mayAnswer && Object.keys(row.cells).length > 0 ? "complete" : "";
}

export class Cards {
  readonly element = make("div", { class: "st-cards" });
  private readonly list = make("div", { class: "st-cards-list" });
  private readonly sheet = make("form", { class: "st-sheet", hidden: true, "aria-label": "One answer for the ticked ones" });
  private readonly signatures = new Map<string, string>();
  private readonly unfolded = new Set<string>();
  private readonly opened = new Set<string>();
  private sheetField = "";
  private sheetSignature = "";

  constructor(
    private readonly state: TableState,
    private readonly mayAnswer: boolean,
    private readonly hooks: CardHooks,
  ) {
    this.element.append(this.list, this.sheet);
    this.list.addEventListener("focusout", () => requestAnimationFrame(() => this.draw()));
    this.sheet.addEventListener("submit", (event) => {
      event.preventDefault();
      this.fillTicked();
    });
  }

  draw(): void {
    const groups = this.state.lines().filter((line) => line.kind === "group");
    const known = new Map(Array.from(this.list.children, (child) => [(child as HTMLElement).dataset.line ?? "", child as HTMLElement]));
    let previous: HTMLElement | null = null;
    for (const group of groups) {
      const signature = this.sign(group);
      let card = known.get(group.key);
      const isTyped = card?.querySelector("input[type=text]:focus") !== null && card !== undefined;
      if (!card || (this.signatures.get(group.key) !== signature && !isTyped)) {
        const fresh = this.buildGroup(group);
        card?.replaceWith(fresh);
        card = fresh;
        this.signatures.set(group.key, signature);
      }
      if (!card.isConnected || card.previousElementSibling !== previous) {
        this.list.insertBefore(card, previous === null ? this.list.firstChild : previous.nextSibling);
      }
      known.delete(group.key);
      previous = card;
    }
    known.forEach((card) => card.remove());
    this.drawSheet();
  }

  private sign(group: GroupLine): string {
    const fields = this.state.columns.map((column) => column.field);
    const rows = group.ids.map((id) => this.state.rows.get(id));
    const notes = [...this.state.notes].filter(([place]) => [group.key, ...group.ids].some((line) => place.startsWith(`${line}\u0000`)));
    const ticked = group.ids.filter((id) => this.state.checked.has(id));
    return JSON.stringify([group.title, fields, rows, notes, ticked, this.unfolded.has(group.key), group.ids.filter((id) => this.opened.has(id))]);
  }

  private buildGroup(group: GroupLine): HTMLElement {
    const open = group.ids.filter((id) => countOpen(this.state.rows.get(id) ?? emptyRow) > 0).length;
    const asked = this.state.columns.filter((column) => (this.state.sum(group, column.field)?.needed ?? 0) > 0);
    const head = make("header", {}, make("h3", {}, group.title), ...(open > 0 ? [make("span", { class: "badge ask" }, `${open} open`)] : []), make("p", { class: "soft fine" }, countWords(group.ids.length, "measurement", "measurements")));
    const isWhole = this.unfolded.has(group.key) || group.ids.length <= shownRows;
    const rows = (isWhole ? group.ids : group.ids.slice(0, shownRows)).flatMap((id) => {
      const row = this.state.rows.get(id);
      return row ? [this.buildRow(row)] : [];
    });
    const more = group.ids.length - rows.length;
    const unfold = makeButton(`Show ${more.toLocaleString("en")} more`, () => {
      this.unfolded.add(group.key);
      this.draw();
    }, "link-button st-show-more");
    const card = make("section", { class: "st-card", "data-line": group.key }, head);
    if (this.mayAnswer && group.value !== "" && asked.length > 0 && group.ids.length > 1) {
      card.append(make("div", { class: "st-asked" }, ...asked.map((column) => this.buildGroupQuestion(group, column))));
    }
    card.append(...rows, ...(more > 0 ? [unfold] : []));
    return card;
  }

  private buildGroupQuestion(group: GroupLine, column: TableColumn): HTMLElement {
    const sum = this.state.sum(group, column.field);
    const needed = sum?.needed ?? 0;
    const words = needed === group.ids.length ? `for all ${needed}` : `for ${needed} of ${group.ids.length}`;
    return this.buildAsk(group, column, `${column.title}, ${words}`, words, "");
  }

  /** A label, an input and what became of it. Leaving the input saves what was typed. */
  private buildAsk(line: Line, column: TableColumn, label: string, under: string, text: string): HTMLElement {
    const { input, list } = buildInput(column, `st-ask-${line.key}-${column.field}`.replace(/[^\w-]/g, "_"), text);
    input.setAttribute("aria-label", label);
    const note = this.state.notes.get(placeKey(line.key, column.field));
    if (note?.state === "refused") {
      input.value = note.text;
      input.setAttribute("aria-invalid", "true");
    }
    input.addEventListener("change", () => {
      const value = input.value.trim();
      const isGroup = line.kind === "group";
      if (value !== "") {
        const given: Given = { act: "value", text: value, ...(isGroup && column.is_of_one_file ? { onlyEmpty: true } : {}) };
        this.hooks.onGive([{ line, field: column.field }], given, isGroup ? `${column.title} for ${line.title}` : column.title);
      } else if (text !== "") {
        this.hooks.onGive([{ line, field: column.field }], { act: "clear", text: "" }, `${column.title} cleared`);
      }
    });
    input.addEventListener("keydown", (event) => {
      if (event.key === "Enter") {
        event.preventDefault();
        input.blur();
      }
    });
    const said = note ? { saving: "saving …", saved: "saved", refused: note.problem }[note.state] : "";
    return make(
      "div",
      { class: "st-ask" },
      make("span", {}, column.title, make("small", {}, under)),
      input,
      ...(list ? [list] : []),
      ...(said ? [make("p", { class: note?.state === "refused" ? "st-problem fine" : "fine soft" }, said)] : []),
    );
  }

  private buildRow(row: TableRow): HTMLElement {
    const box = make("input", { type: "checkbox", "aria-label": `Tick ${row.path}` });
    box.checked = this.state.checked.has(row.id);
    box.addEventListener("change", () => {
      if (box.checked) {
        this.state.checked.add(row.id);
      } else {
        this.state.checked.delete(row.id);
      }
      this.drawSheet();
    });
    const open = countOpen(row);
    const picture = row.thumbnail === null ? make("span", { class: "st-picture" }) : make("img", { class: "st-picture", src: row.thumbnail, alt: "", loading: "lazy" });
    const shape = row.shapes.map((each) => each.join(" × ")).join(" | ");
    const summary = make("summary", {}, picture, make("span", { class: "st-file" }, make("b", {}, row.name), make("small", {}, row.problem || shape)), make("span", { class: open > 0 ? "st-open" : "soft fine" }, sayOpen(row, open, this.mayAnswer)));
    const details = make("details", {}, summary);
    details.open = this.opened.has(row.id);
    if (details.open) {
      details.append(this.buildBody(row));
    }
    details.addEventListener("toggle", () => {
      if (details.open === this.opened.has(row.id)) {
        return;
      }
      if (details.open) {
        this.opened.add(row.id);
        details.append(this.buildBody(row));
      } else {
        this.opened.delete(row.id);
        details.querySelector(".st-card-body")?.remove();
      }
    });
    return make("div", { class: "st-card-row", ...(this.mayAnswer ? {} : { "data-plain": true }) }, ...(this.mayAnswer ? [box] : []), details);
  }

  private buildBody(row: TableRow): HTMLElement {
    const line: Line = { kind: "row", key: row.id, row };
    const technique = row.technique.map((one) => this.state.techniqueTitles.get(one) ?? one).join(", ") || "not said yet";
    const change = makeButton("Change", () => this.hooks.onTechnique([{ line, field: techniqueField }]), "link-button fine");
    change.setAttribute("aria-label", `Change the technique of ${row.name}`);
    const body = make("div", { class: "st-card-body" }, make("p", {}, make("span", { class: "soft" }, "Technique "), technique, " ", ...(this.mayAnswer ? [change] : [])));
    for (const column of this.state.columns) {
      const cell = row.cells[column.field];
      if (!cell) {
        continue;
      }
      const shown = showCell(cell, column);
      const source = cell.state === "needed" ? "needed" : [saySource(cell), shown.isOverride ? "differs for this file" : "", shown.other].filter(Boolean).join(", ");
      const known = cell.state === "needed" || cell.state === "empty" ? "" : trimUnit(cell.text ?? "", null);
      body.append(this.mayAnswer ? this.buildAsk(line, column, column.title, source, cell.text ?? "") : make("p", {}, `${column.title}: ${known} `, make("small", {}, source)));
      if (cell.problem) {
        body.append(make("p", { class: "st-problem fine" }, `${cell.problem} ${cell.hint ?? ""}`));
      }
    }
    return body;
  }

  /** The sheet for a field: of what is ticked it asks that field first. */
  openSheet(field: string): void {
    this.sheetField = field;
    this.draw();
    this.sheet.querySelector<HTMLInputElement>("input[type=text]")?.focus();
  }

  private drawSheet(): void {
    const count = this.state.checked.size;
    this.sheet.hidden = count === 0 || !this.mayAnswer;
    const field = this.state.column(this.sheetField) ? this.sheetField : (this.state.columns.find((column) => column.sums.needed > 0)?.field ?? techniqueField);
    const signature = JSON.stringify([count, field, this.state.shownColumns.map((column) => column.field)]);
    if (this.sheet.hidden || signature === this.sheetSignature) {
      return;
    }
    this.sheetSignature = signature;
    this.sheetField = field;
    const typed = this.sheet.querySelector<HTMLInputElement>("input[type=text]")?.value ?? "";
    const select = makeSelect("Field", this.state.shownColumns.map((column) => [column.field, column.title] as const), field);
    select.addEventListener("change", () => {
      this.sheetField = select.value;
      this.drawSheet();
    });
    const clear = makeButton("Clear", () => {
      this.state.checked.clear();
      this.signatures.clear();
      this.draw();
    }, "link-button");
    this.sheet.replaceChildren(make("div", { class: "row apart" }, make("b", {}, `${count} ticked`), clear), select, ...this.buildSheetInput(field, count, typed));
  }

  private buildSheetInput(field: string, count: number, typed: string): Node[] {
    const column = this.state.column(field);
    if (!column || field === techniqueField) {
      return [makeButton(`Choose the technique of ${count}`, () => this.hooks.onTechnique(this.ticked()), "button")];
    }
    const { input, list } = buildInput(column, "st-sheet", typed);
    const fill = make("button", { type: "submit", class: "button" }, `Set for ${count}`);
    const gap = makeButton("Not recorded", () => this.give({ act: "not_recorded", text: "not recorded" }), "button quiet");
    return [input, ...(list ? [list] : []), make("div", { class: "row" }, fill, ...(column.may_be_gap ? [gap] : []))];
  }

  private ticked(): Target[] {
    return [...this.state.checked].flatMap((id): Target[] => {
      const row = this.state.rows.get(id);
      return row ? [{ line: { kind: "row", key: id, row }, field: this.sheetField }] : [];
    });
  }

  private fillTicked(): void {
    const text = this.sheet.querySelector<HTMLInputElement>("input[type=text]")?.value.trim() ?? "";
    if (text !== "") {
      this.give({ act: "value", text });
    }
  }

  private give(given: Given): void {
    const targets = this.ticked();
    this.state.checked.clear();
    this.sheetSignature = "";
    this.sheet.replaceChildren();
    this.hooks.onGive(targets, given, `${this.state.titleOf(this.sheetField)} for ${targets.length}`);
  }
}

const emptyRow = { cells: {} } as TableRow;
