/**
 * <stemma-uploader data-deposit data-endpoint data-object>: drag and drop of files and folders.
 *
 * The server renders the drop zone with its two inputs; this element adds the list, the totals and resuming.
 */
import { requestJson } from "../api/request";
import type { Deposit } from "../api/shapes";
import { formatBytes, formatDuration } from "../format/quantity";
import { type ChosenFile, type RefusedFile, describeLeftOut, listDroppedFiles, listInputFiles, sortChosen } from "./chosen-files";
import { listUnfinishedUploads } from "./stored-uploads";
import { TransferRate } from "./transfer-rate";
import { UploadQueue } from "./upload-queue";
import { UploadRow, buildRefusedRow } from "./upload-row";
import { UploadTask } from "./upload-task";
import { countUnsent, describeTotals, warnOfUnsent } from "./upload-totals";

class Uploader extends HTMLElement {
  private readonly queue = new UploadQueue<UploadTask>();
  private readonly rows = new Map<string, UploadRow>();
  private readonly rate = new TransferRate();
  private readonly refusedRows = new Map<string, HTMLElement>();
  /** Of each name that was suggested: the refused one, which is settled once a file of that name comes. */
  private readonly suggested = new Map<string, string>();
  private stored = new Map<string, number>();
  private known: string[] = [];
  private isComplete = true;

  connectedCallback(): void {
    this.prepareDropZone();
    for (const input of this.querySelectorAll<HTMLInputElement>("input[type=file]")) {
      input.addEventListener("change", () => this.takeFrom(input));
      // Somebody may have been quicker than this script.
      this.takeFrom(input);
    }
    this.partNamed("pause").addEventListener("click", () => void this.togglePause());
    this.partNamed("retry").addEventListener("click", () => this.retryFailed());
    window.addEventListener("beforeunload", this.warnBeforeLeaving);
    void this.showUnfinished();
  }

  disconnectedCallback(): void {
    window.removeEventListener("beforeunload", this.warnBeforeLeaving);
  }

  private readonly warnBeforeLeaving = (event: BeforeUnloadEvent): void => {
    if (!this.isComplete) {
      event.preventDefault();
    }
  };

  private partNamed(name: string): HTMLElement {
    const element = this.querySelector<HTMLElement>(`[data-part="${name}"]`);
    if (!element) {
      throw new Error(`The page lacks the uploader's part "${name}".`);
    }
    return element;
  }

  private takeFrom(input: HTMLInputElement): void {
    const files = listInputFiles(input.files ?? []);
    input.value = "";
    if (files.length > 0) {
      void this.addFiles(files);
    }
  }

  private prepareDropZone(): void {
    const zone = this.partNamed("zone");
    const mark = (isOver: boolean) => (event: DragEvent) => {
      event.preventDefault();
      zone.classList.toggle("is-over", isOver);
    };
    zone.addEventListener("dragover", mark(true));
    zone.addEventListener("dragleave", mark(false));
    zone.addEventListener("drop", (event) => {
      mark(false)(event);
      if (event.dataTransfer) {
        void listDroppedFiles(event.dataTransfer).then((files) => this.addFiles(files));
      }
    });
  }

  /** Sizes of what the server already stores, by path. */
  private async loadStored(): Promise<void> {
    const { body } = await requestJson<Deposit>(this.dataset.object ?? "");
    const stored = body.files.filter((file) => file.state === "stored");
    this.stored = new Map(stored.map((file) => [file.path, file.size]));
    this.known = body.files.map((file) => file.path);
  }

  private async addFiles(chosen: ChosenFile[]): Promise<void> {
    await this.loadStored().catch(() => undefined);
    const under = this.queue.tasks.map((task) => task.path);
    const { accepted, refused, ...left } = sortChosen(chosen, [...this.known, ...under]);
    this.showRefused(refused);
    this.showLeftOut(describeLeftOut(left));
    for (const file of accepted) {
      this.dropRefused(file.path);
      this.dropRefused(this.suggested.get(file.path) ?? "");
      if (this.queue.has(file.path)) {
        continue;
      }
      const task = new UploadTask(
        file,
        { deposit: this.dataset.deposit ?? "", endpoint: this.dataset.endpoint ?? "" },
        (changed) => this.onTaskChange(changed),
      );
      this.queue.add(task);
      this.showRow(task);
      if (this.stored.get(file.path) === file.file.size) {
        task.markPresent();
      }
    }
    this.partNamed("unfinished").hidden = true;
    this.rate.reset();
    this.queue.advance();
    this.showTotals();
  }

