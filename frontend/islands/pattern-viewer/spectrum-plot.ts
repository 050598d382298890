/** One spectrum against its axis, drawn by uPlot, which is loaded only here. */
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { formatNumber, unitSymbol } from "../format/quantity";
import { coordinate, type SignalAxis } from "./axes";

/** uPlot asks with null while the pointer is elsewhere. */
function showNumber(value: number | null): string {
  return value === null ? "–" : formatNumber(value);
}

export class SpectrumPlot {
  readonly frame = document.createElement("div");
  private plot: uPlot | null = null;
  private readonly places: Float64Array;

  constructor(
    private readonly axis: SignalAxis,
    private readonly intensityUnit: string,
  ) {
    this.frame.className = "viewer-spectrum";
    this.places = Float64Array.from({ length: axis.size }, (_, index) => coordinate(axis, index) ?? index);
    new ResizeObserver(() => this.resize()).observe(this.frame);
  }

  show(values: Float64Array): void {
    if (this.plot) {
      this.plot.setData([this.places, values]);
      return;
    }
    const style = getComputedStyle(this.frame);
    const ink = style.getPropertyValue("--ink-soft");
    const grid = { stroke: style.getPropertyValue("--line"), width: 1 };
    const axisTitle = `${this.axis.name} / ${unitSymbol(this.axis.scale === null ? null : this.axis.unit)}`;
    const options: uPlot.Options = {
      width: Math.max(200, this.frame.clientWidth),
      height: 300,
      scales: { x: { time: false } },
      axes: [
        { label: axisTitle, stroke: ink, grid, ticks: grid },
        { label: unitSymbol(this.intensityUnit) || "intensity", stroke: ink, grid, ticks: grid, size: 64 },
      ],
      series: [
        { label: axisTitle, value: (_, value) => showNumber(value) },
        { label: "intensity", stroke: style.getPropertyValue("--accent"), width: 1.5, value: (_, value) => showNumber(value) },
      ],
    };
    this.plot = new uPlot(options, [this.places, values], this.frame);
  }

  private resize(): void {
    this.plot?.setSize({ width: Math.max(200, this.frame.clientWidth), height: 300 });
  }
}
