/** RFC 9457 problem documents, read defensively: a proxy may answer with HTML. */
import type { Finding, ProblemDocument } from "./shapes";

export type Problem = Pick<ProblemDocument, "status" | "title" | "detail" | "code" | "hint"> & { findings: Finding[] };

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isFinding(value: unknown): value is Finding {
  return isRecord(value) && typeof value.message === "string" && typeof value.severity === "string";
}

export function parseProblem(status: number, body: string): Problem {
  let document: Record<string, unknown> = {};
  try {
    const parsed: unknown = JSON.parse(body);
    document = isRecord(parsed) ? parsed : {};
  } catch {
    // Not JSON: the status alone has to speak.
  }
  const findings = document.findings;
  return {
    status,
    title: text(document.title) || `The server answered ${status}.`,
    detail: text(document.detail),
    code: text(document.code),
    hint: text(document.hint),
    findings: Array.isArray(findings) ? findings.filter(isFinding) : [],
  };
}

export function describeProblem(problem: Problem): string {
  return [problem.detail || problem.title, problem.hint].filter(Boolean).join(" ");
}
