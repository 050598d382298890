/**
 * <stemma-description data-object data-etag>: the description of the dataset, saved field by field.
 *
 * A field is saved when it is left, a list when its row is left. `If-Match` guards against a second person or tab: what
 * they wrote elsewhere is merged and shown, and where both wrote the same field the person chooses. What is wrong with
 * an identifier is said while it is typed; a wrong field waits with its reason and holds back no other.
 */
import { requestJson, RequestRefusedError } from "../api/request";
import type { ChangedDeposit, CurrentContent, DepositChange, Finding } from "../api/shapes";
import { announceChange } from "../page-sections";
import { bindCards, matchCards } from "./cards";
import { askAbout } from "./collisions";
import { applyChanges, type Change, composeMergePatch, findCollisions, isSame, pointerOf, type SuppliedDocument, valueAt } from "./document-changes";
import { MetadataField } from "./field";
import { RowChecks } from "./row-checks";

const preference = "handling=lenient, return=minimal";

class Description extends HTMLElement {
  private fields: MetadataField[] = [];
  private base: SuppliedDocument = {};
  private etag = "";
  /** One save after the other: each waits for the revision that the last one made. */
  private saving: Promise<void> = Promise.resolve();
  private checks: RowChecks | null = null;

  connectedCallback(): void {
    this.fields = Array.from(this.querySelectorAll<HTMLElement>(".field[data-field]"), (field) => new MetadataField(field));
    this.base = JSON.parse(this.querySelector("script[type='application/json']")?.textContent ?? "{}") as SuppliedDocument;
    this.etag = this.dataset.etag ?? "";
    this.checks = new RowChecks(this);
    bindCards(this);
    this.addEventListener("input", () => this.noteEdit());
    this.addEventListener("change", (event) => this.leaveSimple(event.target));
    this.addEventListener("focusout", (event) => this.leaveRow(event));
    this.addEventListener("click", (event) => this.press(event));
    this.querySelector("form")?.addEventListener("submit", (event) => {
      event.preventDefault();
      this.saveChanged();
    });
    window.addEventListener("beforeunload", (event) => {
      if ("unsaved" in this.dataset) {
        event.preventDefault();
      }
    });
  }

  private noteEdit(): void {
    if (this.fields.some((field) => field.isChanged)) {
      this.dataset.unsaved = "";
    } else {
      delete this.dataset.unsaved;
    }
  }

  private fieldOf(target: EventTarget | null): MetadataField | null {
    return this.fields.find((field) => target instanceof Node && field.element.contains(target)) ?? null;
  }

  private leaveSimple(target: EventTarget | null): void {
    const field = this.fieldOf(target);
    if (field && !field.isList) {
      this.enqueue([field]);
    }
  }

  private leaveRow(event: FocusEvent): void {
    const field = this.fieldOf(event.target);
    const row = event.target instanceof Element ? event.target.closest("[data-part=row]") : null;
    const isStaying = event.relatedTarget instanceof Node && row?.contains(event.relatedTarget);
    if (field?.isList && !isStaying) {
      this.enqueue([field]);
    }
  }

  private press(event: Event): void {
    const button = event.target instanceof Element ? event.target.closest<HTMLElement>("[data-part=remove-row]") : null;
    const field = this.fieldOf(button);
    if (button && field) {
      field.removeRow(button.closest<HTMLElement>("[data-part=row]"));
      this.checks?.check(field.element);
      this.noteEdit();
      this.enqueue([field]);
    }
  }

  private saveChanged(): void {
    this.enqueue(this.fields);
  }

  private enqueue(fields: readonly MetadataField[]): void {
    this.saving = this.saving.then(() => this.saveFields(fields.filter((field) => field.isChanged)));
  }

