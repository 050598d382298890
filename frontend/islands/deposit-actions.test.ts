// @vitest-environment happy-dom
/** Buttons that act on a deposit: what they send, and what is shown where the server refuses. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { click, eventually, find, serve, show, watchLeaving } from "./testing/page";
import "./deposit-actions";

let gone: string[];

function open(inside: string): HTMLElement {
  show(`<stemma-deposit-actions>${inside}<div data-part="refusal" tabindex="-1" hidden></div></stemma-deposit-actions>`);
  return find(document, "stemma-deposit-actions");
}

beforeEach(() => {
  gone = watchLeaving();
});

afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

const publish = `
  <input type="checkbox" name="acknowledge" value="a_warning"><input type="checkbox" name="acknowledge" value="b_warning">
  <textarea name="note"> as seen </textarea>
  <div data-part="unacknowledged">2 warnings to acknowledge first.</div>
  <button data-action="/publish/" data-sends="acknowledgements" data-needs-acknowledgement data-then="/datasets/1" data-etag='"1"'>Publish</button>`;

describe("publishing", () => {
  it("waits until each warning is acknowledged, and sends them with the note", async () => {
    const asked = serve({ body: {} });
    const page = open(publish);
    const button = find<HTMLButtonElement>(page, "button");
    expect(button.disabled).toBe(true);
    click(page, "[value=a_warning]");
    expect(button.disabled).toBe(true);
    const why = find<HTMLElement>(page, "[data-part=unacknowledged]");
    expect(why.hidden).toBe(false);
    click(page, "[value=b_warning]");
    expect([button.disabled, why.hidden]).toEqual([false, true]);
    button.click();
    await eventually(() => expect(gone).toEqual(["/datasets/1"]));
    const warnings = ["a_warning", "b_warning"].map((code) => ({ code, note: "as seen" }));
    expect(asked).toEqual([{ method: "POST", address: "/publish/", body: { accept_warnings: warnings }, ifMatch: '"1"' }]);
  });

  const moved = (changes: unknown[], areAll: boolean) => ({
    status: 412,
    body: { detail: "It was changed.", current: { etag: '"2"', metadata: {} }, changes, changes_are_all: areAll },
  });

  it("goes on where the server alone moved the deposit on", async () => {
    const asked = serve(moved([], true), { body: {} });
    const page = open(publish.replaceAll("checkbox", "checkbox\" checked class=\""));
    click(page, "button");
    await eventually(() => expect(gone).toEqual(["/datasets/1"]));
    expect(asked.map(({ ifMatch }) => ifMatch)).toEqual(['"1"', '"2"']);
  });

  it("stops and shows what somebody else changed; a second click acts on that", async () => {
    const change = { pointer: "/metadata/dataset/a~1b", old: "Old", new: { value: 3, unit: "nm" }, by: "irene" };
    const asked = serve(moved([change], true), { body: {} });
    const page = open(publish.replaceAll("checkbox", "checkbox\" checked class=\""));
    const button = find<HTMLButtonElement>(page, "button");
    button.click();
    await eventually(() => expect(find<HTMLElement>(page, "[data-part=refusal]").hidden).toBe(false));
    expect(find<HTMLElement>(page, "[data-part=refusal]").textContent).toContain("dataset › a/b: Old became 3 nm (irene).");
    expect([gone, asked.length, button.disabled]).toEqual([[], 1, false]);
    button.click();
    await eventually(() => expect(gone).toEqual(["/datasets/1"]));
    expect(asked[1]?.ifMatch).toBe('"2"');
  });

  it("stops too where not all changes are told", async () => {
    const asked = serve(moved([], false), { body: {} });
    const page = open(publish.replaceAll("checkbox", "checkbox\" checked class=\""));
    click(page, "button");
    await eventually(() => expect(find<HTMLElement>(page, "[data-part=refusal]").hidden).toBe(false));
    expect(asked).toHaveLength(1);
  });
});

describe("a button", () => {
  it("acts with its method, and shows the page anew where it leads nowhere else", async () => {
    const asked = serve({ status: 204 });
    click(open(`<button data-action="/members/irene/" data-method="DELETE">Remove</button>`), "button");
    await eventually(() => expect(gone).toEqual(["again"]));
    expect(asked).toEqual([{ method: "DELETE", address: "/members/irene/", body: {}, ifMatch: null }]);
  });

  it("sends what stands on it, also where its section came later", async () => {
    const asked = serve({ body: {} });
    const page = open("");
    const body = { changes: [{ fate: "private", measurements: ["7q2m-x4d9"] }] };
    page.insertAdjacentHTML("afterbegin", `<button data-action="/fates/">Keep private <b>now</b></button>`);
    find<HTMLButtonElement>(page, "button").dataset.body = JSON.stringify(body);
    click(page, "b");
    await eventually(() => expect(asked[0]?.body).toEqual(body));
  });

  it("asks first where that is written on it", async () => {
    const asked = serve({ body: {} });
    const confirm = vi.fn(() => false);
    vi.stubGlobal("confirm", confirm);
    const page = open(`<button data-action="/x/" data-confirm="Delete it?">Delete</button>`);
    click(page, "button");
    expect([confirm.mock.calls, asked]).toEqual([[["Delete it?"]], []]);
    confirm.mockReturnValue(true);
    click(page, "button");
    await eventually(() => expect(asked).toHaveLength(1));
  });

  it("shows a refusal with everything that was found, and can be tried again", async () => {
    const findings = [{ severity: "error", message: "The voltage is missing.", hint: "Say it." }];
    serve({ status: 409, body: { detail: "It cannot be published.", findings } });
    const page = open(`<button data-action="/publish/">Publish</button>`);
    click(page, "button");
    const box = find<HTMLElement>(page, "[data-part=refusal]");
    await eventually(() => expect(box.hidden).toBe(false));
    expect(find<HTMLElement>(box, "p").textContent).toBe("It cannot be published.");
    expect(Array.from(box.querySelectorAll("li"), (item) => item.textContent)).toEqual(["The voltage is missing. Say it."]);
    expect([find<HTMLButtonElement>(page, "button").disabled, gone]).toEqual([false, []]);
  });
});

describe("when all files have arrived", () => {
  const upload = `<p data-part="unsent" hidden></p><input type="checkbox" data-part="at-once" data-deposit="7q2m" checked>
    <button data-action="/submit/" data-waits-for-files disabled>Read the files</button>`;
  const arrive = (page: HTMLElement, failed: number) =>
    page.dispatchEvent(new CustomEvent("stemma:uploaded", { detail: { finished: 2, failed } }));

  afterEach(() => localStorage.clear());

  it("they are handed in without a click", async () => {
    const asked = serve({ body: {} });
    arrive(open(upload), 0);
    await eventually(() => expect(gone).toEqual(["again"]));
    expect(asked).toEqual([{ method: "POST", address: "/submit/", body: {}, ifMatch: null }]);
  });

  it("they wait where the person wants to look first, and that is remembered for this deposit", () => {
    const asked = serve({ body: {} });
    click(open(upload), "input");
    const again = open(upload);
    expect(find<HTMLInputElement>(again, "input").checked).toBe(false);
    arrive(again, 0);
    expect(asked).toEqual([]);
    expect(find<HTMLButtonElement>(again, "button").disabled).toBe(false);
    const other = open(upload.replace("7q2m", "8r3n"));
    expect(find<HTMLInputElement>(other, "input").checked).toBe(true);
  });

  it("they wait where a file did not arrive or was not sent", () => {
    const asked = serve({ body: {} });
    arrive(open(upload), 1);
    const page = open(upload);
    page.dispatchEvent(new CustomEvent("stemma:unsent", { detail: { warning: "1 file was not sent." } }));
    arrive(page, 0);
    expect(asked).toEqual([]);
  });
});

it("hears of the uploader what is stored, and what is not sent", () => {
  const page = open(`<p data-part="unsent" hidden></p><button data-action="/submit/" data-waits-for-files disabled>Go on</button>`);
  page.dispatchEvent(new CustomEvent("stemma:unsent", { detail: { warning: "1 file was not sent." } }));
  expect(find<HTMLElement>(page, "[data-part=unsent]")).toMatchObject({ hidden: false, textContent: "1 file was not sent." });
  page.dispatchEvent(new CustomEvent("stemma:uploaded", { detail: { finished: 1, failed: 0 } }));
  expect(find<HTMLButtonElement>(page, "button").disabled).toBe(false);
  page.dispatchEvent(new CustomEvent("stemma:unsent", { detail: { warning: "" } }));
  expect(find<HTMLElement>(page, "[data-part=unsent]").hidden).toBe(true);
});
