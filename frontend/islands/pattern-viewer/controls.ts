/** The viewer's selects: contrast, palette, navigator, series. */
export interface Choice {
  value: string;
  label: string;
}

export function buildSelect(title: string, choices: Choice[], onChange: (value: string) => void): HTMLLabelElement {
  const label = document.createElement("label");
  label.textContent = title;
  const select = document.createElement("select");
  for (const { value, label: text } of choices) {
    select.add(new Option(text, value));
  }
  select.addEventListener("change", () => onChange(select.value));
  label.append(select);
  return label;
}

export function buildSlider(title: string, size: number, onChange: (index: number) => void): HTMLLabelElement {
  const label = document.createElement("label");
  const value = document.createElement("span");
  const input = document.createElement("input");
  input.type = "range";
  input.min = "0";
  input.max = String(size - 1);
  input.value = "0";
  const write = () => (value.textContent = `${title} ${Number(input.value)} of 0–${size - 1}`);
  input.addEventListener("input", () => {
    write();
    onChange(Number(input.value));
  });
  write();
  label.append(value, input);
  return label;
}
