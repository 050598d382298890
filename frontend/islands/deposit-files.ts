/**
 * <stemma-files data-object>: what becomes of files, which belong together, and what a measurement is to others.
 *
 * One row is decided in its own list; many by ticks or by a pattern of names. Everything can be taken back.
 */
import { requestJson } from "./api/request";
import type { GroupingRequest, Regrouped, RolesRequest, Sorted, SortingRequest } from "./api/shapes";
import { refreshSections } from "./page-sections";

const fateWords: Record<string, string> = {
  publish: "to be published",
  private: "kept private",
  discard: "discarded when you publish",
};

/** What takes an act back; it outlives the section, which is shown anew. */
interface Undo {
  address: string;
  body: unknown;
}

let told = "";
let undo: Undo | null = null;

class DepositFiles extends HTMLElement {
  connectedCallback(): void {
    this.addEventListener("change", (event) => this.decideOne(event.target));
    this.addEventListener("change", () => this.count());
    this.addEventListener("input", () => this.count());
    this.addEventListener("click", (event) => {
      const button = event.target instanceof Element ? event.target.closest<HTMLButtonElement>("button") : null;
      if (button) {
        this.press(button);
      }
    });
    this.count();
    this.tell();
  }

  private control(part: string): string {
    return this.querySelector<HTMLInputElement | HTMLSelectElement>(`[data-part=${part}]`)?.value.trim() ?? "";
  }

  private ticked(): HTMLInputElement[] {
    return [...this.querySelectorAll<HTMLInputElement>("input[name=chosen]:checked")];
  }

  /** What is chosen, as the API takes it: paths, and the pattern where there is one. */
  private paths(): string[] {
    const pattern = this.control("pattern");
    return [...this.ticked().map((box) => box.value), ...(pattern === "" ? [] : [pattern])];
  }

  private count(): void {
    const line = this.querySelector("[data-part=chosen]");
    const number = this.ticked().length;
    const pattern = this.control("pattern");
    if (line) {
      const ticks = number === 0 ? "" : `${number} ${number === 1 ? "file is" : "files are"} ticked`;
      const named = pattern === "" ? "" : `what ${pattern} names`;
      line.textContent = [ticks, named].filter(Boolean).join(", and ") || "Tick files above, or name them by a pattern.";
    }
  }

  private decideOne(target: EventTarget | null): void {
    const select = target instanceof HTMLSelectElement && target.dataset.part === "fate" ? target : null;
    const path = select?.closest<HTMLElement>("[data-path]")?.dataset.path;
    if (select && path !== undefined) {
      void this.decide(select.value, [path]);
    }
  }

  private press(button: HTMLButtonElement): void {
    if (button.dataset.fate) {
      void this.decide(button.dataset.fate, this.paths());
    } else if (button.dataset.part === "move") {
      void this.move(this.paths());
    } else if (button.dataset.part === "set-role") {
      void this.setRole(false);
    } else if (button.dataset.part === "take-role") {
      void this.setRole(true);
    } else if (button.dataset.part === "undo" && undo) {
      void this.takeBack(undo);
    }
  }

  private async decide(fate: string, paths: string[]): Promise<void> {
    if (paths.length === 0) {
      this.say("Nothing is chosen: tick files in the lists, or write a pattern of names.", null);
      return;
    }
    await this.act(async (address) => {
      const body: SortingRequest = { changes: [{ fate: fate as SortingRequest["changes"][number]["fate"], paths }] };
      const { body: answer } = await requestJson<Sorted>(`${address}fates/`, { method: "POST", body });
      const words = `${answer.changed} ${answer.changed === 1 ? "is" : "are"} now ${fateWords[fate] ?? fate}.`;
      return [words, answer.undo.length > 0 ? { address: `${address}fates/`, body: { changes: answer.undo } } : null];
    });
  }

  private async move(paths: string[]): Promise<void> {
    if (paths.length === 0) {
      this.say("Nothing is chosen: tick the files that belong elsewhere.", null);
      return;
    }
    const [place = "", beside = ""] = this.control("place").split(":");
    await this.act(async (address) => {
      const move = { paths, place: place as GroupingRequest["moves"][number]["place"], ...(beside === "" ? {} : { with: beside }) };
      const { body: answer } = await requestJson<Regrouped>(`${address}grouping/`, { method: "POST", body: { moves: [move] } satisfies GroupingRequest });
      const again = answer.undo.length > 0 ? { address: `${address}grouping/`, body: { moves: answer.undo } } : null;
      return ["Grouped. Only the measurements that this touches are read again.", again];
    });
  }

  private async setRole(isTakenBack: boolean): Promise<void> {
    const measurements = this.ticked().flatMap((box) => box.closest<HTMLElement>("[data-measurement]")?.dataset.measurement ?? []);
    const role = this.control("role") as RolesRequest["roles"][number]["role"];
    const of = this.control("of");
    const others = [...(this.querySelector<HTMLSelectElement>("[data-part=of]")?.options ?? [])].map((option) => option.value);
    if (measurements.length === 0) {
      this.say("Tick the measurement that serves the others, in the list of measurements.", null);
      return;
    }
    await this.act(async (address) => {
      const wish = (back: boolean): RolesRequest => ({
        roles: measurements.map((measurement) => ({
          measurement,
          role,
          of: of === "*" ? others.filter((id) => id !== "*" && !measurements.includes(id)) : [of],
          take_back: back,
        })),
      });
      await requestJson(`${address}roles/`, { method: "POST", body: wish(isTakenBack) });
      const words = role.replaceAll("_", " ");
      return [`${isTakenBack ? "No longer" : "Now"} the ${words}.`, { address: `${address}roles/`, body: wish(!isTakenBack) }];
    });
  }

  private async takeBack({ address, body }: Undo): Promise<void> {
    await this.act(async () => {
      await requestJson(address, { method: "POST", body });
      return ["Taken back.", null];
    });
  }

  /**
   * Do it, show the page's sections anew, and say what was done with what takes it back.
   *
   * It is said when they are shown: words that come before would take the focus, and what is in use is not shown anew.
   */
  private async act(doing: (address: string) => Promise<[string, Undo | null]>): Promise<void> {
    let done: [string, Undo | null];
    try {
      done = await doing(this.dataset.object ?? "");
    } catch (error) {
      this.say(error instanceof Error ? error.message : String(error), null);
      return;
    }
    [told, undo] = ["", null];
    (document.activeElement as HTMLElement | null)?.blur();
    await refreshSections();
    const live = this.isConnected ? this : document.querySelector<DepositFiles>("stemma-files");
    live?.say(...done);
  }

  private say(words: string, again: Undo | null): void {
    [told, undo] = [words, again];
    this.tell();
    this.querySelector<HTMLElement>("[data-part=done]")?.focus({ preventScroll: true });
  }

  /** What was said stays, also when the section is shown anew. */
  private tell(): void {
    const box = this.querySelector<HTMLElement>("[data-part=done]");
    if (!box || told === "") {
      return;
    }
    box.replaceChildren(`${told} `);
    if (undo) {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "link-button";
      button.dataset.part = "undo";
      button.textContent = "Undo";
      box.append(button);
    }
    box.hidden = false;
  }
}

customElements.define("stemma-files", DepositFiles);
