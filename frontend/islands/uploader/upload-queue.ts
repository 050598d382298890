/** Which files go now: a few at a time, in the order they were chosen. */
import type { UploadState } from "./upload-task";

export interface QueuedTask {
  readonly path: string;
  readonly size: number;
  readonly sent: number;
  readonly state: UploadState;
  readonly isRefused: boolean;
  start(): Promise<void>;
  pause(): Promise<void>;
}

export interface QueueTotals {
  files: number;
  finished: number;
  failed: number;
  /** Of those that failed, what the server does not take. */
  refused: number;
  sent: number;
  size: number;
}

export class UploadQueue<T extends QueuedTask> {
  readonly tasks: T[] = [];
  isPaused = false;

  constructor(private readonly atOnce = 3) {}

  has(path: string): boolean {
    return this.tasks.some((task) => task.path === path && task.state !== "failed");
  }

  /** Add a file; a failed one of the same path is replaced. */
  add(task: T): void {
    const old = this.tasks.findIndex((other) => other.path === task.path);
    if (old >= 0) {
      this.tasks.splice(old, 1, task);
    } else {
      this.tasks.push(task);
    }
  }

  /** Forget a file that failed and is not tried again; whether there was one. */
  dropFailed(path: string): boolean {
    const at = this.tasks.findIndex((task) => task.path === path && task.state === "failed");
    return at >= 0 && this.tasks.splice(at, 1).length > 0;
  }

  /** Start as many waiting files as there is room for. */
  advance(): void {
    if (this.isPaused) {
      return;
    }
    let room = this.atOnce - this.tasks.filter((task) => task.state === "sending").length;
    for (const task of this.tasks) {
      if (room <= 0) {
        return;
      }
      if (task.state === "waiting" || task.state === "paused") {
        room -= 1;
        void task.start();
      }
    }
  }

  async pauseAll(): Promise<void> {
    this.isPaused = true;
    await Promise.all(this.tasks.filter((task) => task.state === "sending").map((task) => task.pause()));
  }

  resumeAll(): void {
    this.isPaused = false;
    this.advance();
  }

  get totals(): QueueTotals {
    const totals = { files: this.tasks.length, finished: 0, failed: 0, refused: 0, sent: 0, size: 0 };
    for (const task of this.tasks) {
      totals.sent += task.sent;
      totals.size += task.size;
      totals.finished += task.state === "done" || task.state === "present" ? 1 : 0;
      totals.failed += task.state === "failed" ? 1 : 0;
      totals.refused += task.state === "failed" && task.isRefused ? 1 : 0;
    }
    return totals;
  }
}
