/**
 * <stemma-session-table data-address data-may-answer>: what was measured, as a table; each answer is saved when it is given.
 *
 * A JSON script inside names the techniques. Nothing is locked: while an answer is on its way every other cell can be
 * answered, and what is refused stays in its cell with the reason. On a phone the same table is shown as cards.
 */
import { TableActions } from "./actions";
import { Answering } from "./answering";
import { Cards } from "./cards";
import { Choosing } from "./choosing";
import { Clipboard } from "./clipboard";
import { make } from "./elements";
import { FillBar } from "./fill-bar";
import { Grid } from "./grid";
import { Keyboard } from "./keyboard";
import { Messages } from "./messages";
import { NamesDialog } from "./names-dialog";
import { Panel } from "./panel";
import { type Place, Selection, type Target } from "./selection";
import { TableServer } from "./server";
import { SheetDialog } from "./sheet-dialog";
import { TableState, techniqueField, type Term } from "./table-state";
import { TechniqueCards } from "./technique-cards";
import { Toolbar } from "./toolbar";
import { UndoStack } from "./undo";

const phone = "(max-width: 45rem)";

class SessionTable extends HTMLElement {
  private state!: TableState;
  private selection!: Selection;
  private actions!: TableActions;
  private grid!: Grid;
  private cards!: Cards;
  private panel!: Panel;
  private fillBar!: FillBar;
  private toolbar!: Toolbar;
  private messages!: Messages;
  private techniques!: TechniqueCards;
  private names!: NamesDialog;
  private sheet!: SheetDialog;
  private answering!: Answering;
  private choosing!: Choosing;
  private isPlanned = false;

  connectedCallback(): void {
    if ("isBuilt" in this.dataset) {
      return; // moved within the page
    }
    this.dataset.isBuilt = "";
    const address = this.dataset.address ?? "";
    const server = new TableServer(address);
    const terms = JSON.parse(this.querySelector("script[type='application/json']")?.textContent ?? "[]") as Term[];
    this.state = new TableState(terms);
    this.selection = new Selection(this.state);
    this.actions = new TableActions(server, this.state, new UndoStack(address), {
      onChange: () => this.plan(),
      say: (words, kind) => this.messages.say(words, kind),
    });
    this.build(server);
    this.listen();
    void this.read(() => this.actions.load());
  }

  private get mayAnswer(): boolean {
    return "mayAnswer" in this.dataset;
  }

  private build(server: TableServer): void {
    this.buildHands();
    this.buildAround(server);
    const scroll = make("div", { class: "st-scroll" });
    this.grid = new Grid(scroll, this.state, this.selection, {
      ghost: (_, field) => (this.fillBar.element.hidden || field === techniqueField || this.fillBar.typed === "" ? null : this.fillBar.typed),
      onToggle: (line, isRange) => this.choosing.tick(line, isRange),
      onFold: (line) => this.choosing.fold(line),
      onPress: (place, event) => this.press(place, event),
      onDrag: (place) => {
        this.selection.extend(place);
        this.moved();
      },
      onOpen: (place) => {
        this.selection.go(place);
        this.answering.edit(null);
      },
    });
    const legend = make("p", { class: "st-legend", "aria-hidden": "true" });
    legend.append("small words say where a value comes from · ", make("b", {}, "bold"), " this file’s own · light: answered for many · arrows move, typing answers, Ctrl+D fills down, Ctrl+Z undoes");
    const pane = make("div", { class: "st-pane" }, scroll, this.fillBar.element, legend);
    this.replaceChildren(
      this.techniques.element,
      this.toolbar.summary,
      this.toolbar.tools,
      make("div", { class: "st-desk" }, pane, this.panel.element),
      this.cards.element,
      this.messages.element,
      this.toolbar.more,
      this.names.element,
      this.sheet.element,
      this.answering.chooser,
    );
    new Clipboard(this.grid.element, this.state, this.selection, this.mayAnswer, {
      onBlock: (request, words) => void this.actions.takeSheet(request, words),
      onSheet: (text) => this.sheet.open(text),
      onFill: (text) => this.answering.fill({ act: "value", text }),
      onRefused: (words) => this.messages.say(words, "refused"),
    });
  }

  private buildHands(): void {
    const say = (words: string, kind?: "refused"): void => this.messages.say(words, kind);
    const draw = (): void => this.draw();
    this.answering = new Answering(this.state, this.selection, this.actions, () => this.grid, this.mayAnswer, { say, draw, onGiven: () => this.fillBar.forget() });
    this.choosing = new Choosing(this.state, this.selection, {
      say,
      draw,
      onMoved: () => this.moved(),
      onNothing: () => this.fillBar.forget(),
      onEmptyChosen: (field, count) => {
        if (window.matchMedia(phone).matches) {
          this.cards.openSheet(field);
          return;
        }
        this.moved();
        if (count > 1) {
          this.fillBar.focus();
        } else {
          this.answering.edit(null);
        }
      },
    });
  }