  private async saveFields(fields: readonly MetadataField[]): Promise<void> {
    const changes: Change[] = [];
    for (const field of fields) {
      const fault = this.checks?.findFault(field.element) ?? "";
      field.showProblem("");
      if (fault === "") {
        changes.push({ path: field.path, label: field.label, value: field.read() });
      } else {
        this.say(`${field.label}: not saved yet. ${fault}`);
      }
    }
    if (changes.length > 0) {
      await this.send(changes);
    }
    this.noteEdit();
  }

  private async send(changes: readonly Change[]): Promise<void> {
    const body: DepositChange = { metadata: composeMergePatch(this.base, applyChanges(this.base, changes)) };
    if (Object.keys(body.metadata ?? {}).length === 0) {
      this.settle(changes, []); // typed, and taken back
      return;
    }
    this.say("Saving …");
    try {
      const options = { method: "PATCH", body, ifMatch: this.etag, prefer: preference };
      const answer = await requestJson<ChangedDeposit | null>(this.dataset.object ?? "", options);
      this.etag = answer.etag;
      this.settle(changes, answer.body?.outcome?.refused ?? []);
      announceChange();
    } catch (error) {
      if (error instanceof RequestRefusedError && error.problem.current) {
        await this.merge(changes, error.problem.current);
      } else if (error instanceof RequestRefusedError && error.problem.findings.length > 0) {
        this.settle(changes, error.problem.findings);
      } else {
        this.say(error instanceof Error ? error.message : String(error));
      }
    }
  }

  /** What is saved is the new ground; what was refused stays in its field with the reason. */
  private settle(changes: readonly Change[], refused: readonly Finding[]): void {
    const lies = (path: string[], pointer: string): boolean => `${pointer}/`.startsWith(`${pointerOf(path)}/`);
    const saved = changes.filter(({ path }) => !refused.some(({ pointer }) => lies(path, pointer)));
    this.base = applyChanges(this.base, saved);
    for (const field of this.fields) {
      const own = refused.filter(({ pointer }) => lies(field.path, pointer));
      if (own.length > 0) {
        field.showProblem(own.map(({ message, hint }) => `${message} ${hint}`.trim()).join(" "));
      } else if (saved.some((change) => pointerOf(change.path) === pointerOf(field.path))) {
        field.settle();
      }
    }
    const names = (list: readonly { label: string }[]): string => list.map(({ label }) => label).join(", ");
    const wrong = changes.filter((change) => !saved.includes(change));
    this.say(wrong.length > 0 ? `${names(wrong)}: not saved, see the reason beside it.` : `${names(saved)}: saved.`);
  }

  /** Somebody else saved first: their fields are shown, ours are sent again, and where both wrote the person chooses. */
  private async merge(changes: readonly Change[], current: CurrentContent): Promise<void> {
    const theirs = current.metadata as SuppliedDocument;
    const collisions = findCollisions(this.base, theirs, changes);
    const before = this.base;
    this.base = theirs;
    this.etag = current.etag;
    for (const field of this.fields) {
      if (!field.isChanged && !isSame(valueAt(before, field.path), valueAt(theirs, field.path))) {
        field.show(valueAt(theirs, field.path));
      }
    }
    matchCards(this);
    const box = this.querySelector<HTMLElement>("[data-part=collision]");
    if (collisions.length === 0 || !box) {
      await this.send(changes);
      return;
    }
    this.say("");
    const kept = await askAbout(box, collisions, theirs);
    const sent = changes.filter((change) => !collisions.includes(change) || kept.includes(change));
    for (const field of this.fields) {
      const given = collisions.find((change) => !kept.includes(change) && pointerOf(change.path) === pointerOf(field.path));
      if (given) {
        field.show(valueAt(theirs, given.path));
      }
    }
    matchCards(this);
    if (sent.length > 0) {
      await this.send(sent);
    } else {
      this.say(`${collisions.map(({ label }) => label).join(", ")}: as saved meanwhile.`);
      announceChange(); // the rest of the page still shows what stood there before
    }
  }

  private say(message: string): void {
    const status = this.querySelector("[data-part=status]");
    if (status) {
      status.textContent = message;
    }
  }
}

customElements.define("stemma-description", Description);
