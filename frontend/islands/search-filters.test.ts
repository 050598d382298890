import { expect, it } from "vitest";
import { dropEmptyFields } from "./search-filters";

it("keeps the search address short: no empty fields, no unit without a number", () => {
  const entries: [string, string][] = [
    ["q", ""],
    ["voltage.min", "80"],
    ["voltage.max", ""],
    ["voltage.unit", "kV"],
    ["step.min", ""],
    ["step.unit", "nm"],
  ];
  expect(dropEmptyFields(entries)).toEqual([["voltage.min", "80"], ["voltage.unit", "kV"]]);
});
