import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { findFault, findFunderFault, findIdentifierFault, findReferenceFault, type Scheme } from "./identifiers";

interface Judged {
  right: string[];
  wrong: [string, string][];
}

// The same file is run against the server.
const vectors = JSON.parse(readFileSync(new URL("../../../tests/identifier_vectors.json", import.meta.url), "utf-8")) as Record<
  Scheme | "funder",
  Judged
> & { reference: { right: [string, string][]; wrong: [string, string, string][] } };
const names = ["orcid", "ror", "crossref_funder", "funder", "doi"] as const;

const judge = (name: (typeof names)[number], text: string) =>
  name === "funder" ? findFunderFault(text) : findIdentifierFault(name, text);

describe.each(names)("%s", (name) => {
  it.each(vectors[name].right)("%s is right", (text) => {
    expect(judge(name, text)).toBeNull();
  });

  it.each(vectors[name].wrong)("%s is wrong: %s", (text, rule) => {
    const fault = judge(name, text);
    expect(fault?.rule).toBe(rule);
    expect(fault?.says).toContain(text.trim());
    expect(fault?.hint).not.toBe("");
  });
});

describe("reference", () => {
  it.each(vectors.reference.right)("%s as %s is right", (text, kind) => {
    expect(findReferenceFault(text, kind)).toBeNull();
  });

  it.each(vectors.reference.wrong)("%s as %s is wrong: %s", (text, kind, rule) => {
    expect(findReferenceFault(text, kind)?.rule).toBe(rule);
  });
});

it("says nothing of what is empty", () => {
  for (const kind of ["orcid", "ror", "funder_id", "reference"] as const) {
    expect(findFault(kind, "  ")).toBeNull();
  }
});
