/**
 * <stemma-job-progress data-fragment data-state>: keeps the reading's progress current while the person goes on typing.
 *
 * The fragment is rendered by the server; its root names the deposit's state in `data-state`, and in `data-known` a
 * mark that changes when there is more to see: then the page's sections are brought up to date, except those in which
 * somebody works. When the state is settled the page is loaded anew, unless somebody types in it.
 */
import { refreshSections } from "./page-sections";

const busyStates = new Set(["submitted", "processing"]);
const shortestWait = 1000;
const longestWait = 5000;

export function isBusy(state: string): boolean {
  return busyStates.has(state);
}

class JobProgress extends HTMLElement {
  private timer = 0;
  private wait = shortestWait;
  private known = "";
  private shown = "";
  private isRefreshing = false;

  /** An answer can have files read again: whoever brings the page up to date has this look again, too. */
  private readonly look = (): void => {
    if (!this.isRefreshing && !isBusy(this.dataset.state ?? "")) {
      this.wait = shortestWait;
      void this.refresh();
    }
  };

  connectedCallback(): void {
    this.shown = this.querySelector<HTMLElement>("[data-known]")?.dataset.known ?? "";
    document.addEventListener("stemma:sections", this.look);
    if (isBusy(this.dataset.state ?? "")) {
      this.plan();
    }
  }

  disconnectedCallback(): void {
    clearTimeout(this.timer);
    document.removeEventListener("stemma:sections", this.look);
  }

  private plan(): void {
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => void this.refresh(), this.wait);
    this.wait = Math.min(longestWait, this.wait * 1.2);
  }

  private async refresh(): Promise<void> {
    const wasBusy = isBusy(this.dataset.state ?? "");
    const response = await fetch(this.dataset.fragment ?? "", { credentials: "same-origin" }).catch(() => null);
    if (response?.ok) {
      this.show(await response.text());
    } else {
      this.note("The server does not answer at the moment. The reading goes on; this page keeps asking.");
    }
    if (!isBusy(this.dataset.state ?? "")) {
      const isNew = this.known !== this.shown;
      this.shown = this.known;
      if (wasBusy) {
        this.settle();
      } else if (isNew) {
        await this.refreshPage(); // begun and done between two looks
      }
      return;
    }
    if (this.known !== this.shown && (await this.refreshPage())) {
      this.shown = this.known;
    }
    this.plan();
  }

  private async refreshPage(): Promise<boolean> {
    this.isRefreshing = true;
    try {
      return await refreshSections();
    } finally {
      this.isRefreshing = false;
    }
  }

  private show(html: string): void {
    const fragment = document.createElement("template");
    fragment.innerHTML = html;
    const root = fragment.content.firstElementChild;
    if (root instanceof HTMLElement) {
      this.dataset.state = root.dataset.state ?? "";
      this.known = root.dataset.known ?? "";
      this.replaceChildren(root);
    }
  }

  private note(message: string): void {
    let line = this.querySelector<HTMLElement>("[data-part=note]");
    if (!line) {
      line = document.createElement("p");
      line.dataset.part = "note";
      line.className = "soft";
      this.append(line);
    }
    line.textContent = message;
  }

  /** What is read is shown on the page anew; what somebody types just now is left as it is, and a line says so. */
  private settle(): void {
    if (document.querySelector("stemma-session-table")) {
      void this.refreshPage(); // nothing of the table is lost: it brings itself up to date
      return;
    }
    const focus = document.activeElement;
    const isTyping = focus?.matches("input:not([type=checkbox], [type=radio]), textarea, select") ?? false;
    if (isTyping || document.querySelector("[data-unsaved]")) {
      void this.refreshPage();
      this.note("Reading is finished. Where you were typing this page is as it was: save that, then reload it.");
    } else {
      location.reload();
    }
  }
}

customElements.define("stemma-job-progress", JobProgress);
