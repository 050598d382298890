// @vitest-environment happy-dom
/** The form of the answers: what is sent, and what becomes of it when somebody else saved first. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type Said, click, eventually, find, say, serve, show, watchLeaving } from "../testing/page";
import "./element";

const base = { dataset: { title: "Old" }, defaults: { sample: { name: "MoS2" } } };
const page = `
  <stemma-metadata-form data-object="/api/v1/deposits/7q2m-x4dn/" data-etag='"1"'>
    <script type="application/json">${JSON.stringify(base)}</script>
    <form>
      <div class="field" data-kind="text" data-paths='[["dataset", "title"]]' id="title">
        <label>Title</label><input data-part="value" value="Old"><p class="problem" hidden></p>
      </div>
      <details>
        <div class="field is-missing" data-kind="quantity" data-paths='[["defaults", "convergence"], ["files", "a", "convergence"]]' id="angle">
          <label>Convergence</label><input data-part="value"><select data-part="unit"><option>mrad</option><option>deg</option></select>
          <input type="checkbox" data-part="gap" value="not_recorded"><p class="problem" hidden></p>
        </div>
      </details>
      <div class="field" data-kind="json" data-paths='[["defaults", "note"]]' id="note">
        <label>Note</label><textarea data-part="value"></textarea><p class="problem" hidden></p>
      </div>
      <div data-part="collision" tabindex="-1" hidden></div>
      <div data-part="refused" hidden></div>
      <button type="button" data-part="gap-rest">Declare the rest</button>
      <span data-part="status"></span>
      <button type="submit" disabled>Save</button>
    </form>
  </stemma-metadata-form>`;

let form: HTMLElement;
let gone: string[];

const status = () => find<HTMLElement>(form, "[data-part=status]").textContent;
const save = () => find(form, "form").dispatchEvent(new Event("submit", { cancelable: true }));

/** What the server answers where the deposit is other than it was. */
function conflict(metadata: unknown, etag = '"2"'): Said {
  return { status: 412, body: { detail: "It was changed.", current: { etag, metadata } } };
}

beforeEach(() => {
  show(page);
  form = find(document, "stemma-metadata-form");
  gone = watchLeaving();
});

