/** Two people changed the same field: both values are shown, and the person chooses. */
import { type Change, describeValue, type SuppliedDocument, valueAt } from "./document-changes";

/** Ask in a box of the page; what is saved stays unless the person says otherwise. Gives the changes that are kept. */
export function askAbout(box: HTMLElement, collisions: readonly Change[], theirs: SuppliedDocument): Promise<Change[]> {
  const intro = document.createElement("p");
  intro.textContent = "Somebody else, or you in another tab, saved this deposit meanwhile. Both changed what stands here: choose.";
  const choices = collisions.map((change, index) => buildChoice(change, index, valueAt(theirs, change.path)));
  const save = document.createElement("button");
  save.type = "button";
  save.className = "button quiet small";
  save.textContent = "Save with these choices";
  box.replaceChildren(intro, ...choices, save);
  box.hidden = false;
  box.focus();
  return new Promise((resolve) => {
    save.addEventListener("click", () => {
      box.hidden = true;
      resolve(collisions.filter((_, index) => choices[index]?.querySelector<HTMLInputElement>("[value=mine]")?.checked));
    });
  });
}

function buildChoice({ label, value }: Change, index: number, saved: unknown): HTMLFieldSetElement {
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
    radio.name = `description-collision-${index}`;
    radio.value = kind;
    radio.checked = kind === "saved";
    option.append(radio, ` ${describeValue(shown)} (${words})`);
    field.append(option);
  }
  return field;
}
