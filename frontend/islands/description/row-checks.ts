/** What is wrong with an ORCID, ROR, DOI or funder id is said beside it, while it is typed. */
import { findFault, type IdentifierKind } from "../format/identifiers";

export class RowChecks {
  constructor(private readonly scope: HTMLElement) {
    scope.addEventListener("input", (event) => this.look(event.target, false));
    for (const leaving of ["change", "focusout"]) {
      scope.addEventListener(leaving, (event) => this.look(event.target, true));
    }
  }

  /** Why a field is not sent: what is wrong with the first identifier in it; nothing where all are right. */
  findFault(field: HTMLElement): string {
    for (const part of field.querySelectorAll<HTMLElement>("[data-check]")) {
      const fault = judge(part);
      if (fault) {
        show(part, true);
        return fault.says;
      }
    }
    return "";
  }

  check(field: HTMLElement): void {
    field.querySelectorAll<HTMLElement>("[data-check]").forEach((part) => show(part, true));
  }

  private look(target: EventTarget | null, isDone: boolean): void {
    const part = target instanceof Element ? target.closest<HTMLElement>("[data-check]") : null;
    if (part && this.scope.contains(part)) {
      show(part, isDone);
    }
  }
}

function inputOf(part: HTMLElement): HTMLInputElement | null {
  return part.querySelector<HTMLInputElement>("[data-part=value]");
}

function judge(part: HTMLElement): ReturnType<typeof findFault> {
  const type = part.closest("[data-part=row]")?.querySelector<HTMLInputElement>("[data-key=identifier_type] [data-part=value]");
  return findFault(part.dataset.check as IdentifierKind, inputOf(part)?.value ?? "", type?.value ?? "");
}

/** A wrong digit is said at once; that it is not whole, only when the person has left it. */
function show(part: HTMLElement, isDone: boolean): void {
  const fault = judge(part);
  const told = fault !== null && (isDone || fault.rule === "check") ? `${fault.says} ${fault.hint}` : "";
  const input = inputOf(part);
  input?.setAttribute("aria-invalid", String(told !== ""));
  part.dataset.problem = told;
  const row = part.closest<HTMLElement>("[data-part=row]");
  const line = row?.querySelector<HTMLElement>("[data-part=row-problem]");
  if (row && line) {
    const all = Array.from(row.querySelectorAll<HTMLElement>("[data-check]"), (one) => one.dataset.problem ?? "");
    line.textContent = all.filter(Boolean).join(" ");
    line.hidden = line.textContent === "";
  }
}
