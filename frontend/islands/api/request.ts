import { describeProblem, parseProblem, type Problem } from "./problem";

export class RequestRefusedError extends Error {
  constructor(readonly problem: Problem) {
    super(describeProblem(problem));
    this.name = "RequestRefusedError";
  }
}

export interface Answer<Body> {
  body: Body;
  etag: string;
}

function csrfToken(): string {
  return document.querySelector<HTMLMetaElement>('meta[name="csrf-token"]')?.content ?? "";
}

/**
 * One JSON request with the session cookie; refusals become RequestRefusedError with the server's reason.
 * The body has the shape that the OpenAPI document promises; the contract tests of the API keep the promise.
 */
export async function requestJson<Body = unknown>(
  address: string,
  options: { method?: string; body?: unknown; ifMatch?: string; prefer?: string; signal?: AbortSignal } = {},
): Promise<Answer<Body>> {
  const headers = new Headers({ Accept: "application/json", "X-CSRFToken": csrfToken() });
  const init: RequestInit = { method: options.method ?? "GET", headers, credentials: "same-origin" };
  if (options.body !== undefined) {
    headers.set("Content-Type", "application/json");
    init.body = JSON.stringify(options.body);
  }
  if (options.ifMatch) {
    headers.set("If-Match", options.ifMatch);
  }
  if (options.prefer) {
    headers.set("Prefer", options.prefer);
  }
  if (options.signal) {
    init.signal = options.signal;
  }
  let response: Response;
  try {
    response = await fetch(address, init);
  } catch (cause) {
    throw new Error("The server cannot be reached. Your input is still on this page; try again in a moment.", { cause });
  }
  const body = await response.text();
  if (!response.ok) {
    throw new RequestRefusedError(parseProblem(response.status, body));
  }
  return { body: (body ? JSON.parse(body) : null) as Body, etag: response.headers.get("ETag") ?? "" };
}