  private showRefused(refused: RefusedFile[]): void {
    for (const file of refused) {
      const row = buildRefusedRow(file);
      this.dropRefused(file.path);
      this.suggested.set(file.suggestion, file.path);
      this.refusedRows.set(file.path, row);
      if (this.queue.dropFailed(file.path)) {
        this.rows.get(file.path)?.element.remove();
        this.rows.delete(file.path);
      }
      this.partNamed("refused").append(row);
    }
  }

  private dropRefused(path: string): void {
    this.refusedRows.get(path)?.remove();
    this.refusedRows.delete(path);
  }

  private showLeftOut(sentences: string): void {
    const line = this.partNamed("left-out");
    line.hidden = sentences === "";
    line.textContent = sentences;
  }

  private showRow(task: UploadTask): void {
    const row = new UploadRow(task);
    const old = this.rows.get(task.path);
    if (old?.element.parentElement === this.partNamed("list")) {
      old.element.replaceWith(row.element);
    } else {
      old?.element.remove();
      this.partNamed("list").append(row.element);
    }
    this.rows.set(task.path, row);
  }

  private onTaskChange(task: UploadTask): void {
    const row = this.rows.get(task.path);
    row?.update(task);
    if (row && task.isRefused) {
      // Beside what was refused here: nobody scrolls through a long list for it.
      this.partNamed("refused").append(row.element);
    }
    if (task.state === "done" || task.state === "failed") {
      this.queue.advance();
    }
    this.showTotals();
  }

  private showTotals(): void {
    const totals = this.queue.totals;
    const { files, finished, failed, sent, size } = totals;
    this.rate.record(performance.now(), sent);
    this.partNamed("total").hidden = files + this.refusedRows.size === 0;
    const bar = this.partNamed("bar") as HTMLProgressElement;
    bar.max = Math.max(1, size);
    bar.value = sent;
    const isFinished = finished === files;
    const rate = this.rate.bytesPerSecond;
    const speed =
      !isFinished && !this.queue.isPaused && rate > 0
        ? `, ${formatBytes(rate)}/s, ${formatDuration(this.rate.secondsLeft(size - sent))} left`
        : "";
    this.partNamed("text").textContent = describeTotals(totals, this.refusedRows.size, speed);
    this.warnOfUnsent(countUnsent(totals, this.refusedRows.size));
    this.partNamed("pause").hidden = isFinished || finished + failed === files;
    this.partNamed("retry").hidden = failed === 0;
    const wasComplete = this.isComplete;
    this.isComplete = finished + failed === files;
    if (this.isComplete && !wasComplete && finished > 0) {
      this.dispatchEvent(new CustomEvent("stemma:uploaded", { bubbles: true, detail: { finished, failed } }));
    }
  }

  private warnOfUnsent(unsent: number): void {
    for (const name of ["notice", "ask"]) {
      this.partNamed("total").classList.toggle(name, unsent > 0);
    }
    const warning = warnOfUnsent(unsent);
    this.dispatchEvent(new CustomEvent("stemma:unsent", { bubbles: true, detail: { warning } }));
  }

  private async togglePause(): Promise<void> {
    const button = this.partNamed("pause");
    if (this.queue.isPaused) {
      this.rate.reset();
      this.queue.resumeAll();
      button.textContent = "Pause";
    } else {
      button.textContent = "Go on";
      await this.queue.pauseAll();
    }
    this.showTotals();
  }

  private retryFailed(): void {
    const failed = this.queue.tasks.filter((task) => task.state === "failed").map((task) => task.chosen);
    void this.addFiles(failed);
  }

  private async showUnfinished(): Promise<void> {
    const uploads = await listUnfinishedUploads(this.dataset.deposit ?? "");
    if (uploads.length === 0 || this.queue.tasks.length > 0) {
      return;
    }
    const list = this.partNamed("unfinished-list");
    list.replaceChildren(
      ...uploads.map(({ path, size, stored }) => {
        const item = document.createElement("li");
        item.textContent = `${path}: ${formatBytes(stored)} of ${formatBytes(size)} stored`;
        return item;
      }),
    );
    this.partNamed("unfinished").hidden = false;
  }
}

customElements.define("stemma-uploader", Uploader);
