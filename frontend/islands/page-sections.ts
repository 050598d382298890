/**
 * The sections of a page that are brought up to date while it is open: those with `data-live` and an id.
 *
 * Whoever changes something tells it with `announceChange`; sections in which somebody works are left alone, and so are
 * those with `data-keeps`, which bring themselves up to date.
 */
const changed = "stemma:changed";
const afterChange = 400;

export function announceChange(): void {
  document.dispatchEvent(new Event(changed));
}

const retries = [1000, 2000, 4000, 8000, 16_000];

let timer = 0;
let asked = 0;
let shown = 0;
let failed = 0;

/** After a change, what rests on it is shown anew; several changes in a row cost one request. */
export function followChanges(): void {
  document.addEventListener(changed, () => {
    clearTimeout(timer);
    timer = window.setTimeout(() => void refreshSections(), afterChange);
  });
}

/**
 * Ask for the page and put its live sections in the place of those that are shown; false where it did not come.
 *
 * Answers may overtake each other: what was asked before that which is shown is dropped. A page that did not come is
 * asked for again a little later, so that nothing stale stays.
 */
export async function refreshSections(): Promise<boolean> {
  const turn = ++asked;
  const text = await fetch(location.pathname, { credentials: "same-origin" })
    .then((response) => (response.ok ? response.text() : null))
    .catch(() => null);
  if (text === null) {
    askAgainLater(turn);
    return false;
  }
  if (turn < shown) {
    return true;
  }
  shown = turn;
  failed = 0;
  showSections(new DOMParser().parseFromString(text, "text/html"));
  return true;
}

function askAgainLater(turn: number): void {
  const wait = retries[failed];
  if (turn === asked && wait !== undefined) {
    failed += 1;
    clearTimeout(timer);
    timer = window.setTimeout(() => void refreshSections(), wait);
  }
}

function showSections(page: Document): void {
  let previous: Element | null = null;
  for (const fresh of page.querySelectorAll("[data-live][id]")) {
    const old: HTMLElement | null = document.getElementById(fresh.id);
    if (old === null || !(isInUse(old) || "keeps" in old.dataset)) {
      const section = document.importNode(fresh, true);
      if (old) {
        keepState(old, section);
        old.replaceWith(section);
      } else {
        previous?.after(section);
      }
    }
    previous = document.getElementById(fresh.id) ?? previous;
  }
  document.dispatchEvent(new Event("stemma:sections"));
}

/** Whether somebody works in a section: it holds the keyboard, or what is not saved or not sent. */
function isInUse(section: Element | null): boolean {
  return section !== null && (section.contains(document.activeElement) || section.querySelector("[data-unsaved]") !== null);
}

/** What was opened, closed or ticked by hand stays so. */
function keepState(old: Element, fresh: Element): void {
  const opened = new Map(Array.from(old.querySelectorAll<HTMLDetailsElement>("details[id]"), (one) => [one.id, one.open]));
  for (const details of fresh.querySelectorAll<HTMLDetailsElement>("details[id]")) {
    details.open = opened.get(details.id) ?? details.open;
  }
  const ticked = new Set(
    Array.from(old.querySelectorAll<HTMLInputElement>("input[type=checkbox]:checked"), (box) => `${box.name}=${box.value}`),
  );
  for (const box of fresh.querySelectorAll<HTMLInputElement>("input[type=checkbox]")) {
    box.checked = box.checked || ticked.has(`${box.name}=${box.value}`);
  }
  for (const area of old.querySelectorAll<HTMLTextAreaElement>("textarea[id]")) {
    const kept = fresh.querySelector<HTMLTextAreaElement>(`textarea[id="${CSS.escape(area.id)}"]`);
    if (kept) {
      kept.value = area.value;
    }
  }
}
