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

const read = (value: unknown): Reading => ({ ok: true, value });
const refuse = (problem: string): Reading => ({ ok: false, problem });

const numbers = /\d[\d.,'’]*(?:e[+-]?\d+)?/giu;
const wordsOfAmounts = /(?<!\p{L})(?:about|approx|approximately|around|roughly|circa|ca|etwa|between|from|to|and|bis|x)(?!\p{L})/giu;

/** Whether a person wrote a unit, or a word that needs none ("untilted"), and not an amount alone ("~30", "20 to 22"). */
export function namesUnit(text: string): boolean {
  return /[\p{L}%°º′″]/u.test(text.replaceAll(numbers, " ").replaceAll(wordsOfAmounts, " "));
}

/**
 * The server reads quantities: it has the one parser. Here a text without a unit gets the unit that is chosen beside it;
 * one with a unit keeps its own.
 */
function readQuantity(text: string, { unit, basis }: RawField): unknown {
  const typed = namesUnit(text) || unit === "" ? { value: text } : { value: text, unit };
  return basis || "unit" in typed ? { ...typed, source: "depositor", ...(basis ? { basis } : {}) } : text;
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
      return read(readQuantity(text, field));
    case "list":
      return text.toLowerCase() === "unknown" ? read("unknown") : read(text.split(/[,;\s]+/).filter(Boolean));
    case "texts":
      return read(text.split(/\n+/).map((line) => line.trim()).filter(Boolean));
    case "boolean":
      return read(text === "true");
    case "json":
      return readJson(text);
    // Text becomes numbers where the metadata are read, and nowhere else.
    case "number":
    case "shape":
    case "matrix":
    case "text":
    case "date":
    case "choice":
    case "choices":
      return read(text);
  }
}
