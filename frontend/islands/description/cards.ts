/** Choices as cards: licence and access, with what follows from each, and the day on which an embargo ends. */

/** Cards (`[data-part=card]`) stand for the value of their field; the whole list of licences and the cards agree. */
export function bindCards(scope: HTMLElement): void {
  for (const card of scope.querySelectorAll<HTMLInputElement>("input[data-part=card]")) {
    card.addEventListener("change", () => {
      const control = controlOf(card);
      if (control && card.checked) {
        control.value = card.value;
        showConsequences(scope);
      }
    });
  }
  scope.addEventListener("change", (event) => {
    if (event.target instanceof HTMLSelectElement || event.target instanceof HTMLInputElement) {
      matchCards(scope);
      showConsequences(scope);
    }
  });
  showConsequences(scope);
}

function controlOf(card: HTMLElement): HTMLInputElement | HTMLSelectElement | null {
  return card.closest(".field")?.querySelector<HTMLInputElement | HTMLSelectElement>("[data-part=value]") ?? null;
}

/** Tick the card of what is chosen; none where it has no card. */
export function matchCards(scope: HTMLElement): void {
  for (const card of scope.querySelectorAll<HTMLInputElement>("input[data-part=card]")) {
    card.checked = controlOf(card)?.value === card.value;
  }
}

function showConsequences(scope: HTMLElement): void {
  const meanings = JSON.parse(scope.querySelector("#license-meanings")?.textContent ?? "{}") as Record<string, string>;
  const meaning = scope.querySelector<HTMLElement>("[data-part=meaning]");
  const license = meaning?.closest(".field")?.querySelector<HTMLSelectElement>("select[data-part=value]");
  const hasCard = license?.closest(".field")?.querySelector("input[data-part=card]:checked");
  if (meaning && license) {
    meaning.textContent = hasCard ? "" : (meanings[license.value] ?? "");
  }
  const embargo = scope.querySelector<HTMLElement>("[data-part=embargo]");
  const access = scope.querySelector<HTMLInputElement>("input[name=access]:checked")?.value;
  if (embargo && access) {
    embargo.hidden = access !== "embargoed";
    showDay(embargo);
  }
}

function showDay(embargo: HTMLElement): void {
  const words = embargo.querySelector<HTMLElement>("[data-part=embargo-words]");
  const day = embargo.querySelector<HTMLInputElement>("[data-part=value]")?.value ?? "";
  if (!words || embargo.hidden) {
    return;
  }
  if (day === "") {
    words.textContent = "Give the day on which the data open by themselves. Without it you cannot publish.";
    return;
  }
  const named = new Date(`${day}T12:00:00`).toLocaleDateString("en-GB", { day: "numeric", month: "long", year: "numeric" });
  words.textContent = `Title, authors and DOI are public at once; the data from ${named}.`;
}
