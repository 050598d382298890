import { describe, expect, it } from "vitest";
import { describeProblem, parseProblem } from "./problem";

describe("parseProblem", () => {
  it("keeps what the server says", () => {
    const problem = parseProblem(409, JSON.stringify({
      title: "Conflict", detail: "It is busy.", code: "busy", hint: "Wait.", changes_are_all: true,
      findings: [{ severity: "error", message: "Missing." }, { severity: "error" }, "text"],
      changes: [{ pointer: "/metadata/a" }, { old: 1 }],
      current: { etag: '"2"', metadata: { a: 1 } },
    }));
    expect(problem).toMatchObject({ status: 409, title: "Conflict", detail: "It is busy.", code: "busy", hint: "Wait." });
    expect(problem.findings).toEqual([{ severity: "error", message: "Missing." }]);
    expect(problem.changes).toEqual([{ pointer: "/metadata/a" }]);
    expect(problem.changes_are_all).toBe(true);
    expect(problem.current).toEqual({ etag: '"2"', metadata: { a: 1 } });
  });

  it("makes sense of pages, lists and half documents", () => {
    for (const body of ["<html>", "[1]", "null", '{"detail": 3, "findings": "no", "current": {"etag": 1}, "changes_are_all": 1}']) {
      expect(parseProblem(502, body)).toEqual({
        status: 502, title: "The server answered 502.", detail: "", code: "", hint: "", findings: [], changes: [],
        current: null, changes_are_all: false,
      });
    }
  });
});

it("tells detail and advice, or at least the title", () => {
  expect(describeProblem(parseProblem(409, '{"detail": "It is busy.", "hint": "Wait."}'))).toBe("It is busy. Wait.");
  expect(describeProblem(parseProblem(500, ""))).toBe("The server answered 500.");
});
