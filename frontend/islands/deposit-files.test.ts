// @vitest-environment happy-dom
/** What becomes of files, and which belong together: what is asked of the server, and how it is taken back. */
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { click, eventually, find, show } from "./testing/page";
import { refreshSections } from "./page-sections";
import "./deposit-files";

const row = (path: string, id = "") => `<tr data-path="${path}" ${id === "" ? "" : `data-measurement="${id}"`}>
  <td><input type="checkbox" name="chosen" value="${path}"></td>
  <td><select data-part="fate"><option value="publish" selected>Publish</option><option value="private">Keep private</option></select></td></tr>`;
const page = `<section id="upload" data-live><stemma-files data-object="/api/v1/deposits/7q2m-x4dn/">
  <table><tbody>${row("a.dm3", "m1")}${row("b.dm3", "m2")}${row("notes.txt")}</tbody></table>
  <p data-part="chosen"></p><input data-part="pattern">
  <button type="button" data-fate="discard">Discard</button>
  <select data-part="place"><option value="own">own</option><option value="with:m1">with a.dm3</option></select>
  <button type="button" data-part="move">Group so</button>
  <select data-part="role"><option value="vacuum_probe">vacuum probe</option></select>
  <select data-part="of"><option value="*">all</option><option value="m1">a.dm3</option><option value="m2">b.dm3</option></select>
  <button type="button" data-part="set-role">Set</button><button type="button" data-part="take-role">It is not</button>
  <p data-part="done" tabindex="-1" hidden></p>
</stemma-files></section>`;

interface Sent {
  address: string;
  body: unknown;
}

let sent: Sent[];
let answer: { status: number; body: unknown };

const done = () => find<HTMLElement>(document, "[data-part=done]").textContent.trim();
const tick = (path: string) => click(document, `input[value="${path}"]`);

function choose(part: string, value: string): void {
  const select = find<HTMLSelectElement>(document, `[data-part=${part}]`);
  select.value = value;
  select.dispatchEvent(new Event("change", { bubbles: true }));
}

beforeEach(() => {
  show(page);
  sent = [];
  answer = { status: 200, body: { changed: 1, undo: [{ fate: "publish", paths: ["a.dm3"] }] } };
  vi.stubGlobal("fetch", (address: string, init?: RequestInit) => {
    if (init?.method !== "POST") {
      return Promise.resolve(new Response(page)); // the page, for its sections
    }
    sent.push({ address: address.replace("/api/v1/deposits/7q2m-x4dn", ""), body: JSON.parse(init.body as string) as unknown });
    return Promise.resolve(new Response(JSON.stringify(answer.body), { status: answer.status }));
  });
});

afterEach(() => {
  document.body.replaceChildren();
  vi.unstubAllGlobals();
});

it("decides about one file in its row, and takes it back", async () => {
  const select = find<HTMLSelectElement>(document, "[data-path='a.dm3'] select");
  select.value = "private";
  select.dispatchEvent(new Event("change", { bubbles: true }));
  await eventually(() => expect(done()).toContain("1 is now kept private."));
  expect(sent).toEqual([{ address: "/fates/", body: { changes: [{ fate: "private", paths: ["a.dm3"] }] } }]);
  click(document, "[data-part=undo]");
  await eventually(() => expect(done()).toContain("Taken back."));
  expect(sent[1]).toEqual({ address: "/fates/", body: { changes: [{ fate: "publish", paths: ["a.dm3"] }] } });
});

it("decides about many: what is ticked, and what a pattern names", async () => {
  tick("a.dm3");
  tick("notes.txt");
  const pattern = find<HTMLInputElement>(document, "[data-part=pattern]");
  pattern.value = "*_dark.mib";
  pattern.dispatchEvent(new Event("input", { bubbles: true }));
  expect(find(document, "[data-part=chosen]").textContent).toBe("2 files are ticked, and what *_dark.mib names");
  click(document, "[data-fate=discard]");
  await eventually(() => expect(done()).toContain("discarded when you publish"));
  expect(sent[0]?.body).toEqual({ changes: [{ fate: "discard", paths: ["a.dm3", "notes.txt", "*_dark.mib"] }] });
});

it("groups what is ticked with a measurement", async () => {
  answer.body = { undo: [{ paths: ["notes.txt"], place: "recognized" }] };
  tick("notes.txt");
  choose("place", "with:m1");
  click(document, "[data-part=move]");
  await eventually(() => expect(done()).toContain("Grouped."));
  expect(sent).toEqual([{ address: "/grouping/", body: { moves: [{ paths: ["notes.txt"], place: "with", with: "m1" }] } }]);
});

it("says what a measurement is to all others, and takes it back", async () => {
  answer.body = { etag: '"r2"' };
  tick("a.dm3");
  click(document, "[data-part=set-role]");
  await eventually(() => expect(done()).toContain("Now the vacuum probe."));
  click(document, "[data-part=undo]");
  await eventually(() => expect(sent).toHaveLength(2));
  const role = { measurement: "m1", role: "vacuum_probe", of: ["m2"] };
  expect(sent.map(({ body }) => body)).toEqual([{ roles: [{ ...role, take_back: false }] }, { roles: [{ ...role, take_back: true }] }]);
});

it.each(["[data-fate=discard]", "[data-part=move]", "[data-part=set-role]"])("asks for a choice before %s", (button) => {
  click(document, button);
  expect(done()).toMatch(/^(Nothing is chosen|Tick)/u);
  expect(sent).toEqual([]);
});

it("says why the server refuses", async () => {
  answer = { status: 422, body: { detail: "c.dm3 is part of a.dm3.", hint: "Name that." } };
  tick("b.dm3");
  click(document, "[data-fate=discard]");
  await eventually(() => expect(done()).toContain("c.dm3 is part of a.dm3. Name that."));
});

it("shows what came of it although an older page arrives in between", async () => {
  const pages: ((text: string) => void)[] = [];
  vi.stubGlobal("fetch", (_: string, init?: RequestInit) =>
    init?.method === "POST" ? Promise.resolve(new Response(JSON.stringify(answer.body))) : new Promise((resolve) => pages.push((text) => resolve(new Response(text)))),
  );
  const arrived = (words: string) => page.replace("<table>", `<p data-part="arrived">${words}</p><table>`);
  const older = refreshSections();
  tick("a.dm3");
  click(document, "[data-fate=discard]");
  await eventually(() => expect(pages).toHaveLength(2));
  pages[0]?.(arrived("nothing is discarded"));
  await older;
  pages[1]?.(arrived("1 is discarded"));
  await eventually(() => expect(done()).toContain("discarded when you publish"));
  expect(find(document, "[data-part=arrived]").textContent).toBe("1 is discarded");
  expect(document.activeElement).toBe(find(document, "[data-part=done]"));
});
