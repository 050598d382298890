/**
 * "What is it?": for measurements whose technique nobody has said yet, what it seems to be, why, and one button that
 * confirms all that are sure. A guess is never an answer: nothing is chosen until somebody confirms it.
 */
import type { TableRow } from "../api/shapes";
import { TechniqueChooser } from "./editor";
import { countWords, make, makeButton } from "./elements";
import { type TableState, techniqueField } from "./table-state";

export interface Proposal {
  techniques: string[];
  isSure: boolean;
  why: string;
}

interface Card {
  key: string;
  proposal: Proposal | null;
  rows: TableRow[];
}

export interface TechniqueHooks {
  onConfirm(rows: readonly TableRow[], techniques: readonly string[]): void;
}

const shownPictures = 4;
const mostPicked = 24; // files of which single ones can be left out here; more are chosen in the table

export function readProposal(row: TableRow): Proposal | null {
  const said = row.proposal;
  return said === null ? null : { techniques: said.techniques, isSure: said.sure && said.techniques.length > 0, why: said.why };
}

/** Measurements that were read, of which nobody has said what they are: those alike together, unsure ones first. */
export function sortCards(rows: Iterable<TableRow>): Card[] {
  const cards = new Map<string, Card>();
  for (const row of rows) {
    if (row.technique.length > 0 || row.state === "failed" || !row.cells[techniqueField]) {
      continue;
    }
    const proposal = readProposal(row);
    const key = proposal === null ? "none" : proposal.techniques.length === 0 ? `nothing ${proposal.why}` : `${proposal.isSure ? "sure" : `unsure ${proposal.why}`} ${proposal.techniques.join("+")}`;
    const card = cards.get(key) ?? { key, proposal, rows: [] };
    card.rows.push(row);
    cards.set(key, card);
  }
  const rank = ({ proposal }: Card): number => (isSilent(proposal) ? 1 : proposal?.isSure ? 2 : 0);
  return [...cards.values()].sort((one, other) => rank(one) - rank(other));
}

/** Whether nothing tells what it is. */
function isSilent(proposal: Proposal | null): boolean {
  return proposal === null || proposal.techniques.length === 0;
}

export class TechniqueCards {
  readonly element = make("div", { class: "st-what", hidden: true });
  private signature = "";
  private changing: string | null = null;

  constructor(
    private readonly state: TableState,
    private readonly mayAnswer: boolean,
    private readonly hooks: TechniqueHooks,
  ) {}

  draw(): void {
    const cards = sortCards(this.state.rows.values());
    const saving = [...this.state.notes].filter(([place, note]) => place.endsWith(techniqueField) && note.state === "saving").map(([place]) => place);
    const signature = JSON.stringify([cards.map((card) => [card.key, card.rows.map((row) => [row.id, row.thumbnail])]), this.changing, saving]);
    if (signature === this.signature) {
      return;
    }
    const hadFocus = this.element.contains(document.activeElement);
    this.signature = signature;
    this.element.hidden = cards.length === 0;
    const sure = cards.filter((card) => card.proposal?.isSure === true);
    this.element.replaceChildren(this.buildHead(cards, sure), make("ul", { class: "st-whats" }, ...cards.map((card) => this.buildCard(card))));
    if (hadFocus) {
      this.element.querySelector<HTMLElement>(".st-techniques input, button")?.focus();
    }
  }

  private buildHead(cards: readonly Card[], sure: readonly Card[]): HTMLElement {
    const count = sure.reduce((sum, card) => sum + card.rows.length, 0);
    const open = cards.reduce((sum, card) => sum + card.rows.length, 0) - count;
    const words = [
      "All further questions follow from this.",
      count > 0 ? `${count.toLocaleString("en")} ${count === 1 ? "is" : "are"} sure${open > 0 ? `, ${open.toLocaleString("en")} not` : ""}.` : "",
    ].join(" ");
    const head = make("div", { class: "row apart" }, make("div", {}, make("h3", {}, "What is it?"), make("p", { class: "soft fine" }, words)));
    if (count > 0 && this.mayAnswer) {
      const confirm = makeButton(count === 1 ? "Confirm the one that is sure" : `Confirm the ${count.toLocaleString("en")} that are sure`, () => {
        sure.forEach((card) => this.hooks.onConfirm(card.rows, card.proposal?.techniques ?? []));
      }, "button");
      head.append(confirm);
    }
    return head;
  }

