/** Pieces of a table for its tests. */
import type { CellSum, Table, TableCell, TableChange, TableColumn, TableRow } from "../api/shapes";
import { find } from "../testing/page";

export function makeCell(state: TableCell["state"], text = "", more: Partial<TableCell> = {}): TableCell {
  return { state, ...(text ? { text } : {}), required: state === "needed", may_be_gap: true, ...more };
}

export function makeRow(id: string, more: Partial<TableRow> = {}): TableRow {
  return {
    id, name: `${id}.dm4`, path: `${id}.dm4`, folder: "", thumbnail: null, shapes: [[64, 64]], technique: [], proposal: null, kind: "", day: null,
    instrument: null, state: "converted", reading: null, problem: "", hint: "", cells: {}, tags: {}, ...more,
  };
}

export function makeSum(more: Partial<CellSum> = {}): CellSum {
  return {
    count: 1, needed: 0, empty: 0, not_recorded: 0, conflicts: 0, not_understood: 0, different: 0, texts: [], lowest: null, highest: null, own: 0, ...more,
  };
}

export function makeColumn(field: string, more: Partial<TableColumn> = {}): TableColumn {
  return {
    field, title: field, description: `What ${field} is.`, kind: "quantity", unit: null, units: [], choices: [], may_be_gap: true,
    is_of_one_file: false, example: "", why: "", sums: makeSum({ needed: 1 }), ...more,
  };
}

export function makeTable(columns: TableColumn[], rows: TableRow[], more: Partial<Table> = {}): Table {
  return {
    revision: 1, state: "needs_attention", count: rows.length, n_needed: 1, n_waiting: 1, columns, same: [], helpful: [], answers: [], groups: [], rows, next: null, ...more,
  };
}

export function makeChange(results: TableChange["results"], change: string | null = "c1"): TableChange {
  const count = (result: string): number => results.filter((one) => one.result === result).length;
  return { change, revision: 2, saved: count("saved"), unchanged: count("unchanged"), refused: count("refused"), results };
}

export function cellOf(element: HTMLElement, line: string, column: number): HTMLElement {
  return find<HTMLElement>(element, `[data-line="${line}"] [data-column="${column}"]`);
}

export function press(target: Element, key: string, more: KeyboardEventInit = {}): void {
  target.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...more }));
}

export function choose(element: HTMLElement, line: string, column: number, more: MouseEventInit = {}): void {
  cellOf(element, line, column).dispatchEvent(new MouseEvent("mousedown", { bubbles: true, cancelable: true, ...more }));
}
