/** What the table asks of the server. Addresses that the server names may carry another host: only their query is used. */
import { requestJson } from "../api/request";
import type { NamesChange, SheetChange, Table, TableChange } from "../api/shapes";

export interface Wish {
  field: string;
  level?: "all" | "kind" | "measurement";
  keys?: string[];
  act?: "value" | "not_recorded" | "withheld" | "not_applicable" | "clear" | "differs";
  value?: unknown;
  unit?: string;
  basis?: string;
  only_empty?: boolean;
  expected?: Record<string, string>;
}

export interface SheetRequest {
  text: string;
  form?: "sheet" | "block";
  decimal?: "auto" | "." | ",";
  keys?: string[];
  columns?: { field: string; unit: string | null }[];
  dry_run?: boolean;
}

export interface NamesRequest {
  pattern: string;
  columns: Record<string, { field: string; unit: string | null }>;
  keys?: string[];
  only_empty?: boolean;
  dry_run: boolean;
}

export const pageSize = 200;

export class TableServer {
  constructor(private readonly address: string) {}

  async look(query: { cursor?: string; keys?: readonly string[]; fields?: readonly string[] } = {}): Promise<Table> {
    const wanted = new URLSearchParams({ page_size: String(pageSize) });
    if (query.cursor) {
      wanted.set("cursor", query.cursor);
    }
    query.keys?.forEach((key) => wanted.append("key", key));
    query.fields?.forEach((field) => wanted.append("field", field));
    return (await requestJson<Table>(`${this.address}?${wanted.toString()}`)).body;
  }

  async answer(changes: readonly Wish[], options: { isDryRun?: boolean; signal?: AbortSignal } = {}): Promise<TableChange> {
    const body = { changes, dry_run: options.isDryRun ?? false };
    const signal = options.signal ? { signal: options.signal } : {};
    return (await requestJson<TableChange>(this.address, { method: "PATCH", body, ...signal })).body;
  }

  async undo(change: string): Promise<TableChange> {
    return (await requestJson<TableChange>(`${this.address}changes/${change}/undo/`, { method: "POST" })).body;
  }

  async takeSheet(body: SheetRequest): Promise<SheetChange> {
    return (await requestJson<SheetChange>(`${this.address}sheet/`, { method: "POST", body })).body;
  }

  async takeNames(body: NamesRequest): Promise<NamesChange> {
    return (await requestJson<NamesChange>(`${this.address}names/`, { method: "POST", body })).body;
  }

  sheetAddress(): string {
    return `${this.address}sheet/?bom=true`;
  }
}

export function cursorOf(next: string | null): string | null {
  return next === null ? null : new URL(next, "http://stemma.invalid/").searchParams.get("cursor");
}
