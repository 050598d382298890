/** The changes that can be undone, newest last; they outlive the page being loaded anew. */

export interface Done {
  change: string;
  words: string;
}

const mostKept = 100; // as many as the server keeps

export class UndoStack {
  private readonly key: string;

  constructor(address: string) {
    this.key = `stemma-undo:${address}`;
  }

  get last(): Done | null {
    return this.read("done").at(-1) ?? null;
  }

  get next(): Done | null {
    return this.read("undone").at(-1) ?? null;
  }

  /** A change of its own: what was undone before cannot be done again after it. */
  push(done: Done): void {
    this.write("done", [...this.read("done"), done].slice(-mostKept));
    this.write("undone", []);
  }

  /** The newest change was undone; by `change` it is done again. */
  moveBack(change: string | null): void {
    const done = this.read("done");
    const last = done.pop();
    this.write("done", done);
    if (last && change !== null) {
      this.write("undone", [...this.read("undone"), { ...last, change }]);
    }
  }

  moveForward(change: string | null): void {
    const undone = this.read("undone");
    const last = undone.pop();
    this.write("undone", undone);
    if (last && change !== null) {
      this.write("done", [...this.read("done"), { ...last, change }]);
    }
  }

  private read(part: "done" | "undone"): Done[] {
    const stored = sessionStorage.getItem(`${this.key}:${part}`);
    return stored === null ? [] : (JSON.parse(stored) as Done[]);
  }

  private write(part: "done" | "undone", entries: readonly Done[]): void {
    sessionStorage.setItem(`${this.key}:${part}`, JSON.stringify(entries));
  }
}
