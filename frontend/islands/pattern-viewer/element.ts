/**
 * <stemma-pattern-viewer data-zarr data-title data-kind data-navigators>: one signal, looked at where it lies.
 *
 * `pattern` holds the values on show, for scripts and tests; the event `stemma:pattern` tells of each change.
 */
import { formatNumber, formatQuantity, unitSymbol } from "../format/quantity";
import { coordinate, isLine, type ItemKind, layOutAxes, type SignalAxis, type SignalLayout } from "./axes";
import { findLimits, type Palette, type Scaling } from "./contrast";
import { buildSelect, buildSlider } from "./controls";
import { type NavigatorSource, ScanNavigator } from "./scan-navigator";
import { Picture } from "./picture";
import { type Item, SignalArray } from "./signal-array";
import type { SpectrumPlot } from "./spectrum-plot";

const ITEM_NAMES: Record<ItemKind, string> = {
  pattern: "Diffraction pattern",
  image: "Image",
  frame: "Frame",
  spectrum: "Spectrum",
  profile: "Profile",
};

export interface ShownPattern {
  index: number[];
  shape: number[];
  values: Float64Array;
}

function figure(caption: string, content: HTMLElement, readout: HTMLElement): HTMLElement {
  const element = document.createElement("figure");
  const text = document.createElement("figcaption");
  text.textContent = caption;
  element.append(content, text, readout);
  return element;
}

function readoutLine(): HTMLParagraphElement {
  const line = document.createElement("p");
  line.className = "viewer-readout";
  return line;
}

export class PatternViewer extends HTMLElement {
  pattern: ShownPattern | null = null;
  private signal: SignalArray | null = null;
  private layout: SignalLayout | null = null;
  private index: number[] = [];
  private scaling: Scaling = "linear";
  private palette: Palette = "viridis";
  private picture: Picture | null = null;
  private plot: SpectrumPlot | null = null;
  private navigator: ScanNavigator | null = null;
  private readonly readout = readoutLine();
  private readonly status = readoutLine();
  private request = 0;

  connectedCallback(): void {
    if (this.signal) {
      return;
    }
    this.status.setAttribute("role", "status");
    // A page may hold forty measurements: each array is opened when it comes into view.
    const sight = new IntersectionObserver((entries) => {
      if (entries.some((entry) => entry.isIntersecting)) {
        sight.disconnect();
        void this.open().catch((error: unknown) => this.refuse(error));
      }
    });
    sight.observe(this);
  }

  private refuse(error: unknown): void {
    this.status.textContent =
      `This signal cannot be shown here: ${error instanceof Error ? error.message : String(error)} ` +
      "Its files and its array address still work.";
    if (!this.status.isConnected) {
      this.replaceChildren(this.status);
    }
  }

  private async open(): Promise<void> {
    const calibrated: unknown = this.dataset.axes ? JSON.parse(this.dataset.axes) : undefined;
    this.signal = await SignalArray.open(this.dataset.zarr ?? "", calibrated);
    const { axes } = this.signal;
    this.layout = layOutAxes(axes, this.dataset.kind ?? "");
    this.index = this.layout.choice.map((axis) => Math.floor((axes[axis]?.size ?? 1) / 2));
    this.scaling = this.layout.item === "pattern" ? "log" : "linear";
    await this.build(axes, this.layout);
    await this.showItem();
  }

  private async build(axes: SignalAxis[], layout: SignalLayout): Promise<void> {
    const panels = document.createElement("div");
    panels.className = "viewer-panels";
    const title = this.dataset.title ?? "signal";
    if (layout.navigator.length > 0) {
      const sources = JSON.parse(this.dataset.navigators ?? "[]") as NavigatorSource[];
      this.navigator = new ScanNavigator(layout.navigator.map((axis) => axes[axis]).filter((axis) => axis !== undefined));
      this.navigator.onChoose = (place) => this.choose(place);
      const name = figure("Scan: choose a position with a click or the arrow keys", this.navigator.frame, this.navigator.readout);
      panels.append(name);
      void this.navigator.load(sources).then(() => this.navigator?.mark(this.scanPlace()));
    }
    if (isLine(layout.item)) {
      const { SpectrumPlot } = await import("./spectrum-plot");
      const axis = axes.at(-1);
      if (axis) {
        this.plot = new SpectrumPlot(axis, this.signal?.intensityUnit ?? "");
        panels.append(figure(`${ITEM_NAMES[layout.item]} of ${title}`, this.plot.frame, this.readout));
      }
    } else {
      const name = ITEM_NAMES[layout.item];
      this.picture = new Picture(`${name} of ${title}`, axes.at(-1) ?? null);
      this.picture.canvas.dataset.role = "pattern";
      this.picture.canvas.addEventListener("pointermove", (event) => this.readValue(event));
      panels.append(figure(name, this.picture.frame, this.readout));
    }
    this.replaceChildren(this.buildControls(axes, layout), panels, this.status);
  }

