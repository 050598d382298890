/**
 * <stemma-metadata-form data-object data-etag>: saves what the person answered.
 *
 * Only changed fields are sent; `If-Match` guards against a second editor or a second tab. When both changed the same
 * field, the person sees both values and chooses, field by field; nothing typed is lost. A wrong answer holds back
 * none of the others: they are saved, and it stays in its field with the reason beside it.
 */
import { type Answer, requestJson, RequestRefusedError } from "../api/request";
import type { CurrentContent, Deposit, DepositChange, Finding } from "../api/shapes";
import {
  applyChanges,
  type Change,
  composeMergePatch,
  describeValue,
  findCollisions,
  pointerOf,
  type SuppliedDocument,
  valueAt,
} from "../description/document-changes";
import { MetadataField } from "../description/field";

/** An answer that was not saved, and why; where the page has no field for it, it has its place alone. */
interface Refusal {
  field: MetadataField | null;
  label: string;
  problem: string;
}

function countAnswers(count: number): string {
  return `${count} ${count === 1 ? "answer" : "answers"}`;
}

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
    this.say(count > 0 ? `${countAnswers(count)} not saved yet` : "");
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

  /** What can be sent of the changed fields; the others are told why not. */
  private readChanges(): { changes: Change[]; refused: Refusal[] } {
    const changes: Change[] = [];
    const refused: Refusal[] = [];
    for (const field of this.fields) {
      const reading = field.isChanged ? field.read() : null;
      field.showProblem("");
      if (reading?.ok) {
        changes.push(...field.paths.map((path) => ({ path, label: field.label, value: reading.value })));
      } else if (reading) {
        refused.push({ field, label: field.label, problem: reading.problem });
      }
    }
    return { changes, refused };
  }

  private async save(etag: string, decided: Change[] | null = null): Promise<void> {
    const { changes, refused } = this.readChanges();
    const sent = decided ?? changes;
    if (sent.length === 0 && refused.length > 0) {
      this.showRefused(refused, 0);
      return;
    }
    this.say("Saving …");
    try {
      const change: DepositChange = { metadata: composeMergePatch(this.base, applyChanges(this.base, sent)) };
      const options = { method: "PATCH", body: change, ifMatch: etag, prefer: "handling=lenient" };
      const answer = await requestJson<Deposit | null>(this.dataset.object ?? "", options);
      this.settle(answer, sent, refused);
    } catch (error) {
      if (error instanceof RequestRefusedError && error.problem.current) {
        await this.merge(sent, error.problem.current);
      } else if (error instanceof RequestRefusedError && error.problem.findings.length > 0) {
        this.showRefused([...refused, ...this.findRefused(error.problem.findings)], 0);
      } else {
        this.say(error instanceof Error ? error.message : String(error));
      }
    }
  }

  /** Show the page anew where all was saved; else keep it, with what was not saved still in its fields. */
  private settle({ body, etag }: Answer<Deposit | null>, sent: readonly Change[], refused: readonly Refusal[]): void {
    const wrong = [...refused, ...this.findRefused(body?.outcome?.refused ?? [])];
    if (!body || wrong.length === 0) {
      delete this.dataset.unsaved;
      location.reload();
      return;
    }
    this.base = body.metadata as SuppliedDocument;
    this.etag = etag;
    const written = new Set(sent.map(({ path }) => pointerOf(path)));
    const saved = this.fields.filter(
      (field) => field.paths.some((path) => written.has(pointerOf(path))) && !wrong.some((one) => one.field === field),
    );
    saved.forEach((field) => field.settle());
    this.noteEdit();
    this.showRefused(wrong, saved.length);
  }

  private findRefused(findings: readonly Finding[]): Refusal[] {
    return findings.map(({ pointer, message, hint }) => {
      const lies = (path: string[]): boolean => `${pointer}/`.startsWith(`${pointerOf(path)}/`);
      const field = this.fields.find((one) => one.paths.some(lies)) ?? null;
      return { field, label: field?.label ?? pointer, problem: `${message} ${hint}`.trim() };
    });
  }

  /** Why what was not saved was not: beside each field, and all together with a way there. */
  private showRefused(refused: readonly Refusal[], saved: number): void {
    for (const field of new Set(refused.map((one) => one.field))) {
      field?.showProblem(refused.filter((one) => one.field === field).map(({ problem }) => problem).join(" "));
    }
    const kept = "What you typed is still in its field.";
    this.say(`${countAnswers(saved)} saved, ${refused.length} not. ${kept}`);
    const box = this.querySelector<HTMLElement>("[data-part=refused]");
    if (box) {
      const list = document.createElement("ul");
      list.append(...refused.map((one) => this.buildRefusal(one)));
      box.replaceChildren(list);
      box.hidden = false;
    }
    refused.find((one) => one.field)?.field?.focus();
  }

  private buildRefusal({ field, label, problem }: Refusal): HTMLLIElement {
    const item = document.createElement("li");
    const lead = this.button(label, () => field?.focus());
    item.append(lead, ` ${problem}`);
    return item;
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