afterEach(() => {
  delete form.dataset.unsaved; // its page would be gone
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

describe("saving", () => {
  it("sends what was changed alone, on the condition that nobody was quicker, and shows the page anew", async () => {
    const asked = serve({ body: {} });
    expect(find<HTMLButtonElement>(form, "[type=submit]").disabled).toBe(false);
    say(form, "#title input", "New");
    expect([status(), "unsaved" in form.dataset]).toEqual(["1 answer not saved yet", true]);
    expect(save()).toBe(false); // the browser does not send the form itself
    await eventually(() => expect(gone).toEqual(["again"]));
    expect(asked).toEqual([
      { method: "PATCH", address: "/api/v1/deposits/7q2m-x4dn/", body: { metadata: { dataset: { title: "New" } } }, ifMatch: '"1"' },
    ]);
    expect("unsaved" in form.dataset).toBe(false);
  });

  it("writes one answer everywhere it is asked for", async () => {
    const asked = serve({ body: {} });
    say(form, "#angle input", "21.4");
    save();
    await eventually(() => expect(gone).toEqual(["again"]));
    const value = { value: "21.4", unit: "mrad", source: "depositor" };
    expect(asked[0]?.body).toEqual({ metadata: { defaults: { convergence: value }, files: { a: { convergence: value } } } });
  });

  it("saves what is right; what is wrong stays in its field with the reason, and in the summary", async () => {
    const metadata = { ...base, dataset: { title: "New" } };
    const finding = { severity: "error", pointer: "/defaults/convergence/value", message: "“fifty” is no number.", hint: "Write 20 mrad." };
    const asked = serve({ body: { metadata, outcome: { saved: ["/dataset/title"], refused: [finding] } } }, { body: {} });
    say(form, "#title input", "New");
    say(form, "#angle input", "fifty");
    say(form, "#note textarea", "{");
    save();
    await eventually(() => expect(status()).toBe("1 answer saved, 2 not. What you typed is still in its field."));
    expect(asked[0]?.body).toMatchObject({ metadata: { dataset: { title: "New" }, defaults: { convergence: "fifty" } } });
    expect(find<HTMLElement>(form, "#angle .problem")).toMatchObject({ hidden: false, textContent: "“fifty” is no number. Write 20 mrad." });
    expect(find<HTMLElement>(form, "#note .problem").textContent).toBe("This is not valid JSON.");
    expect(find<HTMLElement>(form, "#title .problem").hidden).toBe(true);
    const summary = find<HTMLElement>(form, "[data-part=refused]");
    expect(summary.hidden).toBe(false);
    expect(Array.from(summary.querySelectorAll("li"), (item) => item.textContent)).toEqual([
      "Note This is not valid JSON.",
      "Convergence “fifty” is no number. Write 20 mrad.",
    ]);
    expect([find<HTMLInputElement>(form, "#angle input").value, find<HTMLTextAreaElement>(form, "#note textarea").value]).toEqual(["fifty", "{"]);
    expect(find(form, "#angle input").getAttribute("aria-invalid")).toBe("true");
    expect([gone, "unsaved" in form.dataset]).toEqual([[], true]); // the page does not go, and warns who leaves it
    click(summary, "li:last-child button");
    expect(document.activeElement).toBe(find(form, "#angle input"));
    expect(find(form, "details").hasAttribute("open")).toBe(true);
    say(form, "#angle input", "50 mrad");
    say(form, "#note textarea", "");
    save();
    await eventually(() => expect(gone).toEqual(["again"]));
    const value = "50 mrad"; // what was saved already is not sent again
    expect(asked[1]?.body).toEqual({ metadata: { defaults: { convergence: value }, files: { a: { convergence: value } } } });
  });

  it("says why where nothing was right", async () => {
    const finding = { severity: "error", pointer: "/defaults/convergence", message: "No number.", hint: "" };
    serve({ status: 422, body: { detail: "No number.", findings: [finding] } });
    say(form, "#angle input", "many");
    save();
    await eventually(() => expect(find<HTMLElement>(form, "#angle .problem").textContent).toBe("No number."));
    expect(status()).toMatch(/^0 answers saved, 1 not\./);
    expect(find<HTMLInputElement>(form, "#angle input").value).toBe("many");
  });

  it("sends nothing where nothing can be sent, and leads to it", () => {
    const asked = serve({ body: {} });
    say(form, "#note textarea", "{");
    save();
    expect(asked).toEqual([]);
    expect(document.activeElement).toBe(find(form, "#note textarea"));
  });

  it("keeps what was typed where the server refuses or is away", async () => {
    serve({ status: 409, body: { detail: "It is being read.", hint: "Wait." } });
    say(form, "#title input", "New");
    save();
    await eventually(() => expect(status()).toBe("It is being read. Wait."));
    expect([gone, "unsaved" in form.dataset]).toEqual([[], true]);
    expect(find<HTMLInputElement>(form, "#title input").value).toBe("New");
  });
});

describe("somebody else who saved first", () => {
  it("keeps what they said, where both said different things nowhere", async () => {
    const theirs = { dataset: { title: "Old", abstract: "Theirs" }, defaults: base.defaults };
    const asked = serve(conflict(theirs), { body: {} });
    say(form, "#title input", "New");
    save();
    await eventually(() => expect(gone).toEqual(["again"]));
    expect(asked.map(({ ifMatch }) => ifMatch)).toEqual(['"1"', '"2"']);
    expect(asked[1]?.body).toEqual({ metadata: { dataset: { title: "New" } } });
  });

  async function collide(): Promise<ReturnType<typeof serve>> {
    const asked = serve(conflict({ ...base, dataset: { title: "Theirs" } }), { body: {} });
    say(form, "#title input", "New");
    say(form, "#angle input", "20");
    save();
    await eventually(() => expect(find<HTMLElement>(form, "[data-part=collision]").hidden).toBe(false));
    expect(asked).toHaveLength(1);
    return asked;
  }

  it("is asked about, field by field; what is saved stays unless the person says otherwise", async () => {
    const asked = await collide();
    const box = find<HTMLElement>(form, "[data-part=collision]");
    expect(find<HTMLElement>(box, "legend").textContent).toBe("Title");
    expect(box.textContent).toContain("Theirs (saved meanwhile)");
    expect(box.textContent).toContain("New (yours)");
    expect(find<HTMLInputElement>(box, "[value=saved]").checked).toBe(true);
    click(box, "button");
    await eventually(() => expect(gone).toEqual(["again"]));
    const value = { value: "20", unit: "mrad", source: "depositor" };
    expect(asked[1]).toMatchObject({ ifMatch: '"2"', body: { metadata: { defaults: { convergence: value } } } });
    expect(asked[1]?.body).not.toHaveProperty("metadata.dataset");
  });

  it("gives way where the person chooses their own words", async () => {
    const asked = await collide();
    click(form, "[data-part=collision] [value=mine]");
    click(form, "[data-part=collision] button");
    await eventually(() => expect(gone).toEqual(["again"]));
    expect(asked[1]?.body).toMatchObject({ metadata: { dataset: { title: "New" } } });
  });
});

describe("a gap", () => {
  it("is declared for all that is needed and empty, and for nothing else", () => {
    click(form, "[data-part=gap-rest]");
    expect(find<HTMLInputElement>(form, "#angle [data-part=gap]").checked).toBe(true);
    expect(find(form, "#angle").classList.contains("is-gap")).toBe(true);
    expect(status()).toBe("1 answer not saved yet");
  });

  it("is not declared over an answer", () => {
    say(form, "#angle input", "20");
    click(form, "[data-part=gap-rest]");
    expect(find<HTMLInputElement>(form, "#angle [data-part=gap]").checked).toBe(false);
  });
});

it("warns before a page with unsaved answers is left, and only then", () => {
  const leave = () => window.dispatchEvent(new Event("beforeunload", { cancelable: true }));
  expect(leave()).toBe(true);
  say(form, "#title input", "New");
  expect(leave()).toBe(false);
  say(form, "#title input", "Old");
  expect([leave(), status()]).toEqual([true, ""]);
});
