/** From what a person types to the value in the metadata document. */
export type FieldKind = "quantity" | "number" | "text" | "date" | "texts" | "list" | "choice" | "choices" | "shape" | "matrix" | "boolean" | "json";

export interface RawField {
  kind: FieldKind;
  /** What stands in the input, or the values of the chosen options. */
  input: string | string[];
  unit: string;
  basis: string;
  gap: string;
}

export type Reading = { ok: true; value: unknown } | { ok: false; problem: string };

const number = String.raw`[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?`;
const numberPattern = new RegExp(`^${number}$`);
const rangePattern = new RegExp(`^(${number})\\s*(?:–|\\.\\.|to|-)\\s*(${number})$`);

const read = (value: unknown): Reading => ({ ok: true, value });
const refuse = (problem: string): Reading => ({ ok: false, problem });

/** One decimal comma is taken as a point: half of Europe types it. */
function normalizeNumber(text: string): string {
  return text.trim().replace(/^([+-]?\d+),(\d+)$/, "$1.$2").replaceAll("−", "-");
}

function readQuantity(field: RawField): Reading {
  const text = normalizeNumber(String(field.input));
  const frame = { unit: field.unit, source: "depositor", ...(field.basis ? { basis: field.basis } : {}) };
  if (numberPattern.test(text)) {
    return read({ value: Number(text), ...frame });
  }
  const range = rangePattern.exec(text);
  if (range) {
    const [low, high] = [Number(range[1]), Number(range[2])];
    return low <= high ? read({ range: [low, high], ...frame }) : refuse("The range begins above its end.");
  }
  return refuse("Write a number, or a range such as 20–22.");
}

function readShape(text: string): Reading {
  const parts = text.split(/[×x,;\s]+/i).filter(Boolean).map(Number);
  return parts.length > 0 && parts.every((part) => Number.isInteger(part) && part > 0)
    ? read(parts)
    : refuse("Write the numbers of positions, rows first: 256 × 256.");
}

/** Four numbers, rows first, with or without brackets. */
function readMatrix(text: string): Reading {
  const numbers = text.split(/[[\],;\s]+/).filter(Boolean);
  if (numbers.length !== 4 || !numbers.every((part) => numberPattern.test(part))) {
    return refuse("Write two rows of two numbers: 1 0; 0 1.");
  }
  const [a, b, c, d] = numbers.map(Number);
  return read([[a, b], [c, d]]);
}

function readJson(text: string): Reading {
  try {
    return read(JSON.parse(text) as unknown);
  } catch {
    return refuse("This is not valid JSON.");
  }
}

/** `undefined` as value means: nothing is said here. */
export function readField(field: RawField): Reading {
  if (field.gap) {
    return read({ missing: field.gap });
  }
  if (Array.isArray(field.input)) {
    return read(field.input.length > 0 ? field.input : undefined);
  }
  const text = field.input.trim();
  if (text === "") {
    return read(undefined);
  }
  switch (field.kind) {
    case "quantity":
      return readQuantity(field);
    case "number":
      return numberPattern.test(normalizeNumber(text)) ? read(Number(normalizeNumber(text))) : refuse("Write a number.");
    case "list":
      return text.toLowerCase() === "unknown" ? read("unknown") : read(text.split(/[,;\s]+/).filter(Boolean));
    case "texts":
      return read(text.split(/\n+/).map((line) => line.trim()).filter(Boolean));
    case "shape":
      return readShape(text);
    case "matrix":
      return readMatrix(text);
    case "boolean":
      return read(text === "true");
    case "json":
      return readJson(text);
    case "text":
    case "date":
    case "choice":
    case "choices":
      return read(text);
  }
}
