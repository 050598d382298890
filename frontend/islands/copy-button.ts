/** <stemma-copy data-text="…">: a button that copies, and says that it did. */
class CopyButton extends HTMLElement {
  connectedCallback(): void {
    if (this.querySelector("button")) {
      return;
    }
    const button = document.createElement("button");
    button.type = "button";
    button.className = "link-button fine";
    const label = this.dataset.label ?? "Copy";
    button.textContent = label;
    if (this.dataset.what) {
      button.setAttribute("aria-label", `${label} ${this.dataset.what}`);
    }
    button.addEventListener("click", () => {
      void navigator.clipboard.writeText(this.dataset.text ?? "").then(
        () => this.confirm(button, "Copied", label),
        () => this.confirm(button, "Not allowed by the browser", label),
      );
    });
    this.append(button);
  }

  private confirm(button: HTMLButtonElement, message: string, label: string): void {
    button.textContent = message;
    setTimeout(() => (button.textContent = label), 2000);
  }
}

customElements.define("stemma-copy", CopyButton);
