/**
 * <stemma-job-progress data-fragment data-state>: keeps the reading's progress current while the person goes on typing.
 *
 * The fragment is rendered by the server; its root names the deposit's state in `data-state`, and in `data-known` a
 * mark that changes when there is more to see: then the page's sections are brought up to date, except a form that
 * somebody is filling in. When the state is settled the page is loaded anew, unless a form holds unsaved answers: then
 * a link offers it.
 */
const busyStates = new Set(["submitted", "processing"]);
const shortestWait = 1000;
const longestWait = 5000;

const liveSections = ["upload", "read", "missing", "findings", "publish"];

export function isBusy(state: string): boolean {
  return busyStates.has(state);
}

class JobProgress extends HTMLElement {
  private timer = 0;
  private wait = shortestWait;
  private known = "";
  private shown = "";

  connectedCallback(): void {
    this.shown = this.querySelector<HTMLElement>("[data-known]")?.dataset.known ?? "";
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
    if (!isBusy(this.dataset.state ?? "")) {
      this.settle();
      return;
    }
    if (this.known !== this.shown && (await this.updateSections())) {
      this.shown = this.known;
    }
    this.plan();
  }

  /** Bring the page's sections up to what is known by now; what somebody is typing stays. */
  private async updateSections(): Promise<boolean> {
    const response = await fetch(location.pathname, { credentials: "same-origin" }).catch(() => null);
    if (!response?.ok) {
      return false;
    }
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    let previous: Element | null = null;
    for (const id of liveSections) {
      const fresh = page.getElementById(id);
      const old = document.getElementById(id);
      if (fresh && !isInUse(old ?? previous, id)) {
        const section = document.importNode(fresh, true);
        if (old) {
          keepOpened(old, section);
          old.replaceWith(section);
        } else {
          previous?.after(section);
        }
      }
      previous = document.getElementById(id) ?? previous;
    }
    document.dispatchEvent(new Event("stemma:sections"));
    return true;
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

  private settle(): void {
    if (document.querySelector("stemma-metadata-form[data-unsaved]")) {
      this.note("Reading is finished. Save your answers, then reload this page to see what was read.");
    } else {
      location.reload();
    }
  }
}

/** Whether somebody works in a section: its form holds unsaved answers, or the focus is in it. */
function isInUse(section: Element | null, id: string): boolean {
  return (
    section?.id === id &&
    (section.contains(document.activeElement) || section.querySelector("stemma-metadata-form[data-unsaved]") !== null)
  );
}

/** What was opened or closed by hand stays so. */
function keepOpened(old: Element, fresh: Element): void {
  const before = Array.from(old.querySelectorAll("details"));
  const after = Array.from(fresh.querySelectorAll("details"));
  if (before.length === after.length) {
    after.forEach((details, index) => {
      details.open = before[index]?.open ?? details.open;
    });
  }
}

customElements.define("stemma-job-progress", JobProgress);