  private titleOf(techniques: readonly string[]): string {
    return techniques.map((one) => this.state.techniqueTitles.get(one) ?? one).join(" + ");
  }

  private buildCard(card: Card): HTMLElement {
    const { proposal, rows } = card;
    const isSure = proposal?.isSure === true;
    const title = proposal === null || isSilent(proposal) ? "Not recognized" : this.titleOf(proposal.techniques);
    const [first] = rows;
    const files = `${first?.name ?? ""}${rows.length > 1 ? ` and ${rows.length - 1} more` : ""}`;
    const item = make(
      "li",
      { class: `st-what-card${isSure ? "" : " is-unsure"}` },
      buildPictures(rows),
      make("div", {}, make("b", {}, title), " ", make("span", { class: "soft" }, rows.length.toLocaleString("en")), ...(isSure ? [] : [" ", make("span", { class: "badge ask" }, isSilent(proposal) ? "say what it is" : "unsure")])),
      make("p", { class: "soft fine st-what-files", title: rows.map((row) => row.path).join("\n") }, files),
      ...(proposal?.why ? [make("p", { class: "soft fine" }, proposal.why)] : []),
    );
    if (this.mayAnswer) {
      item.append(this.changing === card.key ? this.buildChooser(card) : this.buildButtons(card, title));
    }
    return item;
  }

  private buildButtons(card: Card, title: string): HTMLElement {
    const buttons = make("p", { class: "row fine" });
    if (card.proposal !== null && !isSilent(card.proposal)) {
      const { techniques, isSure } = card.proposal;
      const words = isSure ? "Confirm" : `It is ${title}`;
      const confirm = makeButton(words, () => this.hooks.onConfirm(card.rows, techniques), "button quiet small");
      confirm.setAttribute("aria-label", `${words}: ${title}, ${countWords(card.rows.length, "measurement", "measurements")}`);
      buttons.append(confirm);
    }
    const change = makeButton(isSilent(card.proposal) ? "Choose …" : card.rows.length > 1 ? "Change some …" : "Something else …", () => {
      this.changing = card.key;
      this.draw();
      this.element.querySelector<HTMLElement>(".st-techniques input")?.focus();
    }, "link-button fine");
    change.setAttribute("aria-label", `Choose the technique of ${card.rows.map((row) => row.name).slice(0, 3).join(", ")}`);
    buttons.append(change);
    return buttons;
  }

  private buildChooser(card: Card): HTMLElement {
    const picks = card.rows.map((row) => {
      const box = make("input", { type: "checkbox", value: row.id });
      box.checked = true;
      return { row, box };
    });
    const end = (): void => {
      this.changing = null;
      this.draw();
    };
    const words = card.rows.length === 1 ? `What is ${card.rows[0]?.name ?? "it"}?` : "What are the ticked ones?";
    const chooser = new TechniqueChooser(this.state.techniques, card.proposal?.techniques ?? [], words, {
      onCommit: (techniques) => {
        const chosen = picks.filter(({ box }) => box.checked).map(({ row }) => row);
        this.changing = null;
        this.hooks.onConfirm(chosen, techniques);
        this.draw();
      },
      onCancel: end,
    });
    if (card.rows.length > 1 && card.rows.length <= mostPicked) {
      const files = picks.map(({ row, box }) => make("label", { class: "check fine" }, box, ` ${row.name}`));
      chooser.element.prepend(make("fieldset", { class: "st-picks" }, make("legend", { class: "fine" }, "Files"), ...files));
    }
    return chooser.element;
  }
}

function buildPictures(rows: readonly TableRow[]): HTMLElement {
  const pictures = rows.flatMap((row) => (row.thumbnail === null ? [] : [make("img", { src: row.thumbnail, alt: "", loading: "lazy" })]));
  const more = rows.length - shownPictures;
  const box = make("div", { class: `st-pictures${pictures.length === 1 ? " is-one" : ""}`, "aria-hidden": "true" }, ...pictures.slice(0, shownPictures));
  if (more > 0 && pictures.length >= shownPictures) {
    box.append(make("span", {}, `+${more}`));
  }
  return box;
}
