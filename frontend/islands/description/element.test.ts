// @vitest-environment happy-dom
/** The description: saved field by field, merged with what others saved, and told at once what is wrong. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { click, eventually, find, type Said, serve, show } from "../testing/page";
import "./element";

const base = { dataset: { title: "Old", creators: [{ name: "Curie, Marie" }] } };
const row = (name: string) => `<div data-part="row">
  <label data-key="name"><input data-part="value" value="${name}"></label>
  <label data-key="orcid" data-check="orcid"><input data-part="value"></label>
  <button type="button" data-part="remove-row">Remove</button><p data-part="row-problem" hidden></p></div>`;
const page = `
  <stemma-description data-object="/api/v1/deposits/7q2m-x4dn/" data-etag='"r1"'>
    <script type="application/json">${JSON.stringify(base)}</script>
    <form>
      <div class="field" data-label="Title" data-field="title" id="title">
        <label>Title</label><input data-part="value" value="Old"><p class="problem" hidden></p>
      </div>
      <div class="field" data-label="Abstract" data-field="abstract" id="abstract">
        <label>Abstract</label><textarea data-part="value"></textarea><p class="problem" hidden></p>
      </div>
      <fieldset class="field" data-label="Creators" data-kind="objects" data-field="creators" id="creators">
        <div data-part="rows">${row("Curie, Marie")}${row("")}</div><button type="button" data-part="add-row">Add</button><p class="problem" hidden></p>
      </fieldset>
      <fieldset class="field" data-label="Papers" data-kind="objects" data-field="related_identifiers" id="related">
        <div data-part="rows"><div data-part="row">
          <label data-key="relation" data-preset><select data-part="value"><option value="IsSupplementTo">supplements</option></select></label>
          <label data-key="identifier" data-check="reference"><input data-part="value"></label>
          <p data-part="row-problem" hidden></p></div></div><p class="problem" hidden></p>
      </fieldset>
      <div data-part="collision" tabindex="-1" hidden></div>
      <p data-part="status"></p>
    </form>
  </stemma-description>
  <button id="elsewhere">Elsewhere</button>`;

let form: HTMLElement;

const status = () => find<HTMLElement>(form, "[data-part=status]").textContent;
const changed = (revision: number, refused: unknown[] = []): Said => ({
  body: { id: "7q2m-x4dn", state: "draft", revision, title: "", obstacles: { to_settle: 0, to_acknowledge: 0 }, outcome: { saved: [], refused } },
});

/** Type, and leave the field as a person does. */
function write(selector: string, text: string): void {
  const control = find<HTMLInputElement>(form, selector);
  control.value = text;
  control.dispatchEvent(new Event("input", { bubbles: true }));
  control.dispatchEvent(new Event("change", { bubbles: true }));
}

function leave(selector: string, to: Element | null = null): void {
  find(form, selector).dispatchEvent(new FocusEvent("focusout", { bubbles: true, relatedTarget: to }));
}

beforeEach(() => {
  show(page);
  form = find(document, "stemma-description");
});

afterEach(() => {
  delete form.dataset.unsaved; // its page would be gone
  vi.unstubAllGlobals();
});

describe("saving", () => {
  it("sends the field that was left, and what rests on it is shown anew", async () => {
    const asked = serve(changed(2), changed(3));
    const heard = vi.fn();
    document.addEventListener("stemma:changed", heard);
    write("#title input", "New");
    await eventually(() => expect(status()).toBe("Title: saved."));
    expect(asked).toEqual([
      { method: "PATCH", address: "/api/v1/deposits/7q2m-x4dn/", body: { metadata: { dataset: { title: "New" } } }, ifMatch: '"r1"' },
    ]);
    expect([heard.mock.calls.length, "unsaved" in form.dataset]).toEqual([1, false]);
    document.removeEventListener("stemma:changed", heard);
  });

  it("sends nothing of what was typed and taken back", () => {
    const asked = serve(changed(2));
    write("#title input", "Old");
    expect(asked).toEqual([]);
  });

  it("sends a list when its row is left, and not between its cells", async () => {
    const asked = serve(changed(2));
    const [name, orcid] = ["[data-part=row]:last-child [data-key=name] input", "[data-part=row]:last-child [data-key=orcid] input"];
    write(`#creators ${name}`, "Curie, Pierre");
    leave(`#creators ${name}`, find(form, `#creators ${orcid}`));
    expect(asked).toEqual([]);
    leave(`#creators ${orcid}`);
    await eventually(() => expect(status()).toBe("Creators: saved."));
    expect(asked[0]?.body).toEqual({ metadata: { dataset: { creators: [{ name: "Curie, Marie" }, { name: "Curie, Pierre" }] } } });
  });

  it("saves what remains when a line is removed", async () => {
    const asked = serve(changed(2));
    click(form, "#creators [data-part=remove-row]");
    await eventually(() => expect(asked[0]?.body).toEqual({ metadata: { dataset: { creators: null } } }));
  });

  it("keeps what the server refuses, with the reason beside it", async () => {
    serve(changed(2, [{ severity: "error", pointer: "/dataset/title", message: "Too long.", hint: "Shorten it." }]));
    write("#title input", "x".repeat(9));
    await eventually(() => expect(find(form, "#title .problem").textContent).toBe("Too long. Shorten it."));
    expect([status(), "unsaved" in form.dataset]).toEqual(["Title: not saved, see the reason beside it.", true]);
  });

  it("says where the server is away, and keeps what was typed", async () => {
    serve({ status: 503, body: { detail: "Closed for a moment." } });
    write("#title input", "New");
    await eventually(() => expect(status()).toContain("Closed for a moment."));
    expect("unsaved" in form.dataset).toBe(true);
  });
});

