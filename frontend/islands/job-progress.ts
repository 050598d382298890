/**
 * <stemma-job-progress data-fragment data-state>: keeps the reading's progress current while the person goes on typing.
 *
 * The fragment is rendered by the server; its root names the deposit's state in `data-state`, and in `data-known` a
 * mark that changes when there is more to see: then the page's sections are brought up to date, except a form that
 * somebody is filling in, and the session's table, which does that itself. When the state is settled a page with the
 * table is brought up to date once more, and any other is loaded anew, unless a form holds unsaved answers: then a
 * sentence asks for it.
 */
const busyStates = new Set(["submitted", "processing"]);
const shortestWait = 1000;
const longestWait = 5000;

const liveSections = ["head", "upload", "read", "answers", "missing", "findings", "publish"];
/** What an answer of the table changes elsewhere on the page. */
const answeredSections = ["head", "missing", "findings", "publish"];

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
    document.addEventListener("stemma:answered", this.follow);
  }

  disconnectedCallback(): void {
    clearTimeout(this.timer);
    document.removeEventListener("stemma:answered", this.follow);
  }

  /** An answer was saved: show what it settled, and go along where it has the server read again. */
  private readonly follow = (): void => {
    void this.updateSections(answeredSections).then((state) => {
      if (state !== null && isBusy(state) && !isBusy(this.dataset.state ?? "")) {
        this.dataset.state = state;
        this.wait = shortestWait;
        this.plan();
      }
    });
  };

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
      await this.settle();
      return;
    }
    if (this.known !== this.shown && (await this.updateSections(liveSections)) !== null) {
      this.shown = this.known;
      document.dispatchEvent(new Event("stemma:sections"));
    }
    this.plan();
  }

  /** Bring sections up to what is known by now; what somebody is typing stays. Returns the deposit's state. */
  private async updateSections(ids: readonly string[]): Promise<string | null> {
    const response = await fetch(location.pathname, { credentials: "same-origin" }).catch(() => null);
    if (!response?.ok) {
      return null;
    }
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    let previous: Element | null = null;
    for (const id of ids) {
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
    return page.querySelector<HTMLElement>("stemma-job-progress")?.dataset.state ?? "";
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

  private async settle(): Promise<void> {
    const table = document.querySelector("stemma-session-table");
    if (table && (await this.updateSections(liveSections)) !== null) {
      document.dispatchEvent(new Event("stemma:sections"));
    } else if (document.querySelector("[data-unsaved]")) {
      this.note("Reading is finished. Save your answers, then reload this page to see what was read.");
    } else {
      location.reload();
    }
  }
}

/** Whether a section stays: its form holds unsaved answers, the focus is in it, or it brings itself up to date. */
function isInUse(section: Element | null, id: string): boolean {
  return (
    section?.id === id &&
    (section.contains(document.activeElement) || section.querySelector("[data-unsaved], stemma-session-table") !== null)
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