  private buildAround(server: TableServer): void {
    const acts = {
      onGap: () => this.answering.fill({ act: "not_recorded", text: "not recorded" }),
      onDiffers: () => this.answering.fill({ act: "differs", text: "differs" }),
      onClear: () => this.answering.fill({ act: "clear", text: "" }),
      onNames: () => this.openNames(),
      onUndo: () => void this.actions.undo(),
    };
    const echo = (text: string, signal: AbortSignal) => this.actions.echo(this.selection.targets(), { act: "value", text }, signal);
    this.fillBar = new FillBar(this.state, {
      ...acts,
      echo,
      onTyped: () => this.grid.draw(),
      onFill: (text, basis) => this.answering.fill({ act: "value", text, basis }),
      onFillDown: () => this.answering.fillDown(),
      onTechnique: () => this.answering.chooseTechnique(),
      onClose: () => this.choosing.selectNothing(),
    });
    this.panel = new Panel(this.state, this.mayAnswer, { ...acts, onUse: (text) => this.answering.fill({ act: "value", text }) });
    this.toolbar = new Toolbar(this.state, this.mayAnswer, {
      ...acts,
      onQuestion: (field) => this.choosing.selectEmpty(field),
      onGroup: (grouping) => {
        this.state.grouping = grouping;
        this.choosing.rearrange();
      },
      onIncomplete: (isOn) => this.showIncomplete(isOn),
      onComplete: (isOn) => {
        this.state.showComplete(isOn);
        this.draw();
      },
      onSelect: (glob) => this.choosing.selectByName(glob),
      onSheet: () => this.sheet.open(),
      onGapRest: () => void this.actions.declareRest(),
      onAddColumn: (field) => void this.addColumn(field),
    });
    this.messages = new Messages(this.state, this.actions.undoStack, {
      onUndo: acts.onUndo,
      onNext: (field) => this.choosing.selectEmpty(field),
      onGo: (refusal) => this.choosing.goTo(refusal),
      onInsist: (refusal) => this.answering.insist(refusal),
      onForget: (place) => this.actions.forget(place),
    });
    this.techniques = new TechniqueCards(this.state, this.mayAnswer, {
      onConfirm: (rows, techniques) => this.answering.sayTechnique(rows.map((row): Target => ({ line: { kind: "row", key: row.id, row }, field: techniqueField })), techniques),
    });
    this.names = new NamesDialog(server, this.state, (request, words) => this.actions.takeNames(request, words));
    this.sheet = new SheetDialog(server, this.state, this.mayAnswer, (request, words) => this.actions.takeSheet(request, words));
    this.cards = new Cards(this.state, this.mayAnswer, {
      onGive: (targets, given, words) => void this.actions.give(targets, given, words),
      onTechnique: (targets) => this.answering.chooseTechnique(targets),
    });
  }

  private listen(): void {
    const keyboard = new Keyboard(this.state, this.selection, {
      page: () => this.grid.page,
      onMove: () => this.moved(),
      onEdit: (text) => this.answering.edit(text),
      onFold: (line) => this.choosing.fold(line),
      onToggle: (line, isRange) => this.choosing.toggle(line, isRange),
      onToggleAll: () => this.choosing.toggleAll(),
      onClear: () => this.answering.fill({ act: "clear", text: "" }),
      onEscape: () => this.choosing.selectNothing(),
      onFillDown: () => this.answering.fillDown(),
      onUndo: () => void this.actions.undo(),
      onRedo: () => void this.actions.redo(),
    });
    this.grid.element.addEventListener("keydown", (event) => {
      if (!this.answering.isTyping && keyboard.press(event)) {
        event.preventDefault();
      }
    });
    this.grid.element.addEventListener("focusin", () => {
      if (!this.selection.active) {
        this.selection.go({ line: "all", column: 0 });
        this.moved();
      }
    });
    const again = (): void => void this.read(() => this.actions.follow());
    document.addEventListener("stemma:sections", again);
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "visible") {
        again();
      }
    });
    window.matchMedia(phone).addEventListener("change", () => this.plan());
    window.addEventListener("beforeunload", (event) => {
      if (this.actions.isSaving || this.state.refusals().length > 0) {
        event.preventDefault();
      }
    });
  }

  private async read(act: () => Promise<void>): Promise<void> {
    try {
      await act();
    } catch (error) {
      this.messages.say(error instanceof Error ? error.message : String(error), "refused");
    }
  }

  /** Draw once, however much changed. */
  private plan(): void {
    if (!this.isPlanned) {
      this.isPlanned = true;
      requestAnimationFrame(() => {
        this.isPlanned = false;
        this.draw();
      });
    }
  }

  private draw(): void {
    this.toggleAttribute("data-unsaved", this.actions.isSaving || this.state.refusals().length > 0 || this.answering.isTyping);
    this.techniques.draw();
    this.toolbar.draw();
    this.messages.draw();
    if (window.matchMedia(phone).matches) {
      this.cards.draw();
      return;
    }
    const targets = this.selection.targets();
    this.fillBar.draw(this.mayAnswer ? targets : []);
    this.grid.draw();
    const { active } = this.selection;
    const line = this.state.lines().find((one) => one.key === active?.line);
    this.panel.draw(line, active ? this.state.shownColumns[active.column - 1]?.field : undefined);
  }

  /** The selection is another one: the focus goes with it. */
  private moved(): void {
    this.draw();
    this.grid.focus();
  }

  private press(place: Place, event: MouseEvent): void {
    this.answering.settle();
    if (event.shiftKey) {
      this.selection.extend(place);
    } else if (event.ctrlKey || event.metaKey) {
      this.selection.add(place);
    } else {
      this.selection.go(place);
    }
    this.moved();
  }

  private showIncomplete(isOn: boolean): void {
    this.toolbar.setIncomplete(isOn);
    this.state.isIncompleteOnly = isOn;
    if (isOn) {
      this.state.forgetKept();
      void this.read(() => this.actions.load());
    }
    this.choosing.rearrange();
  }

  private openNames(): void {
    const field = this.answering.activeLine()?.field;
    this.names.open(field === techniqueField ? undefined : field, [...this.state.checked]);
  }

  private async addColumn(field: string): Promise<void> {
    this.state.keep(field);
    await this.read(() => this.actions.refresh(null));
    const column = this.state.shownColumns.findIndex((one) => one.field === field) + 1;
    this.selection.go({ line: "all", column });
    this.moved();
  }
}

customElements.define("stemma-session-table", SessionTable);
