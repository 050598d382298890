/** One line of the upload list. */
import { formatBytes } from "../format/quantity";
import type { RefusedFile } from "./chosen-files";
import type { UploadTask } from "./upload-task";

function statusText(task: UploadTask): string {
  switch (task.state) {
    case "waiting":
      return `${formatBytes(task.size)}, waiting`;
    case "sending":
      return `${formatBytes(task.sent)} of ${formatBytes(task.size)}`;
    case "paused":
      return `paused at ${formatBytes(task.sent)} of ${formatBytes(task.size)}`;
    case "done":
      return `${formatBytes(task.size)}, stored`;
    case "present":
      return `${formatBytes(task.size)}, was already here`;
    case "failed":
      return task.isRefused ? "not sent" : "stopped";
  }
}

/** The line of a file that is not sent, with what to do. */
export function buildRefusedRow({ path, problem }: RefusedFile): HTMLLIElement {
  const element = document.createElement("li");
  const name = document.createElement("span");
  const status = document.createElement("span");
  const reason = document.createElement("p");
  name.className = "path mono";
  name.textContent = path;
  status.className = "status";
  status.textContent = "not sent";
  reason.className = "problem";
  reason.textContent = problem;
  element.dataset.state = "failed";
  element.append(name, status, reason);
  return element;
}

export class UploadRow {
  readonly element = document.createElement("li");
  private readonly status = document.createElement("span");
  private readonly bar = document.createElement("progress");
  private readonly problem = document.createElement("p");

  constructor(task: UploadTask) {
    const path = document.createElement("span");
    path.className = "path mono";
    path.textContent = task.path;
    this.status.className = "status";
    this.bar.max = Math.max(1, task.size);
    this.bar.setAttribute("aria-label", `Upload of ${task.path}`);
    this.problem.className = "problem";
    this.element.append(path, this.status, this.bar, this.problem);
    this.update(task);
  }

  update(task: UploadTask): void {
    const isFinished = task.state === "done" || task.state === "present";
    this.status.textContent = statusText(task);
    this.bar.value = isFinished ? this.bar.max : task.sent;
    this.bar.hidden = isFinished;
    this.problem.textContent = task.problem;
    this.problem.hidden = task.problem === "";
    this.element.dataset.state = task.state;
  }
}
