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
