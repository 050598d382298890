import { expect, it } from "vitest";
import { dropEmptyFields } from "./search-filters";

it("keeps the search address short: no empty fields, no unit without a number", () => {
  const entries: [string, string][] = [
    ["q", ""],
    ["voltage_min", "80"],
    ["voltage_max", ""],
    ["voltage_unit", "kV"],
    ["step_min", ""],
    ["step_unit", "nm"],
  ];
  expect(dropEmptyFields(entries)).toEqual([["voltage_min", "80"], ["voltage_unit", "kV"]]);
});
