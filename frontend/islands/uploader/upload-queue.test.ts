import { describe, expect, it } from "vitest";
import { type QueuedTask, UploadQueue } from "./upload-queue";
import type { UploadState } from "./upload-task";

class FakeTask implements QueuedTask {
  state: UploadState = "waiting";
  sent = 0;
  isRefused = false;
  readonly size = 10;
  constructor(readonly path: string) {}
  start(): Promise<void> {
    this.state = "sending";
    return Promise.resolve();
  }
  pause(): Promise<void> {
    this.state = "paused";
    return Promise.resolve();
  }
  finish(): void {
    this.state = "done";
    this.sent = this.size;
  }
}

function queueOf(count: number): UploadQueue<FakeTask> {
  const queue = new UploadQueue<FakeTask>(2);
  for (let index = 0; index < count; index += 1) {
    queue.add(new FakeTask(`scan-${index}.mib`));
  }
  return queue;
}

const states = (queue: UploadQueue<FakeTask>): string => queue.tasks.map((task) => task.state).join(" ");

describe("UploadQueue", () => {
  it("sends no more files at once than there is room for", () => {
    const queue = queueOf(3);
    queue.advance();
    expect(states(queue)).toBe("sending sending waiting");
    queue.tasks[0]?.finish();
    queue.advance();
    expect(states(queue)).toBe("done sending sending");
  });

  it("starts nothing while paused and goes on afterwards", async () => {
    const queue = queueOf(2);
    queue.advance();
    await queue.pauseAll();
    queue.advance();
    expect(states(queue)).toBe("paused paused");
    queue.resumeAll();
    expect(states(queue)).toBe("sending sending");
  });

  it("replaces a file that failed instead of listing it twice", () => {
    const queue = queueOf(1);
    const failed = queue.tasks[0];
    if (failed) failed.state = "failed";
    expect(queue.has("scan-0.mib")).toBe(false);
    queue.add(new FakeTask("scan-0.mib"));
    expect(queue.tasks).toHaveLength(1);
    expect(queue.totals).toEqual({ files: 1, finished: 0, failed: 0, refused: 0, sent: 0, size: 10 });
  });

  it("counts what the server does not take, and forgets it once it is refused here", () => {
    const queue = queueOf(2);
    Object.assign(queue.tasks[0] ?? {}, { state: "failed", isRefused: true });
    expect(queue.totals).toMatchObject({ files: 2, failed: 1, refused: 1 });
    expect([queue.dropFailed("scan-0.mib"), queue.dropFailed("scan-1.mib")]).toEqual([true, false]);
    expect(queue.totals).toMatchObject({ files: 1, failed: 0, refused: 0 });
  });
});