describe("identifiers", () => {
  it("are judged while they are typed: a wrong digit at once, the form when they are left", () => {
    const asked = serve(changed(2));
    const orcid = find<HTMLInputElement>(form, "#creators [data-key=orcid] input");
    const problem = find<HTMLElement>(form, "#creators [data-part=row-problem]");
    const type = (text: string) => {
      orcid.value = text;
      orcid.dispatchEvent(new Event("input", { bubbles: true }));
    };
    type("0000-0002");
    expect(problem.hidden).toBe(true);
    type("0000-0002-1825-0079");
    expect([problem.textContent, orcid.getAttribute("aria-invalid")]).toEqual([expect.stringContaining("check digit"), "true"]);
    leave("#creators [data-key=orcid] input");
    expect(asked).toEqual([]);
    type("0000-0002-1825-0097");
    expect([problem.hidden, orcid.getAttribute("aria-invalid")]).toEqual([true, "false"]);
  });

  it("hold back their own list alone", async () => {
    const asked = serve(changed(2));
    write("#creators [data-key=orcid] input", "jane");
    leave("#creators [data-key=orcid] input");
    await eventually(() => expect(status()).toContain("Creators: not saved yet."));
    write("#abstract textarea", "Words.");
    await eventually(() => expect(status()).toBe("Abstract: saved."));
    expect(asked.map(({ body }) => body)).toEqual([{ metadata: { dataset: { abstract: "Words." } } }]);
  });

  it("say what is no DOI when it is left", () => {
    serve(changed(2));
    write("#related [data-key=identifier] input", "10.103/abc");
    leave("#related [data-key=identifier] input");
    expect(find(form, "#related [data-part=row-problem]").textContent).toContain("is not a DOI");
  });

  it("say nothing in a line that has only what was preset", async () => {
    const asked = serve(changed(2));
    leave("#related [data-key=identifier] input");
    write("#related [data-key=identifier] input", "10.1038/s41586-018-0298-5");
    leave("#related [data-key=identifier] input");
    await eventually(() => expect(asked).toHaveLength(1));
    const related = [{ relation: "IsSupplementTo", identifier: "10.1038/s41586-018-0298-5" }];
    expect(asked[0]?.body).toEqual({ metadata: { dataset: { related_identifiers: related } } });
  });
});

describe("somebody else", () => {
  const conflict = (dataset: unknown, etag = '"r7"'): Said => ({
    status: 412,
    body: { detail: "It was changed.", current: { etag, metadata: { dataset } } },
  });

  it("is merged: their field is shown, ours is sent on their revision", async () => {
    const asked = serve(conflict({ ...base.dataset, title: "Theirs", creators: [{ name: "Meitner, Lise" }] }), changed(8));
    write("#abstract textarea", "Mine.");
    await eventually(() => expect(status()).toBe("Abstract: saved."));
    expect(asked.map(({ ifMatch }) => ifMatch)).toEqual(['"r1"', '"r7"']);
    expect(asked[1]?.body).toEqual({ metadata: { dataset: { abstract: "Mine." } } });
    expect(find<HTMLInputElement>(form, "#title input").value).toBe("Theirs");
    const names = Array.from(form.querySelectorAll<HTMLInputElement>("#creators [data-key=name] input"), (input) => input.value);
    expect(names).toEqual(["Meitner, Lise", ""]);
  });

  it.each([
    ["saved", "Theirs", 1],
    ["mine", "Mine", 2],
  ] as const)("who wrote the same field is shown beside it; the person chooses what is %s", async (choice, title, requests) => {
    const asked = serve(conflict({ title: "Theirs" }), changed(8));
    write("#title input", "Mine");
    const box = find<HTMLElement>(form, "[data-part=collision]");
    await eventually(() => expect(box.hidden).toBe(false));
    expect(box.textContent).toContain("Theirs (saved meanwhile)");
    click(box, `[value=${choice}]`);
    click(box, "button");
    await eventually(() => expect(asked).toHaveLength(requests));
    await eventually(() => expect(find<HTMLInputElement>(form, "#title input").value).toBe(title));
  });
});
