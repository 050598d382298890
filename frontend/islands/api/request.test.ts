import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { RequestRefusedError, requestJson } from "./request";

const sent: { address: string; init: RequestInit }[] = [];
let answer: Response | Error;

beforeEach(() => {
  sent.length = 0;
  vi.stubGlobal("document", { querySelector: () => ({ content: "token of the page" }) });
  vi.stubGlobal("fetch", (address: string, init: RequestInit) => {
    sent.push({ address, init });
    return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
  });
});
afterEach(() => vi.unstubAllGlobals());

const headers = () => Object.fromEntries(new Headers(sent[0]?.init.headers).entries());

describe("requestJson", () => {
  it("sends JSON with the page's token, on the condition that was asked for", async () => {
    answer = new Response('{"id": 1}', { headers: { ETag: '"2"' } });
    const told = await requestJson("/api/v1/x/", { method: "PATCH", body: { a: 1 }, ifMatch: '"1"' });
    expect(told).toEqual({ body: { id: 1 }, etag: '"2"' });
    expect(sent[0]).toMatchObject({ address: "/api/v1/x/", init: { method: "PATCH", body: '{"a":1}', credentials: "same-origin" } });
    expect(headers()).toEqual({
      accept: "application/json", "x-csrftoken": "token of the page", "content-type": "application/json", "if-match": '"1"',
    });
  });

  it("asks without body and condition, and takes an empty answer", async () => {
    answer = new Response(null, { status: 204 });
    expect(await requestJson("/api/v1/x/")).toEqual({ body: null, etag: "" });
    expect(sent[0]?.init.method).toBe("GET");
    expect(sent[0]?.init).not.toHaveProperty("body");
    expect(Object.keys(headers())).toEqual(["accept", "x-csrftoken"]);
  });

  it("makes of a refusal a fault that says the server's words", async () => {
    answer = new Response('{"detail": "No.", "hint": "Wait.", "code": "busy"}', { status: 409 });
    const fault = await requestJson("/x").catch((error: unknown) => error);
    expect(fault).toBeInstanceOf(RequestRefusedError);
    expect(fault).toMatchObject({ message: "No. Wait.", problem: { status: 409, code: "busy" } });
  });

  it("says that the server is away, and that nothing typed is lost", async () => {
    answer = new TypeError("network");
    await expect(requestJson("/x")).rejects.toThrow(/cannot be reached. Your input is still on this page/);
  });
});
