/** Small pieces of a page. */

type Attributes = Record<string, string | number | boolean | null>;

/** An element with its attributes; what is null or false is left out. */
export function make<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== false) {
      element.setAttribute(name, value === true ? "" : String(value));
    }
  }
  element.append(...children);
  return element;
}

export function makeButton(words: string, onClick: () => void, className = "button quiet small"): HTMLButtonElement {
  const button = make("button", { type: "button", class: className }, words);
  button.addEventListener("click", onClick);
  return button;
}

/** A select with these choices, by value. */
export function makeSelect(label: string, choices: readonly (readonly [string, string])[], chosen: string): HTMLSelectElement {
  const select = make("select", { "aria-label": label });
  select.append(...choices.map(([value, title]) => make("option", { value, selected: value === chosen }, title)));
  return select;
}

export function countWords(count: number, one: string, many: string): string {
  return `${count.toLocaleString("en")} ${count === 1 ? one : many}`;
}
