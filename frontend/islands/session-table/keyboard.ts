/** The keys of a spreadsheet, in a grid of which one cell has the focus. Tab leaves the grid; in an input it goes right. */
import type { Line } from "./rows";
import { type Place, type Selection, step } from "./selection";
import type { TableState } from "./table-state";

export interface KeyHooks {
  page(): number;
  onMove(): void;
  onEdit(text: string | null): void;
  onFold(line: Line): void;
  onToggle(line: Line, isRange: boolean): void;
  onToggleAll(): void;
  onClear(): void;
  onEscape(): void;
  onFillDown(): void;
  onUndo(): void;
  onRedo(): void;
}

/** Whether a key writes a sign: then it begins an answer. */
function isTyping(event: KeyboardEvent): boolean {
  return event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey && !event.isComposing;
}

export class Keyboard {
  constructor(
    private readonly state: TableState,
    private readonly selection: Selection,
    private readonly hooks: KeyHooks,
  ) {}

  /** Returns whether the key was for the grid. */
  press(event: KeyboardEvent): boolean {
    const { active } = this.selection;
    if (!active) {
      return false;
    }
    const isControl = event.ctrlKey || event.metaKey;
    return (isControl && this.command(event)) || this.move(event, active, isControl) || this.act(event, active);
  }

  private command(event: KeyboardEvent): boolean {
    const commands: Record<string, () => void> = {
      d: () => this.hooks.onFillDown(),
      z: () => (event.shiftKey ? this.hooks.onRedo() : this.hooks.onUndo()),
      y: () => this.hooks.onRedo(),
      a: () => this.hooks.onToggleAll(),
    };
    const command = commands[event.key.toLowerCase()];
    command?.();
    return command !== undefined;
  }

  private move(event: KeyboardEvent, active: Place, isFar: boolean): boolean {
    const frame = { lines: this.state.lines(), columns: this.state.shownColumns.length + 1, page: this.hooks.page(), isFar };
    const place = step(active, event.key, frame);
    if (!place) {
      return false;
    }
    if (event.shiftKey) {
      this.selection.extend(place);
    } else {
      this.selection.go(place);
    }
    this.hooks.onMove();
    return true;
  }

  private act(event: KeyboardEvent, active: Place): boolean {
    const line = this.state.lines().find((one) => one.key === active.line);
    if (!line) {
      return false;
    }
    if (event.key === "Escape") {
      this.hooks.onEscape();
    } else if (active.column === 0) {
      return this.actOnName(event, line);
    } else if (event.key === "Enter" || event.key === "F2") {
      this.hooks.onEdit(null);
    } else if (event.key === "Delete" || event.key === "Backspace") {
      this.hooks.onClear();
    } else if (event.key === " " && event.shiftKey) {
      this.hooks.onToggle(line, false);
    } else if (isTyping(event)) {
      this.hooks.onEdit(event.key);
    } else {
      return false;
    }
    return true;
  }

  private actOnName(event: KeyboardEvent, line: Line): boolean {
    if (event.key === " ") {
      this.hooks.onToggle(line, event.shiftKey);
    } else if (event.key === "Enter" && line.kind === "group") {
      this.hooks.onFold(line);
    } else {
      return false;
    }
    return true;
  }
}
