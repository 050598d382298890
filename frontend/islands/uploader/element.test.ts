// @vitest-environment happy-dom
/** The uploader on its page, as the server renders it, with files that a person chooses. */
import { readFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { answered, forget, made, uploadOf } from "../testing/fake-tus";
import { click, eventually, find, serve, show } from "../testing/page";
import "./element";

vi.mock("tus-js-client", () => import("../testing/fake-tus"));

const template = readFileSync("frontend/templates/deposits/parts/uploader.html", "utf-8")
  .replaceAll("{{ deposit.id }}", "7q2m-x4dn")
  .replaceAll(/\{%.*?%\}/g, "");

let page: HTMLElement;
let told: { kind: string; detail: unknown }[];

function part(name: string): HTMLElement {
  return find(page, `[data-part="${name}"]`);
}

/** Choose files as in the dialogue of the browser. */
function choose(files: Record<string, string>): void {
  const input = find<HTMLInputElement>(page, "input[name=files]");
  const list = Object.entries(files).map(([name, content]) => new File([content], name));
  Object.defineProperty(input, "files", { value: list, configurable: true });
  input.dispatchEvent(new Event("change"));
}

function rows(list: string): string[] {
  return Array.from(part(list).children, (row) => {
    const status = find<HTMLElement>(row, ".status").textContent;
    return `${find<HTMLElement>(row, ".path").textContent}: ${status}`;
  });
}

function open(stored: { path: string; size: number; state: string }[] = []): void {
  serve({ body: { files: stored } });
  show(template);
  page = find(document, "stemma-uploader");
  for (const kind of ["stemma:uploaded", "stemma:unsent"]) {
    page.addEventListener(kind, (event) => told.push({ kind, detail: (event as CustomEvent<unknown>).detail }));
  }
}

beforeEach(() => {
  forget();
  told = [];
  localStorage.clear();
  open();
});

afterEach(() => {
  document.body.replaceChildren();
  vi.unstubAllGlobals();
});

describe("files that were chosen", () => {
  it("are listed, sent three at a time, and counted", async () => {
    choose({ "a.mib": "12345", "b.mib": "12345", "c.mib": "12345", "d.mib": "12345" });
    await eventually(() => expect(made).toHaveLength(3));
    expect(rows("list")).toEqual(["a.mib: 0 B of 5 B", "b.mib: 0 B of 5 B", "c.mib: 0 B of 5 B", "d.mib: 5 B, waiting"]);
    expect(part("text").textContent).toMatch(/^0 of 4 files stored; 0 B of 20 B/);
    expect([part("total").hidden, part("pause").hidden, part("retry").hidden]).toEqual([false, false, true]);
    uploadOf("a.mib").options.onProgress(3);
    expect(rows("list")[0]).toBe("a.mib: 3 B of 5 B");
    uploadOf("a.mib").options.onSuccess();
    expect(rows("list")[0]).toBe("a.mib: 5 B, stored");
    await eventually(() => expect(made).toHaveLength(4));
    expect(find<HTMLProgressElement>(page, "[data-part=bar]").value).toBe(5);
  });

  it("may be dropped on the page, which shows where", async () => {
    const zone = part("zone");
    const drag = (kind: string, dataTransfer?: object) => {
      const event = Object.assign(new Event(kind, { cancelable: true }), { dataTransfer });
      zone.dispatchEvent(event);
      return [event.defaultPrevented, zone.classList.contains("is-over")];
    };
    expect(drag("dragover")).toEqual([true, true]);
    expect(drag("dragleave")).toEqual([true, false]);
    drag("dragover");
    expect(drag("drop", { items: [], files: [new File(["12345"], "a.mib")] })).toEqual([true, false]);
    await eventually(() => expect(rows("list")).toEqual(["a.mib: 0 B of 5 B"]));
  });

  it("that are there already are not sent again", async () => {
    open([{ path: "a.mib", size: 5, state: "stored" }, { path: "b.mib", size: 5, state: "uploading" }]);
    choose({ "a.mib": "12345", "b.mib": "12345" });
    await eventually(() => expect(made).toHaveLength(1));
    expect(rows("list")).toEqual(["a.mib: 5 B, was already here", "b.mib: 0 B of 5 B"]);
  });

  it("are listed once, however often they are chosen", async () => {
    choose({ "a.mib": "12345" });
    await eventually(() => expect(made).toHaveLength(1));
    choose({ "a.mib": "12345", "b.mib": "1" });
    await eventually(() => expect(made).toHaveLength(2));
    expect(rows("list")).toHaveLength(2);
  });

  it("with names that no deposit can hold are shown with what to do, and are gone once a mended one comes", async () => {
    choose({ "12:30.dm4": "1", ".DS_Store": "1" });
    await eventually(() => expect(rows("refused")).toEqual(["12:30.dm4: not sent"]));
    expect(part("refused").textContent).toContain("12_30.dm4");
    expect(part("left-out").textContent).toContain(".DS_Store");
    expect(told.at(-1)).toEqual({ kind: "stemma:unsent", detail: { warning: expect.stringMatching(/^1 file was not sent/) as string } });
    choose({ "12_30.dm4": "1" });
    await eventually(() => expect(rows("refused")).toEqual([]));
    expect(told.at(-1)).toEqual({ kind: "stemma:unsent", detail: { warning: "" } });
  });
});

describe("the end", () => {
  it("is told once everything is there, and leaving is free then", async () => {
    const leave = () => !window.dispatchEvent(new Event("beforeunload", { cancelable: true }));
    expect(leave()).toBe(false);
    choose({ "a.mib": "12345" });
    await eventually(() => expect(made).toHaveLength(1));
    expect(leave()).toBe(true);
    uploadOf("a.mib").options.onSuccess();
    expect(leave()).toBe(false);
    expect(told.filter(({ kind }) => kind === "stemma:uploaded")).toEqual([
      { kind: "stemma:uploaded", detail: { finished: 1, failed: 0 } },
    ]);
    expect([part("pause").hidden, part("retry").hidden]).toEqual([true, true]);
  });

  it("of a page that was left is no concern of the next", async () => {
    choose({ "a.mib": "12345" });
    await eventually(() => expect(made).toHaveLength(1));
    page.remove();
    expect(window.dispatchEvent(new Event("beforeunload", { cancelable: true }))).toBe(true);
  });
});

describe("what stopped", () => {
  it("can be tried again; what is refused is counted as not sent", async () => {
    choose({ "a.mib": "12345", "b.mib": "12345" });
    await eventually(() => expect(made).toHaveLength(2));
    uploadOf("a.mib").options.onError(new Error("no line"));
    uploadOf("b.mib").options.onError(answered(413, { detail: "Too large." }));
    expect(rows("list")).toEqual(["a.mib: stopped"]);
    expect(rows("refused")).toEqual(["b.mib: not sent"]);
    expect(part("refused").textContent).toContain("Too large.");
    expect(part("text").textContent).toMatch(/^0 of 2 files stored, 1 not sent, 1 stopped/);
    expect(told.some(({ kind }) => kind === "stemma:uploaded")).toBe(false);
    forget();
    click(page, "[data-part=retry]");
    await eventually(() => expect(made).toHaveLength(2));
    expect(uploadOf("a.mib").starts).toBe(1);
  });

  it("by a pause goes on with the same uploads", async () => {
    choose({ "a.mib": "12345" });
    await eventually(() => expect(made[0]?.starts).toBe(1));
    click(page, "[data-part=pause]");
    await eventually(() => expect(rows("list")).toEqual(["a.mib: paused at 0 B of 5 B"]));
    expect(part("pause").textContent).toBe("Go on");
    click(page, "[data-part=pause]");
    await eventually(() => expect(made[0]?.starts).toBe(2));
    expect([part("pause").textContent, made.length]).toEqual(["Pause", 1]);
  });

  it("in a former visit is named until files are chosen", async () => {
    const record = { metadata: { deposit: "7q2m-x4dn", path: "old.mib" }, size: 10, uploadUrl: "/api/v1/uploads/1" };
    localStorage.setItem("tus::1", JSON.stringify(record));
    vi.stubGlobal("fetch", () => Promise.resolve(new Response(null, { headers: { "Upload-Offset": "4" } })));
    show(template);
    page = find(document, "stemma-uploader");
    await eventually(() => expect(part("unfinished").hidden).toBe(false));
    expect(part("unfinished-list").textContent).toBe("old.mib: 4 B of 10 B stored");
    serve({ body: { files: [] } });
    choose({ "a.mib": "1" });
    await eventually(() => expect(part("unfinished").hidden).toBe(true));
  });
});
