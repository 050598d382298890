/**
 * <stemma-metadata-form data-object data-etag>: saves what the person answered.
 *
 * Only changed fields are sent; `If-Match` guards against a second editor or a second tab. When both changed the same
 * field, the person sees both values and chooses, field by field; nothing typed is lost.
 */
import { requestJson, RequestRefusedError } from "../api/request";
import type { CurrentContent, DepositChange } from "../api/shapes";
import {
  applyChanges,
  type Change,
  composeMergePatch,
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

  private async save(etag: string, decided: Change[] | null = null): Promise<void> {
    const changes = decided ?? this.readChanges();
    if (!changes) {
      this.say("One answer cannot be read; it is marked.");
      return;
    }
    this.say("Saving …");
    try {
      const change: DepositChange = {
        metadata: composeMergePatch(this.base, applyChanges(this.base, changes)),
      };
      await requestJson(this.dataset.object ?? "", { method: "PATCH", body: change, ifMatch: etag });
      delete this.dataset.unsaved;
      location.reload();
    } catch (error) {
      if (error instanceof RequestRefusedError && error.problem.current) {
        await this.merge(changes, error.problem.current);
      } else {
        this.say(error instanceof Error ? error.message : String(error));
      }
    }
  }

  /** Somebody else saved first: take their document, keep ours where they said nothing new, ask about the rest. */
  private async merge(changes: Change[], current: CurrentContent): Promise<void> {
    const theirs = current.metadata as SuppliedDocument;
    const collisions = findCollisions(this.base, theirs, changes);
    this.base = theirs;
    this.etag = current.etag;
    if (collisions.length === 0) {
      await this.save(current.etag, changes);
      return;
    }
    this.askAbout(collisions, changes, theirs);
  }

  private askAbout(collisions: Change[], changes: Change[], theirs: SuppliedDocument): void {
    const box = this.querySelector<HTMLElement>("[data-part=collision]");
    if (!box) {
      return;
    }
    const intro = document.createElement("p");
    intro.textContent =
      "Somebody else, or you in another tab, saved this deposit meanwhile. Both changed what stands here: choose.";
    const choices = collisions.map((change, index) => this.buildChoice(change, index, valueAt(theirs, change.path)));
    const save = this.button("Save with these choices", () => {
      const given = collisions.filter((_, index) => choices[index]?.querySelector<HTMLInputElement>("[value=saved]")?.checked);
      void this.save(this.etag, changes.filter((change) => !given.includes(change)));
    });
    box.replaceChildren(intro, ...choices, save);
    box.hidden = false;
    box.focus();
    this.say("");
  }

  /** Both values of one field; what is saved stays unless the person says otherwise. */
  private buildChoice({ label, value }: Change, index: number, saved: unknown): HTMLFieldSetElement {
    const field = document.createElement("fieldset");
    const legend = document.createElement("legend");
    legend.textContent = label;
    field.append(legend);
    for (const [kind, words, shown] of [
      ["saved", "saved meanwhile", saved],
      ["mine", "yours", value],
    ] as const) {
      const option = document.createElement("label");
      option.className = "check";
      const radio = document.createElement("input");
      radio.type = "radio";
      radio.name = `collision-${index}`;
      radio.value = kind;
      radio.checked = kind === "saved";
      option.append(radio, ` ${describeValue(shown)} (${words})`);
      field.append(option);
    }
    return field;
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
