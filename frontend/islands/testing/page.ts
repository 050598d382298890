/** Pieces of a page for tests of elements, and what the server is asked and answers. */
import { vi } from "vitest";

/** The element that a selector finds, of the kind that is asked for. */
// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- as querySelector has it
export function find<Kind extends Element>(scope: ParentNode, selector: string): Kind {
  const found = scope.querySelector<Kind>(selector);
  if (!found) {
    throw new Error(`Nothing is ${selector}.`);
  }
  return found;
}

/** Show a whole piece of a page, as it is there when the scripts begin. */
export function show(html: string): void {
  const piece = document.createElement("div");
  piece.innerHTML = html;
  document.body.replaceChildren(piece);
}

export function click(scope: ParentNode, selector: string): void {
  find<HTMLElement>(scope, selector).click();
}

/** Type into a control, or choose in it, as a person does. */
export function say(scope: ParentNode, selector: string, value: string): void {
  const control = find<HTMLInputElement>(scope, selector);
  control.value = value;
  control.dispatchEvent(new Event("input", { bubbles: true }));
}

/** Poll until it holds; how long that takes says how busy the machine is. */
export async function eventually(check: () => void): Promise<void> {
  await vi.waitFor(check, { timeout: 60_000, interval: 5 });
}

export interface Asked {
  method: string;
  address: string;
  body: unknown;
  ifMatch: string | null;
}

export interface Said {
  status?: number;
  body?: unknown;
}

/** Answer each request in turn; the last answer is given again. Returns what was asked. */
export function serve(...answers: Said[]): Asked[] {
  const asked: Asked[] = [];
  vi.stubGlobal("fetch", (address: string, init: RequestInit) => {
    const { status = 200, body } = answers[Math.min(asked.length, answers.length - 1)] ?? {};
    asked.push({
      method: init.method ?? "GET",
      address,
      body: typeof init.body === "string" ? (JSON.parse(init.body) as unknown) : undefined,
      ifMatch: new Headers(init.headers).get("If-Match"),
    });
    return Promise.resolve(new Response(body === undefined ? null : JSON.stringify(body), { status }));
  });
  return asked;
}

/** Note where the page would go instead of going there. */
export function watchLeaving(): string[] {
  const gone: string[] = [];
  vi.spyOn(window.location, "reload").mockImplementation(() => void gone.push("again"));
  vi.spyOn(window.location, "assign").mockImplementation((address) => void gone.push(String(address)));
  return gone;
}
