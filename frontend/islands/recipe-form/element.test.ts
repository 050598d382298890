// @vitest-environment happy-dom
/** The form of a recipe: what it asks for, how it follows the job, and what it shows in the end. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { find, say, serve, show, type Said } from "../testing/page";
import "./element";

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const ask = "/api/v1/measurements/m1/reductions/";
const job = (state: string, more: object = {}) => ({ id: "j1", state, position: null, message: "", reason: "", fraction: 0, ...more });
const product = (kind: string, ring: number, title = kind) => ({
  kind, title, lasting_url: `https://data.example/files/${title}.png`, settings: { parameters: { ring_width: ring } },
});

function open(): HTMLElement {
  show(`
    <stemma-recipe-form data-measurement="m1" data-recipe="radial_profile"><form>
      <input name="ring_width" type="number" value="2"><button type="submit" disabled>Compute</button>
      <p data-part="status"></p><progress max="1" value="0" hidden></progress></form>
      <div data-part="made"><p>of before</p></div></stemma-recipe-form>`);
  return find(document, "stemma-recipe-form");
}

const submit = () => find(document, "form").dispatchEvent(new Event("submit", { cancelable: true, bubbles: true }));
const status = () => find(document, "[data-part=status]").textContent;
const bar = () => find<HTMLProgressElement>(document, "progress");
const ticks = (milliseconds: number) => vi.advanceTimersByTimeAsync(milliseconds);

async function compute(...answers: Said[]) {
  const asked = serve(...answers);
  const form = open();
  submit();
  await ticks(0);
  return { asked, form };
}

describe("asking", () => {
  it("sends the recipe with the numbers that stand in the form, and the page stays", async () => {
    const asked = serve({ body: job("failed", { reason: "No." }) });
    expect(find<HTMLButtonElement>(open(), "button").disabled).toBe(false);
    say(document, "input", "3.5");
    expect(submit()).toBe(false);
    await ticks(0);
    expect(asked).toEqual([{ method: "POST", address: ask, body: { recipe: "radial_profile", parameters: { ring_width: 3.5 } }, ifMatch: null }]);
  });

  it("goes to work once, however often it is asked", async () => {
    const { asked } = await compute({ body: job("running") });
    expect(find(document, "button").getAttribute("aria-disabled")).toBe("true");
    submit();
    await ticks(0);
    expect(asked).toHaveLength(1);
  });

  it("says why the server refuses, and can be asked again", async () => {
    const { asked } = await compute({ status: 422, body: { detail: "The width is too small." } });
    expect(status()).toBe("The width is too small.");
    expect([find(document, "button").hasAttribute("aria-disabled"), bar().hidden]).toEqual([false, true]);
    submit();
    await ticks(0);
    expect(asked).toHaveLength(2);
  });
});

it.each(["<form></form>", "<button type=submit></button>", ""])("leaves alone what is no form: %s", (inside) => {
  show(`<stemma-recipe-form>${inside}</stemma-recipe-form>`);
  expect(find(document, "stemma-recipe-form").innerHTML).toBe(inside.replace("=submit", '="submit"'));
});

describe("following", () => {
  it("shows how far the work is until it is over", async () => {
    const { asked } = await compute(
      { body: job("queued", { position: 1 }) },
      { body: job("running", { message: "Reading.", fraction: 0.25 }) },
      { body: job("failed", { reason: "There is no disk." }) },
    );
    expect([status(), bar().hidden, bar().value]).toEqual(["Waiting: 1 job is before this one.", false, 0]);
    await ticks(500);
    expect([status(), bar().hidden, bar().value]).toEqual(["Reading. 25 %", false, 0.25]);
    await ticks(600);
    expect([status(), bar().hidden]).toEqual(["There is no disk.", true]);
    await ticks(60_000);
    expect(asked.map(({ address }) => address)).toEqual([ask, "/api/v1/jobs/j1/", "/api/v1/jobs/j1/"]);
  });

  it("asks more and more seldom, and at least every five seconds", async () => {
    const { asked } = await compute({ body: job("running") });
    await ticks(60_000);
    const before = asked.length;
    await ticks(60_000);
    expect(asked.length - before).toBe(12);
  });

  it("goes on where the connection breaks, and ends where the job is gone", async () => {
    const { asked } = await compute({ body: job("running") });
    const answering = globalThis.fetch;
    vi.stubGlobal("fetch", () => Promise.reject(new TypeError("gone")));
    await ticks(500);
    expect([status(), bar().hidden]).toEqual(["Computing. 0 %", false]);
    vi.stubGlobal("fetch", answering);
    await ticks(600);
    expect(asked).toHaveLength(2);
    serve({ status: 404, body: { detail: "There is no such job." } });
    await ticks(720);
    expect([status(), bar().hidden]).toEqual(["There is no such job.", true]);
  });
});

describe("what was made", () => {
  it("is shown in place of what stood there: pictures of these numbers, each with its title and a way to it", async () => {
    const results = [product("array", 2), product("preview", 2, "profile"), product("preview", 3, "other")];
    const { asked, form } = await compute({ body: job("done") }, { body: { results } });
    const made = find(form, "[data-part=made]");
    expect(asked[1]).toMatchObject({ method: "GET", address: `${ask}radial_profile/` });
    expect([made.children.length, made.textContent]).toEqual([1, "profile"]);
    const image = find<HTMLImageElement>(made, "a > img");
    expect([image.alt, new URL(image.src, location.href).pathname]).toEqual(["profile", "/files/profile.png"]);
    expect(new URL(find<HTMLAnchorElement>(made, "a").href, location.href).pathname).toBe("/files/profile.png");
    expect([status(), bar().hidden]).toEqual(["Done: 1 array made.", true]);
  });

  it.each([
    [2, "Done: 2 arrays made."],
    [0, "Nothing came of it; the checks say why."],
  ])("is counted: %i", async (count, words) => {
    await compute({ body: job("done") }, { body: { results: Array.from({ length: count }, () => product("array", 2)) } });
    expect(status()).toBe(words);
  });

  it("may be nothing, which is no fault; another answer is one", async () => {
    const { form } = await compute({ body: job("done") }, { status: 404, body: { detail: "Not found." } });
    expect([status(), form.querySelector("[data-part=made]")?.children.length]).toEqual(["Nothing came of it; the checks say why.", 0]);
    await compute({ body: job("done") }, { status: 503, body: { detail: "The database rests." } });
    expect(status()).toBe("The database rests.");
  });
});
