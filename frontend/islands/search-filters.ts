/**
 * <stemma-search-filters>: keeps empty fields out of the search address. htmx asks anew after each choice;
 * without scripts the form still works, it has a button.
 */
export function dropEmptyFields(entries: Iterable<[string, string]>): [string, string][] {
  const kept = [...entries].filter(([, value]) => value !== "");
  const names = new Set(kept.map(([name]) => name));
  // A unit alone asks for nothing.
  return kept.filter(([name]) => {
    const range = /^(.+)_unit$/.exec(name)?.[1];
    return range === undefined || names.has(`${range}_min`) || names.has(`${range}_max`);
  });
}

/**
 * Remember what a person has opened and where the keyboard is, and return what puts both back: new results change
 * neither. Where the focused value is gone, the keyboard goes to the list that held it.
 */
export function keepPlace(page: ParentNode): () => void {
  const open = new Map([...page.querySelectorAll("details")].map((one) => [one.id, one.open]));
  const focused = page.querySelector<HTMLElement>(":focus");
  const place = { id: focused?.id ?? "", name: focused?.getAttribute("name") ?? "", list: focused?.closest("details")?.id ?? "" };
  return () => {
    for (const details of page.querySelectorAll("details")) {
      details.open = open.get(details.id) ?? details.open;
    }
    if (focused === null || page.querySelector(":focus") !== null) {
      return;
    }
    const again =
      (place.id === "" ? null : document.getElementById(place.id)) ??
      (place.name === "" || place.id !== "" ? null : page.querySelector<HTMLElement>(`[name="${place.name}"]`)) ??
      (place.list === "" ? null : document.getElementById(place.list)?.querySelector("summary"));
    again?.focus({ preventScroll: true });
  };
}

function isText(entry: [string, FormDataEntryValue]): entry is [string, string] {
  return typeof entry[1] === "string";
}

if (typeof customElements !== "undefined") {
  class SearchFilters extends HTMLElement {
    connectedCallback(): void {
      // On a phone the results come first; what is chosen stays one tap away.
      if (matchMedia("(max-width: 55.9rem)").matches) {
        this.querySelector(".filter-panel")?.removeAttribute("open");
      }
      let putBack = (): void => undefined;
      this.addEventListener("htmx:before:swap", () => {
        putBack = keepPlace(this);
      });
      this.addEventListener("htmx:after:swap", () => {
        putBack();
      });
      this.addEventListener("formdata", (event) => {
        if (event instanceof FormDataEvent) {
          const entries = [...event.formData].filter(isText);
          for (const name of new Set(entries.map(([name]) => name))) {
            event.formData.delete(name);
          }
          for (const [name, value] of dropEmptyFields(entries)) {
            event.formData.append(name, value);
          }
        }
      });
    }
  }

  customElements.define("stemma-search-filters", SearchFilters);
}
