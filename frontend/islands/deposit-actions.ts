/**
 * <stemma-deposit-actions>: buttons with `data-action` (an API address, POST) and `data-then` (where to go).
 *
 * A refusal is shown beside the button with its findings; nothing on the page is lost.
 */
import { requestJson, RequestRefusedError } from "./api/request";
import type { Acknowledgement, MemberRequest, PublishRequest } from "./api/shapes";

class DepositActions extends HTMLElement {
  connectedCallback(): void {
    for (const button of this.querySelectorAll<HTMLButtonElement>("button[data-action]")) {
      button.addEventListener("click", () => void this.act(button));
    }
    for (const box of this.querySelectorAll<HTMLInputElement>("input[name=acknowledge]")) {
      box.addEventListener("change", () => this.checkAcknowledged());
    }
    this.checkAcknowledged();
    this.addEventListener("stemma:uploaded", () => {
      const button = this.querySelector<HTMLButtonElement>("button[data-waits-for-files]");
      if (button) {
        button.disabled = false;
        button.focus();
      }
    });
  }

  /** Publishing waits until each group of warnings is acknowledged. */
  private checkAcknowledged(): void {
    const boxes = [...this.querySelectorAll<HTMLInputElement>("input[name=acknowledge]")];
    const button = this.querySelector<HTMLButtonElement>("button[data-needs-acknowledgement]");
    if (button && boxes.length > 0) {
      button.disabled = boxes.some((box) => !box.checked);
    }
  }

  private acknowledgements(): Acknowledgement[] {
    const note = this.querySelector<HTMLTextAreaElement>("textarea[name=note]")?.value.trim() ?? "";
    const boxes = [...this.querySelectorAll<HTMLInputElement>("input[name=acknowledge]")];
    return boxes.filter((box) => box.checked).map((box) => ({ code: box.value, note }));
  }

  private bodyOf(button: HTMLButtonElement): PublishRequest | MemberRequest | Record<string, never> {
    switch (button.dataset.sends) {
      case "acknowledgements":
        return { accept_warnings: this.acknowledgements() };
      case "username":
        return { username: this.querySelector<HTMLInputElement>("input[name=username]")?.value.trim() ?? "" };
      default:
        return {};
    }
  }

  private async act(button: HTMLButtonElement): Promise<void> {
    const question = button.dataset.confirm;
    if (question && !window.confirm(question)) {
      return;
    }
    button.disabled = true;
    const body = this.bodyOf(button);
    try {
      await requestJson(button.dataset.action ?? "", { method: button.dataset.method ?? "POST", body });
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
    }
    box.replaceChildren(sentence, ...(list.children.length > 0 ? [list] : []));
    box.hidden = false;
    box.focus();
  }
}

customElements.define("stemma-deposit-actions", DepositActions);
