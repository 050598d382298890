/**
 * <stemma-deposit-actions>: buttons with `data-action` (an API address, POST) and `data-then` (where to go).
 *
 * What is sent stands in `data-body`, or is gathered from the fields that `data-sends` names. Buttons of sections that
 * are brought up to date while the page is open work like those of the first hour.
 *
 * A refusal is shown beside the button with its findings; nothing on the page is lost. A button with `data-etag` acts on
 * what the person saw: where somebody else changed the description meanwhile, the changes are shown first.
 */
import { requestJson, RequestRefusedError } from "./api/request";
import type { Acknowledgement, FieldChange, PublishRequest, SortingRequest } from "./api/shapes";
import { describeValue } from "./description/document-changes";

class DepositActions extends HTMLElement {
  connectedCallback(): void {
    this.addEventListener("click", (event) => {
      const button = event.target instanceof Element ? event.target.closest<HTMLButtonElement>("button[data-action]") : null;
      if (button && !button.disabled) {
        void this.act(button);
      }
    });
    this.addEventListener("change", () => this.checkAcknowledged());
    document.addEventListener("stemma:sections", () => this.show());
    this.show();
    this.addEventListener("stemma:uploaded", (event) => {
      const button = this.querySelector<HTMLButtonElement>("button[data-waits-for-files]");
      const { failed } = (event as CustomEvent<{ failed: number }>).detail;
      if (!button) {
        return;
      }
      button.disabled = false;
      const isWhole = failed === 0 && this.querySelector("[data-part=unsent]:not([hidden])") === null;
      if (isWhole && beginsAtOnce(this)) {
        void this.act(button);
      } else {
        button.focus();
      }
    });
    this.addEventListener("stemma:unsent", (event) => {
      const notice = this.querySelector<HTMLElement>("[data-part=unsent]");
      const { warning } = (event as CustomEvent<{ warning: string }>).detail;
      if (notice && notice.textContent !== warning) {
        notice.textContent = warning;
        notice.hidden = warning === "";
      }
    });
  }

  private show(): void {
    rememberChoice(this);
    this.checkAcknowledged();
  }

  /** Publishing waits until each group of warnings is acknowledged. */
  private checkAcknowledged(): void {
    const boxes = [...this.querySelectorAll<HTMLInputElement>("input[name=acknowledge]")];
    const button = this.querySelector<HTMLButtonElement>("button[data-needs-acknowledgement]");
    if (button && boxes.length > 0) {
      button.disabled = boxes.some((box) => !box.checked);
      const reason = this.querySelector<HTMLElement>("[data-part=unacknowledged]");
      if (reason) {
        reason.hidden = !button.disabled; // beside a button that does nothing stands why
      }
    }
  }

  private acknowledgements(): Acknowledgement[] {
    const note = this.querySelector<HTMLTextAreaElement>("textarea[name=note]")?.value.trim() ?? "";
    const boxes = [...this.querySelectorAll<HTMLInputElement>("input[name=acknowledge]")];
    return boxes.filter((box) => box.checked).map((box) => ({ code: box.value, note }));
  }

  private bodyOf(button: HTMLButtonElement): PublishRequest | SortingRequest | Record<string, never> {
    if (button.dataset.body) {
      return JSON.parse(button.dataset.body) as SortingRequest;
    }
    return button.dataset.sends === "acknowledgements" ? { accept_warnings: this.acknowledgements() } : {};
  }

  private async act(button: HTMLButtonElement): Promise<void> {
    const question = button.dataset.confirm;
    if (question && !window.confirm(question)) {
      return;
    }
    button.disabled = true;
    const body = this.bodyOf(button);
    try {
      await this.send(button, body);
      if (button.dataset.then) {
        location.assign(button.dataset.then);
      } else {
        location.reload();
      }
    } catch (error) {
      this.refuse(error);
      button.disabled = false;
    }
  }

  private async send(button: HTMLButtonElement, body: unknown): Promise<void> {
    const address = button.dataset.action ?? "";
    const method = button.dataset.method ?? "POST";
    const ifMatch = button.dataset.etag ?? "";
    try {
      await requestJson(address, { method, body, ifMatch });
    } catch (error) {
      const current = error instanceof RequestRefusedError ? error.problem.current : null;
      if (!(error instanceof RequestRefusedError) || !current) {
        throw error;
      }
      button.dataset.etag = current.etag; // a second click acts on what is shown now
      if (error.problem.changes.length > 0 || !error.problem.changes_are_all) {
        throw error;
      }
      // Only the server moved the deposit on; what persons wrote is as it was shown.
      await requestJson(address, { method, body, ifMatch: current.etag });
    }
  }

  private refuse(error: unknown): void {
    const box = this.querySelector<HTMLElement>("[data-part=refusal]");
    if (!box) {
      return;
    }
    const sentence = document.createElement("p");
    sentence.textContent = error instanceof Error ? error.message : String(error);
    const list = document.createElement("ul");
    if (error instanceof RequestRefusedError) {
      for (const finding of error.problem.findings) {
        const item = document.createElement("li");
        item.textContent = [finding.message, finding.hint].filter(Boolean).join(" ");
        list.append(item);
      }
      for (const change of error.problem.changes) {
        const item = document.createElement("li");
        item.textContent = describeChange(change);
        list.append(item);
      }
    }
    box.replaceChildren(sentence, ...(list.children.length > 0 ? [list] : []));
    box.hidden = false;
    box.focus();
  }
}

function atOnce(scope: HTMLElement): HTMLInputElement | null {
  return scope.querySelector<HTMLInputElement>("input[data-part=at-once]");
}

/** Whether the files are handed in as soon as all have arrived: so it is, unless the person wants to look first. */
function beginsAtOnce(scope: HTMLElement): boolean {
  return atOnce(scope)?.checked ?? false;
}

/** What the person chose for this deposit stays so when the page is loaded again. */
function rememberChoice(scope: HTMLElement): void {
  const box = atOnce(scope);
  const key = `stemma:at-once:${box?.dataset.deposit ?? ""}`;
  if (!box || box.dataset.bound !== undefined) {
    return;
  }
  box.dataset.bound = "";
  box.checked = localStorage.getItem(key) !== "no";
  box.addEventListener("change", () => localStorage.setItem(key, box.checked ? "yes" : "no"));
}

function describeChange({ pointer, old, new: now, by }: FieldChange): string {
  const field = pointer.replace(/^\/metadata\//, "").replaceAll("/", " › ").replaceAll("~1", "/").replaceAll("~0", "~");
  return `${field}: ${describeValue(old)} became ${describeValue(now)} (${by}).`;
}

customElements.define("stemma-deposit-actions", DepositActions);
