/**
 * <stemma-job-progress data-fragment data-state>: keeps the reading's progress current while the person goes on typing.
 *
 * The fragment is rendered by the server; its root names the deposit's state in `data-state`. When the state is
 * settled the page is loaded anew, unless a form holds unsaved answers: then a link offers it.
 */
const busyStates = new Set(["submitted", "processing", "publishing"]);
const shortestWait = 1000;
const longestWait = 5000;

export function isBusy(state: string): boolean {
  return busyStates.has(state);
}

class JobProgress extends HTMLElement {
  private timer = 0;
  private wait = shortestWait;

  connectedCallback(): void {
    if (isBusy(this.dataset.state ?? "")) {
      this.plan();
    }
  }

  disconnectedCallback(): void {
    clearTimeout(this.timer);
  }

  private plan(): void {
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => void this.refresh(), this.wait);
    this.wait = Math.min(longestWait, this.wait * 1.2);
  }

  private async refresh(): Promise<void> {
    const response = await fetch(this.dataset.fragment ?? "", { credentials: "same-origin" }).catch(() => null);
    if (response?.ok) {
      this.show(await response.text());
    } else {
      this.note("The server does not answer at the moment. The reading goes on; this page keeps asking.");
    }
    if (isBusy(this.dataset.state ?? "")) {
      this.plan();
    } else {
      this.settle();
    }
  }

  private show(html: string): void {
    const fragment = document.createElement("template");
    fragment.innerHTML = html;
    const root = fragment.content.firstElementChild;
    if (root instanceof HTMLElement) {
      this.dataset.state = root.dataset.state ?? "";
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

  private settle(): void {
    if (document.querySelector("stemma-metadata-form[data-unsaved]")) {
      this.note("Reading is finished. Save your answers, then reload this page to see what was read.");
    } else {
      location.reload();
    }
  }
}

customElements.define("stemma-job-progress", JobProgress);
