/**
 * What is wrong with an ORCID, a ROR, a funder's id or a DOI, said while somebody types it.
 *
 * The server judges by the same data (`outside_identifiers.json`), and `tests/identifier_vectors.json` is run against
 * both.
 */
import schemes from "../generated/outside-identifiers.json";

export type Scheme = keyof typeof schemes;
export type IdentifierKind = "orcid" | "ror" | "funder_id" | "reference";

export interface IdentifierFault {
  /** `form`: it cannot be one as it stands, or is not typed to its end; `check` or `end`: a character is wrong. */
  rule: "form" | "check" | "end";
  says: string;
  hint: string;
}

interface Words {
  says: string;
  hint: string;
}

const base32 = "0123456789abcdefghjkmnpqrstvwxyz";

export function findIdentifierFault(scheme: Scheme, text: string): IdentifierFault | null {
  const bare = stripAddress(scheme, text);
  if (!new RegExp(schemes[scheme].form, "u").test(bare)) {
    return say(scheme, "form", text);
  }
  if (scheme === "orcid" && !hasOrcidDigit(bare)) {
    return say(scheme, "check", text);
  }
  if (scheme === "ror" && !hasRorDigits(bare.toLowerCase())) {
    return say(scheme, "check", text);
  }
  if (scheme === "doi" && /[.,;:]$/u.test(bare)) {
    return say(scheme, "end", text);
  }
  return null;
}

/** A funder is named by a ROR or by a Crossref funder id. */
export function findFunderFault(text: string): IdentifierFault | null {
  const isLikeRor = text.toLowerCase().includes("ror.org") || stripAddress("ror", text).startsWith("0");
  return findIdentifierFault(isLikeRor ? "ror" : "crossref_funder", text);
}

/** Only a DOI has a form that can be told from others. */
export function findReferenceFault(text: string, kind = ""): IdentifierFault | null {
  const isDoi = kind.trim() === "" ? isLikeDoi(text) : kind.trim().toLowerCase() === "doi";
  return isDoi ? findIdentifierFault("doi", text) : null;
}

export function findFault(kind: IdentifierKind, text: string, type = ""): IdentifierFault | null {
  if (text.trim() === "") {
    return null;
  }
  switch (kind) {
    case "funder_id":
      return findFunderFault(text);
    case "reference":
      return findReferenceFault(text, type);
    case "orcid":
    case "ror":
      return findIdentifierFault(kind, text);
  }
}

function stripAddress(scheme: Scheme, text: string): string {
  const bare = text.trim();
  const start = schemes[scheme].starts.find((one) => bare.toLowerCase().startsWith(one));
  if (start === undefined) {
    return bare;
  }
  const rest = bare.slice(start.length).trim();
  return scheme === "doi" ? rest : rest.replace(/\/+$/u, "");
}

function isLikeDoi(text: string): boolean {
  const bare = text.trim().toLowerCase();
  return bare.startsWith("10.") || stripAddress("doi", bare) !== bare;
}

function say(scheme: Scheme, rule: IdentifierFault["rule"], text: string): IdentifierFault {
  const faults: Partial<Record<IdentifierFault["rule"], Words>> = schemes[scheme].faults;
  const words = faults[rule] ?? { says: "", hint: "" };
  return { rule, says: words.says.replaceAll("{text}", text.trim()), hint: words.hint };
}

/** ISO 7064 mod 11-2. */
function hasOrcidDigit(orcid: string): boolean {
  const digits = orcid.replaceAll("-", "").toUpperCase();
  const total = Array.from(digits.slice(0, -1)).reduce((sum, digit) => (sum + Number(digit)) * 2, 0);
  // The sum stays below 2^53: fifteen digits, each doubled at most fifteen times.
  return digits.at(-1) === "0123456789X"[(12 - (total % 11)) % 11];
}

/** ISO 7064 mod 97-10 of the base-32 number before the digits. */
function hasRorDigits(ror: string): boolean {
  const number = Array.from(ror.slice(0, -2)).reduce((sum, symbol) => sum * base32.length + base32.indexOf(symbol), 0);
  return Number(ror.slice(-2)) === 98 - ((number * 100) % 97);
}