  private buildControls(axes: SignalAxis[], layout: SignalLayout): HTMLElement {
    const controls = document.createElement("div");
    controls.className = "viewer-controls";
    layout.choice.forEach((axis, place) => {
      const described = axes[axis];
      if (described && !layout.navigator.includes(axis)) {
        const start = this.index[place] ?? 0;
        const slider = buildSlider(described.name, described.size, (value) => this.chooseAt(place, value));
        const input = slider.querySelector("input");
        if (input) {
          input.value = String(start);
          input.dispatchEvent(new Event("input"));
        }
        controls.append(slider);
      }
    });
    if (!isLine(layout.item)) {
      const scalings = [{ value: "linear", label: "linear" }, { value: "log", label: "logarithmic" }];
      const contrast = buildSelect("Contrast", scalings, (value) => this.redraw({ scaling: value as Scaling }));
      const select = contrast.querySelector("select");
      if (select) {
        select.value = this.scaling;
      }
      const palettes = [{ value: "viridis", label: "viridis" }, { value: "gray", label: "gray" }];
      controls.append(contrast, buildSelect("Colors", palettes, (value) => this.redraw({ palette: value as Palette })));
    }
    if (this.navigator) {
      controls.append(this.navigator.selector);
    }
    return controls;
  }

  private scanPlace(): number[] {
    return (this.layout?.navigator ?? []).map((axis) => this.index[axis] ?? 0);
  }

  private choose(place: number[]): void {
    this.layout?.navigator.forEach((axis, at) => (this.index[axis] = place[at] ?? 0));
    void this.showItem().catch((error: unknown) => this.refuse(error));
  }

  private chooseAt(place: number, value: number): void {
    this.index[place] = value;
    if (this.picture ?? this.plot) {
      void this.showItem().catch((error: unknown) => this.refuse(error));
    }
  }

  private redraw(change: { scaling?: Scaling; palette?: Palette }): void {
    this.scaling = change.scaling ?? this.scaling;
    this.palette = change.palette ?? this.palette;
    this.draw();
  }

  private async showItem(): Promise<void> {
    this.request += 1;
    const { request } = this;
    const index = [...this.index];
    this.navigator?.mark(this.scanPlace());
    const item: Item | undefined = await this.signal?.read(index);
    // A later choice overtook this one.
    if (!item || request !== this.request) {
      return;
    }
    this.pattern = { index, ...item };
    this.draw();
    this.describe(index, item);
    this.dispatchEvent(new CustomEvent("stemma:pattern", { bubbles: true, detail: this.pattern }));
  }

  private draw(): void {
    if (!this.pattern) {
      return;
    }
    const { values, shape } = this.pattern;
    this.plot?.show(values);
    const [height = 1, width = 1] = shape;
    const { scaling, palette } = this;
    this.picture?.show({ shape: [height, width], values, limits: findLimits(values), scaling, palette });
  }

  private describe(index: number[], item: Item): void {
    const places = index.map((value, at) => {
      const axis = this.signal?.axes[this.layout?.choice[at] ?? -1];
      const position = axis ? coordinate(axis, value) : null;
      const physical = axis && position !== null ? ` (${formatQuantity(position, axis.unit)})` : "";
      return `${axis?.name ?? "index"} ${value}${physical}`;
    });
    let sum = 0;
    let largest = -Infinity;
    for (const value of item.values) {
      sum += value;
      largest = Math.max(largest, value);
    }
    const unit = this.unitText();
    this.status.textContent = [...places, `sum ${formatNumber(sum)}${unit}`, `largest ${formatNumber(largest)}${unit}`].join(", ");
  }

  /** Counts have the unit 1, which nobody says. */
  private unitText(): string {
    const unit = unitSymbol(this.signal?.intensityUnit ?? "");
    return unit === "" ? "" : ` ${unit}`;
  }

  private readValue(event: PointerEvent): void {
    if (!this.pattern || !this.picture) {
      return;
    }
    const [y, x] = this.picture.pixelAt(event);
    const value = this.pattern.values[y * (this.pattern.shape[1] ?? 1) + x] ?? NaN;
    const names = this.signal?.axes.slice(-2).map((axis, at) => {
      const pixel = at === 0 ? y : x;
      const place = coordinate(axis, pixel);
      return `${axis.name} ${pixel}${place === null ? "" : ` (${formatQuantity(place, axis.unit)})`}`;
    });
    this.readout.textContent = `${names?.join(", ") ?? ""}: ${formatNumber(value)}${this.unitText()}`;
  }
}

customElements.define("stemma-pattern-viewer", PatternViewer);
