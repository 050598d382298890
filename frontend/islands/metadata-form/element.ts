/**
 * <stemma-metadata-form data-object data-etag>: saves what the person answered.
 *
 * Only changed fields are written into the document as the server holds it; `If-Match` guards against a second
 * editor. When both changed the same field, the person is asked; nothing typed is lost.
 */
import { requestJson, RequestRefusedError } from "../api/request";
import type { Deposit, DepositChange } from "../api/shapes";
import {
  applyChanges,
  type Change,
  describeValue,
  findCollisions,
  type SuppliedDocument,
  valueAt,
} from "./document-changes";
import { MetadataField } from "./field";

class MetadataForm extends HTMLElement {
  private fields: MetadataField[] = [];
  private base: SuppliedDocument = {};
  private etag = "";

  connectedCallback(): void {
    this.fields = Array.from(this.querySelectorAll<HTMLElement>(".field[data-paths]"), (field) => new MetadataField(field));
    const source = this.querySelector("script[type='application/json']")?.textContent ?? "{}";
    this.base = JSON.parse(source) as SuppliedDocument;
    this.etag = this.dataset.etag ?? "";
    this.addEventListener("input", () => this.noteEdit());
    this.addEventListener("change", () => this.noteEdit());
    this.querySelector("[data-part=gap-rest]")?.addEventListener("click", () => this.declareRest());
    this.querySelector("form")?.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.save(this.etag);
    });
    this.querySelector("button[type=submit]")?.removeAttribute("disabled");
    window.addEventListener("beforeunload", (event) => {
      if ("unsaved" in this.dataset) {
        event.preventDefault();
      }
    });
  }

  private noteEdit(): void {
    this.fields.forEach((field) => field.showGap());
    const count = this.fields.filter((field) => field.isChanged).length;
    if (count > 0) {
      this.dataset.unsaved = "";
    } else {
      delete this.dataset.unsaved;
    }
    this.say(count > 0 ? `${count} ${count === 1 ? "answer" : "answers"} not saved yet` : "");
  }

  /** Whatever of the needed answers is still empty is declared as not recorded, where that is an answer. */
  private declareRest(): void {
    for (const field of this.fields) {
      field.declareGap();
    }
    this.noteEdit();
  }

  private say(message: string): void {
    const status = this.querySelector("[data-part=status]");
    if (status) {
      status.textContent = message;
    }
  }

  /** The changed fields, or null when one of them cannot be read; then the first such field has the focus. */
  private readChanges(): Change[] | null {
    const changes: Change[] = [];
    let firstRefused: MetadataField | null = null;
    for (const field of this.fields.filter((candidate) => candidate.isChanged)) {
      const reading = field.read();
      field.showProblem(reading.ok ? "" : reading.problem);
      if (reading.ok) {
        changes.push(...field.paths.map((path) => ({ path, label: field.label, value: reading.value })));
      } else {
        firstRefused ??= field;
      }
    }
    firstRefused?.focus();
    return firstRefused ? null : changes;
  }

  private async save(etag: string): Promise<void> {
    const changes = this.readChanges();
    if (!changes) {
      this.say("One answer cannot be read; it is marked.");
      return;
    }
    this.say("Saving …");
    try {
      const change: DepositChange = { metadata: applyChanges(this.base, changes) };
      await requestJson(this.dataset.object ?? "", { method: "PATCH", body: change, ifMatch: etag });
      delete this.dataset.unsaved;
      location.reload();
    } catch (error) {
      if (error instanceof RequestRefusedError && error.problem.status === 412) {
        await this.merge(changes);
      } else {
        this.say(error instanceof Error ? error.message : String(error));
      }
    }
  }

  /** Somebody else saved first: take their document, keep ours where they said nothing new, ask about the rest. */
  private async merge(changes: Change[]): Promise<void> {
    const { body, etag } = await requestJson<Deposit>(this.dataset.object ?? "");
    const theirs = body.metadata as SuppliedDocument;
    const collisions = findCollisions(this.base, theirs, changes);
    this.base = theirs;
    this.etag = etag;
    if (collisions.length === 0) {
      await this.save(etag);
      return;
    }
    this.askAbout(collisions, theirs);
  }

  private askAbout(collisions: Change[], theirs: SuppliedDocument): void {
    const box = this.querySelector<HTMLElement>("[data-part=collision]");
    if (!box) {
      return;
    }
    const intro = document.createElement("p");
    intro.textContent = "Somebody else saved this deposit while you were editing. Both of you changed:";
    const list = document.createElement("ul");
    for (const { label, path, value } of collisions) {
      const item = document.createElement("li");
      item.textContent = `${label}: you say ${describeValue(value)}, saved is ${describeValue(valueAt(theirs, path))}.`;
      list.append(item);
    }
    const mine = this.button("Save my answers", () => void this.save(this.etag));
    const reload = this.button("Keep theirs and reload", () => {
      delete this.dataset.unsaved;
      location.reload();
    });
    box.replaceChildren(intro, list, mine, " ", reload);
    box.hidden = false;
    box.focus();
    this.say("");
  }

  private button(label: string, onClick: () => void): HTMLButtonElement {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "button quiet small";
    button.textContent = label;
    button.addEventListener("click", onClick);
    return button;
  }
}

customElements.define("stemma-metadata-form", MetadataForm);
