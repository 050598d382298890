/** RFC 9457 problem documents, read defensively: a proxy may answer with HTML. */
import type { CurrentContent, FieldChange, Finding, ProblemDocument } from "./shapes";

export type Problem = Pick<ProblemDocument, "status" | "title" | "detail" | "code" | "hint"> & {
  findings: Finding[];
  /** With 412: what the deposit says now, and where it is other than it was. */
  current: CurrentContent | null;
  changes: FieldChange[];
  changes_are_all: boolean;
};

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isFinding(value: unknown): value is Finding {
  return isRecord(value) && typeof value.message === "string" && typeof value.severity === "string";
}

function isCurrent(value: unknown): value is CurrentContent {
  return isRecord(value) && typeof value.etag === "string" && isRecord(value.metadata);
}

function isChange(value: unknown): value is FieldChange {
  return isRecord(value) && typeof value.pointer === "string";
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
    current: isCurrent(document.current) ? document.current : null,
    changes: Array.isArray(document.changes) ? document.changes.filter(isChange) : [],
    changes_are_all: document.changes_are_all === true,
  };
}

export function describeProblem(problem: Problem): string {
  return [problem.detail || problem.title, problem.hint].filter(Boolean).join(" ");
}
