/** Beside the grid: the measurement and the question of the active cell, in full. */
import type { TableCell, TableColumn, TableRow } from "../api/shapes";
import { saySource, sayLevel, showSum } from "./cell-words";
import { wordsOf } from "./editor";
import { make, makeButton } from "./elements";
import type { Line } from "./rows";
import { placeKey, type TableState, techniqueField } from "./table-state";

const mostWords = 6; // offered as buttons; longer lists are typed

export interface PanelHooks {
  onGap(): void;
  onDiffers(): void;
  onClear(): void;
  onUse(text: string): void;
}

export class Panel {
  readonly element = make("aside", { class: "st-panel", "aria-label": "The chosen cell" });
  private signature = "";

  constructor(
    private readonly state: TableState,
    private readonly mayAnswer: boolean,
    private readonly hooks: PanelHooks,
  ) {}

  draw(line: Line | undefined, field: string | undefined): void {
    const column = field === undefined ? undefined : this.state.column(field);
    const note = line && field !== undefined ? this.state.notes.get(placeKey(line.key, field)) : undefined;
    const told = line?.kind === "row" ? line.row : line?.kind === "group" ? [line.title, line.ids.length] : line?.key;
    const signature = JSON.stringify([told, column?.field, column?.sums, note, field === undefined ? null : line && this.state.answer(line, field)]);
    if (signature === this.signature) {
      return;
    }
    this.signature = signature;
    const parts = line ? [...(line.kind === "row" ? buildFile(line.row) : this.buildMany(line)), ...(column ? [this.buildQuestion(line, column, note?.problem ?? "")] : [])] : [];
    this.element.replaceChildren(...(parts.length > 0 ? parts : [make("p", { class: "soft fine" }, "Choose a cell to see its question here.")]));
  }

  private buildMany(line: Exclude<Line, { kind: "row" }>): Node[] {
    const words =
      line.kind === "all"
        ? "What is answered here holds for all measurements that the question applies to, also for those that come later. What a file says itself stays."
        : this.state.grouping === "kind" && line.value !== ""
          ? "What is answered here holds for this kind, also for measurements that come later. What a file says itself stays."
          : "What is answered here is written for each of these files that has no answer yet; files that come later are asked again.";
    const title = line.kind === "all" ? `All ${line.count.toLocaleString("en")} measurements` : `${line.title}, ${line.ids.length.toLocaleString("en")}`;
    return [make("div", {}, make("h3", {}, title), make("p", { class: "soft fine" }, words))];
  }

  private buildQuestion(line: Line, column: TableColumn, problem: string): HTMLElement {
    const cell = line.kind === "row" ? line.row.cells[column.field] : undefined;
    const isAsked = line.kind === "row" ? cell?.state === "needed" : (this.state.sum(line, column.field)?.needed ?? 0) > 0;
    const isWrong = problem !== "" || cell?.state === "not_understood" || cell?.state === "conflict";
    const box = make("div", { class: `st-question${isWrong ? " is-wrong" : isAsked ? " is-asked" : ""}` }, make("h3", {}, column.title));
    box.append(line.kind === "row" ? buildState(cell) : this.buildSum(line, column));
    if (problem) {
      box.append(make("p", { class: "st-problem" }, problem));
    }
    if (column.field !== techniqueField) {
      const why = [column.description, column.why].filter(Boolean).join(" ");
      box.append(make("p", { class: "fine" }, why ? `${why} ` : "", makeHelpLink(column)));
    }
    if (column.example && isAsked) {
      box.append(make("p", { class: "fine soft" }, `For example ${column.example}.`));
    }
    if (this.mayAnswer && (cell || (this.state.sum(line, column.field)?.count ?? 0) > 0)) {
      box.append(this.buildOffers(line, column, cell));
    }
    return box;
  }

