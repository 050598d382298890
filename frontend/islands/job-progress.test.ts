// @vitest-environment happy-dom
/** The page of a deposit while it is read: when it asks, what it brings up to date, and what it leaves alone. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { isBusy } from "./job-progress";
import { find, show, watchLeaving } from "./testing/page";

interface Answer {
  status?: number;
  html: string;
}

let gone: string[];
let asked: string[];
let fragments: (Answer | null)[];
let page: Answer | null;

const fragment = (state: string, known: string) => `<div data-state="${state}" data-known="${known}">${state} ${known}</div>`;

beforeEach(() => {
  vi.useFakeTimers();
  gone = watchLeaving();
  asked = [];
  page = { html: "" };
  vi.stubGlobal("fetch", (address: string) => {
    asked.push(address);
    // The last answer is given again.
    const answer = address === "/progress" ? (fragments.length > 1 ? fragments.shift() : fragments[0]) : page;
    return answer ? Promise.resolve(new Response(answer.html, { status: answer.status ?? 200 })) : Promise.reject(new Error("gone"));
  });
});

afterEach(() => {
  document.body.replaceChildren();
  vi.useRealTimers();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

function open(state: string, sections = ""): HTMLElement {
  show(`<stemma-job-progress data-fragment="/progress" data-state="${state}">${fragment(state, "0")}</stemma-job-progress>${sections}`);
  return find(document, "stemma-job-progress");
}

const ticks = (milliseconds: number) => vi.advanceTimersByTimeAsync(milliseconds);

describe("how often it asks", () => {
  it.each(["submitted", "processing"])("goes on while the deposit is %s", async (state) => {
    fragments = [{ html: fragment(state, "0") }];
    open(state);
    expect(isBusy(state)).toBe(true);
    await ticks(999);
    expect(asked).toEqual([]);
    await ticks(1);
    expect(asked).toEqual(["/progress"]);
    await ticks(1200 + 1440);
    expect(asked).toHaveLength(3);
  });

  it("asks more and more seldom, and at least every five seconds", async () => {
    fragments = [{ html: fragment("processing", "0") }];
    open("processing");
    await ticks(60_000);
    const before = asked.length;
    await ticks(60_000);
    expect(asked.length - before).toBe(12);
  });

  it.each(["draft", "ready", "published", ""])("does not ask where the deposit is %s", async (state) => {
    open(state);
    await ticks(60_000);
    expect([isBusy(state), asked]).toEqual([false, []]);
  });

  it("ends when the page is left", async () => {
    fragments = [{ html: fragment("processing", "0") }];
    open("processing").remove();
    await ticks(60_000);
    expect(asked).toEqual([]);
  });
});

describe("when an answer has files read again", () => {
  const changed = () => document.dispatchEvent(new Event("stemma:sections"));

  it("asks again, as often as at first, until they are read", async () => {
    fragments = [{ html: fragment("processing", "1") }, { html: fragment("needs_attention", "2") }];
    const progress = open("needs_attention", "<stemma-session-table></stemma-session-table>");
    changed();
    await ticks(0);
    expect(progress.dataset.state).toBe("processing");
    await ticks(1000);
    expect(progress.dataset.state).toBe("needs_attention");
    expect(asked.filter((address) => address !== "/progress").length).toBeGreaterThan(0);
    const before = asked.length;
    await ticks(60_000);
    expect([asked.length, gone]).toEqual([before, []]);
  });

  it("shows what was begun and done between two looks, and rests", async () => {
    fragments = [{ html: fragment("needs_attention", "2") }];
    open("needs_attention", "<stemma-session-table></stemma-session-table>");
    changed();
    await ticks(60_000);
    expect(asked.filter((address) => address !== "/progress")).toHaveLength(1);
  });

  it("rests where nothing is read", async () => {
    fragments = [{ html: fragment("ready", "0") }];
    open("ready");
    changed();
    await ticks(60_000);
    expect(asked).toEqual(["/progress"]);
  });
});

describe("what it shows", () => {
  it("is the progress as the server tells it", async () => {
    fragments = [{ html: fragment("processing", "0").replace("processing 0", "half way") }];
    const progress = open("submitted");
    await ticks(1000);
    expect([progress.textContent, progress.dataset.state]).toEqual(["half way", "processing"]);
  });

  it.each<[string, Answer | null]>([
    ["breaks", null],
    ["answers with a fault", { status: 503, html: "a page of a proxy" }],
  ])("says so where the connection %s, and goes on asking", async (_how, answer) => {
    fragments = [answer, answer, { html: fragment("processing", "0") }];
    const progress = open("processing");
    await ticks(1000);
    expect(find(progress, "[data-part=note]").textContent).toContain("keeps asking");
    expect(progress.textContent).not.toContain("proxy");
    await ticks(1200);
    expect(progress.querySelectorAll("[data-part=note]")).toHaveLength(1);
    await ticks(1440);
    expect(progress.textContent).toBe("processing 0");
    expect(gone).toEqual([]);
  });

  it("loads the page anew when everything is read, once", async () => {
    fragments = [{ html: fragment("ready", "1") }];
    open("processing");
    await ticks(60_000);
    expect([gone, asked]).toEqual([["again"], ["/progress"]]);
  });

  it("shows what was read without leaving the table of the session", async () => {
    fragments = [{ html: fragment("ready", "1") }];
    page = { html: `<section id="publish" data-live>new</section>` };
    open("processing", `<section id="publish" data-live>old</section><stemma-session-table></stemma-session-table>`);
    await ticks(60_000);
    expect([gone, find<HTMLElement>(document, "#publish").textContent]).toEqual([[], "new"]);
  });

  it("leaves alone a section that brings itself up to date", async () => {
    fragments = [{ html: fragment("ready", "1") }];
    page = { html: `<section id="answers" data-live data-keeps>new</section>` };
    open("processing", `<section id="answers" data-live data-keeps>old</section><stemma-session-table></stemma-session-table>`);
    await ticks(60_000);
    expect(find<HTMLElement>(document, "#answers").textContent).toBe("old");
  });

  it("keeps what is not saved: the page says that it can be loaded anew", async () => {
    fragments = [{ html: fragment("ready", "1") }];
    const progress = open("processing", `<stemma-description data-unsaved></stemma-description>`);
    await ticks(60_000);
    expect(gone).toEqual([]);
    expect(find(progress, "[data-part=note]").textContent).toContain("Reading is finished");
  });
});

describe("the sections of the page", () => {
  const section = (id: string, inside: string) => `<section id="${id}" ${id === "other" ? "" : "data-live"}>${inside}</section>`;
  const read = (id: string) => document.getElementById(id)?.textContent;
  const known = (...marks: string[]) => marks.map((mark) => ({ html: fragment("processing", mark) }));

  it("are brought up to date when there is more to see, and only then", async () => {
    fragments = known("0", "1", "1");
    page = { html: section("read", "two files") + section("other", "new") };
    const heard = vi.fn();
    document.addEventListener("stemma:sections", heard);
    open("processing", section("read", "one file") + section("other", "old"));
    await ticks(1000);
    expect([read("read"), heard.mock.calls.length]).toEqual(["one file", 0]);
    await ticks(1200);
    expect([read("read"), read("other"), heard.mock.calls.length]).toEqual(["two files", "old", 1]);
    await ticks(1440);
    expect([asked.filter((address) => address !== "/progress").length, heard.mock.calls.length]).toEqual([1, 1]);
    document.removeEventListener("stemma:sections", heard);
  });

  it("come in their order where there was none", async () => {
    fragments = known("1");
    page = { html: section("upload", "") + section("read", "new") + section("missing", "newer") };
    open("processing", section("upload", "") + section("publish", ""));
    await ticks(1000);
    expect(Array.from(document.querySelectorAll("section"), ({ id }) => id)).toEqual(["upload", "read", "missing", "publish"]);
  });

  it.each<[string, string]>([
    ["holds answers that are not saved", `<stemma-description data-unsaved>typed</stemma-description>`],
    ["holds the keyboard", `<button autofocus>typed</button>`],
  ])("stay where somebody works in one: it %s", async (_how, inside) => {
    fragments = known("1");
    page = { html: section("read", "new") + section("missing", "new") };
    open("processing", section("read", "old") + section("missing", inside));
    document.querySelector<HTMLElement>("[autofocus]")?.focus();
    await ticks(1000);
    expect([read("read"), read("missing")]).toEqual(["new", "typed"]);
  });

  it("stay as they are opened and ticked; what is new comes as the server has it", async () => {
    const details = (...opened: string[]) =>
      opened.map((word, index) => `<details id="d${index}" ${word}><summary>s</summary></details>`).join("");
    fragments = known("1", "2");
    page = { html: section("read", details("", "open")) };
    open("processing", section("read", details("open", "")));
    const isOpen = () => Array.from(document.querySelectorAll("details"), (one) => one.open);
    await ticks(1000);
    expect(isOpen()).toEqual([true, false]);
    page = { html: section("read", details("", "", "open")) };
    await ticks(1200);
    expect(isOpen()).toEqual([true, false, true]);
  });

  it.each<[string, Answer | null]>([
    ["is not there", null],
    ["is a fault", { status: 500, html: section("read", "a fault") }],
  ])("are asked for again where the page %s", async (_how, answer) => {
    fragments = known("1");
    page = answer;
    open("processing", section("read", "old"));
    await ticks(1000);
    expect(read("read")).toBe("old");
    page = { html: section("read", "new") };
    await ticks(1200);
    expect(read("read")).toBe("new");
  });
});
