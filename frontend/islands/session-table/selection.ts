/** Which cells are meant: a rectangle that keyboard and mouse draw, more of them with Ctrl, or whole rows by their boxes. */
import type { Line } from "./rows";
import type { TableState } from "./table-state";

/** A place by its line and its column; column 0 is the name of the measurement. */
export interface Place {
  line: string;
  column: number;
}

interface Range {
  anchor: Place;
  end: Place;
}

export interface Target {
  line: Line;
  field: string;
}

export class Selection {
  private ranges: Range[] = [];

  constructor(private readonly state: TableState) {
    state.onColumns = (before, after) => this.follow(before, after);
  }

  /** Stay at the same fields where their columns stand elsewhere now. */
  private follow(before: readonly string[], after: readonly string[]): void {
    const move = (place: Place): Place => {
      const field = before[place.column - 1];
      const column = field === undefined ? place.column : after.indexOf(field) + 1;
      return { line: place.line, column: column > 0 || place.column === 0 ? column : Math.min(place.column, after.length) };
    };
    this.ranges = this.ranges.map(({ anchor, end }) => ({ anchor: move(anchor), end: move(end) }));
  }

  get active(): Place | null {
    return this.ranges.at(-1)?.end ?? null;
  }

  get anchor(): Place | null {
    return this.ranges.at(-1)?.anchor ?? null;
  }

  go(place: Place): void {
    this.ranges = [{ anchor: place, end: place }];
  }

  extend(place: Place): void {
    const last = this.ranges.at(-1);
    if (last) {
      last.end = place;
    } else {
      this.go(place);
    }
  }

  /** Begin another rectangle beside those there are. */
  add(place: Place): void {
    this.ranges.push({ anchor: place, end: place });
  }

  clear(): void {
    const { active } = this;
    this.ranges = [];
    if (active) {
      this.go(active);
    }
    this.state.checked.clear();
  }

  /** The rectangles as numbers of lines and columns. */
  private boxes(): { top: number; bottom: number; left: number; right: number }[] {
    const at = new Map(this.state.lines().map((line, index) => [line.key, index]));
    return this.ranges.flatMap(({ anchor, end }) => {
      const [one, other] = [at.get(anchor.line), at.get(end.line)];
      if (one === undefined || other === undefined) {
        return [];
      }
      const columns = [anchor.column, end.column];
      return [{ top: Math.min(one, other), bottom: Math.max(one, other), left: Math.min(...columns), right: Math.max(...columns) }];
    });
  }

  covers(index: number, column: number): boolean {
    return this.boxes().some((box) => index >= box.top && index <= box.bottom && column >= box.left && column <= box.right);
  }

  /** Like `covers`, for many places at once. */
  tester(): (index: number, column: number) => boolean {
    const boxes = this.boxes();
    return (index, column) =>
      boxes.some((box) => index >= box.top && index <= box.bottom && column >= box.left && column <= box.right);
  }

  /** The last rectangle, as lines and fields. */
  block(): { lines: Line[]; fields: string[] } {
    const box = this.boxes().at(-1);
    if (!box) {
      return { lines: [], fields: [] };
    }
    const fields = this.state.shownColumns.map((column) => column.field).slice(Math.max(0, box.left - 1), box.right);
    return { lines: this.state.lines().slice(box.top, box.bottom + 1), fields };
  }

  /** The cells that an answer goes to: those of the ticked rows in the chosen columns, or those of the rectangles. */
  targets(): Target[] {
    const lines = this.state.lines();
    const fields = this.state.shownColumns.map((column) => column.field);
    const found = new Map<string, Target>();
    const take = (line: Line | undefined, column: number): void => {
      const field = fields[column - 1];
      if (line && field !== undefined) {
        found.set(`${line.key} ${field}`, { line, field });
      }
    };
    const boxes = this.boxes();
    if (this.state.checked.size > 0) {
      const rows = lines.filter((line) => this.state.checked.has(line.key));
      const hidden = [...this.state.checked].filter((id) => !rows.some((line) => line.key === id));
      const folded = hidden.flatMap((id): Line[] => {
        const row = this.state.rows.get(id);
        return row ? [{ kind: "row", key: id, row }] : [];
      });
      for (const line of [...rows, ...folded]) {
        for (const box of boxes) {
          for (let column = box.left; column <= box.right; column += 1) {
            take(line, column);
          }
        }
      }
    } else {
      for (const box of boxes) {
        for (let index = box.top; index <= box.bottom; index += 1) {
          for (let column = box.left; column <= box.right; column += 1) {
            take(lines[index], column);
          }
        }
      }
    }
    return [...found.values()];
  }
}

/** Where a key leads from a place; null for keys that lead nowhere. */
export function step(place: Place, key: string, frame: { lines: readonly Line[]; columns: number; page: number; isFar: boolean }): Place | null {
  const { lines, columns, page, isFar } = frame;
  const index = lines.findIndex((line) => line.key === place.line);
  const [last, lastColumn] = [lines.length - 1, columns - 1];
  const moves: Record<string, [number, number]> = {
    ArrowUp: [isFar ? 0 : index - 1, place.column],
    ArrowDown: [isFar ? last : index + 1, place.column],
    ArrowLeft: [index, isFar ? 0 : place.column - 1],
    ArrowRight: [index, isFar ? lastColumn : place.column + 1],
    Home: [isFar ? 0 : index, 0],
    End: [isFar ? last : index, lastColumn],
    PageUp: [index - page, place.column],
    PageDown: [index + page, place.column],
  };
  const move = moves[key];
  if (!move) {
    return null;
  }
  const line = lines[Math.max(0, Math.min(last, move[0]))];
  return line ? { line: line.key, column: Math.max(0, Math.min(lastColumn, move[1])) } : null;
}