  private buildSum(line: Line, column: TableColumn): HTMLElement {
    const shown = showSum(this.state.sum(line, column.field), this.state.answer(line, column.field), column);
    if (line.kind === "all" && column.is_of_one_file) {
      return make("p", {}, `${shown.label}. It is each file’s own: select the files, and answer for these.`);
    }
    return make("p", {}, shown.tone === "absent" ? "This question does not apply to any of these." : `${shown.label}.`);
  }

  private buildOffers(line: Line, column: TableColumn, cell: TableCell | undefined): HTMLElement {
    const offers = make("p", { class: "row fine" });
    const offer = (words: string, act: () => void): void => offers.append(makeButton(words, act, "button quiet small"));
    const mayBeGap = line.kind === "row" ? (cell?.may_be_gap ?? false) : column.may_be_gap;
    if (mayBeGap && column.field !== techniqueField && cell?.state !== "value" && cell?.state !== "not_recorded") {
      offer("Not recorded", () => this.hooks.onGap());
    }
    const words = column.kind === "choices" || (line.kind === "all" && column.is_of_one_file) ? [] : wordsOf(column);
    if (words.length <= mostWords && (line.kind !== "row" || cell?.state === "needed" || cell?.state === "empty")) {
      words.forEach((word) => offer(word, () => this.hooks.onUse(word)));
    }
    for (const said of cell?.state === "conflict" || cell?.level === "measurement" ? (cell.below ?? []) : []) {
      offer(`Use ${said.text} (${sayLevel(said.level)})`, () => this.hooks.onUse(said.text));
    }
    if (cell?.level === "all" || cell?.level === "kind" || cell?.level === "instrument" || cell?.level === "calibration") {
      offer("Differs for this file", () => this.hooks.onDiffers());
    }
    if (cell?.level === "measurement" || (line.kind !== "row" && this.state.answer(line, column.field))) {
      offer("Take the answer away", () => this.hooks.onClear());
    }
    return offers;
  }
}

function buildFile(row: TableRow): Node[] {
  const shape = row.shapes.map((each) => each.join(" × ")).join(" | ");
  const about = [shape, row.day, row.instrument].filter(Boolean).join(", ");
  const picture = row.thumbnail === null ? [] : [make("img", { class: "st-large", src: row.thumbnail, alt: `Picture of ${row.name}` })];
  const problem = row.problem ? [make("p", { class: "st-problem" }, `${row.problem} ${row.hint}`.trim())] : [];
  return [...picture, make("div", {}, make("h3", { title: row.path }, row.name), make("p", { class: "soft fine" }, [row.folder, about].filter(Boolean).join("; ")), ...problem)];
}

function buildState(cell: TableCell | undefined): HTMLElement {
  if (!cell) {
    return make("p", { class: "soft" }, "This question does not apply to its technique.");
  }
  const lines: string[] = [];
  if (cell.state === "needed") {
    lines.push("Not answered yet; publishing waits for it.");
  } else if (cell.state === "empty") {
    lines.push("Not answered; an answer would help others.");
  } else {
    const how = [saySource(cell), cell.basis].filter(Boolean).join(", ");
    lines.push(`${cell.text ?? ""}${how ? ` (${how})` : ""}.`);
  }
  if (cell.below && cell.below.length > 0) {
    const others = cell.below.map((said) => `${said.text} (${sayLevel(said.level)})`).join(", ");
    lines.push(cell.state === "conflict" ? `Not used: ${others}.` : `Differs for this file from ${others}.`);
  }
  const wrong = cell.problem ? [make("span", { class: "st-problem" }, ` ${cell.problem} ${cell.hint ?? ""}`)] : [];
  return make("p", {}, lines.join(" "), ...wrong);
}

/** Where the help says more of a question; the server knows on which page that stands. */
function makeHelpLink(column: TableColumn): HTMLElement {
  const address = `/help/field/${encodeURIComponent(column.field)}`;
  const label = `Help for ${column.title}: unit, range, where files say it`;
  return make("a", { href: address, target: "_blank", rel: "noopener", "aria-label": label }, "Help");
}
