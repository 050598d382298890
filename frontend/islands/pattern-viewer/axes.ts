/** Which axes of a signal are places of the beam, which make one pattern, image or spectrum. */
export interface SignalAxis {
  name: string;
  size: number;
  unit: string | null;
  scale: number | null;
  offset: number;
}

export type ItemKind = "pattern" | "image" | "frame" | "spectrum" | "profile";

export interface SignalLayout {
  item: ItemKind;
  /** Indices of the axes that are chosen by the reader: series first, then scan_y, scan_x. */
  choice: number[];
  /** The last two (or one) of `choice`: what the navigator shows. */
  navigator: number[];
  /** Indices of the axes that make the item. */
  signal: number[];
}

const scanNames = new Set(["scan_y", "scan_x", "position"]);

/** What one element is, by what the server says the signal is; where it does not say, nobody knows more than its axes. */
function nameItem(axes: readonly SignalAxis[], kind: string): ItemKind {
  const said = kind === "channel_maps" ? "profile" : kind.split("_")[0];
  if (said === "pattern" || said === "image" || said === "frame" || said === "spectrum" || said === "profile") {
    return said;
  }
  const last = axes.at(-1)?.name;
  return last === "energy" || last === "wavelength" ? "spectrum" : axes.length === 1 ? "profile" : "frame";
}

export function isLine(item: ItemKind): boolean {
  return item === "spectrum" || item === "profile";
}

export function layOutAxes(axes: readonly SignalAxis[], kind: string): SignalLayout {
  const all = axes.map((_, index) => index);
  const item = nameItem(axes, kind);
  const signalCount = isLine(item) ? 1 : Math.min(2, axes.length);
  const signal = all.slice(axes.length - signalCount);
  const choice = all.slice(0, axes.length - signalCount);
  const navigator = choice.filter((index) => scanNames.has(axes[index]?.name ?? ""));
  return { item, choice, navigator, signal };
}

/** Coordinate of an index on its axis, in the axis's unit; null without calibration. */
export function coordinate(axis: SignalAxis, index: number): number | null {
  return axis.scale === null ? null : axis.offset + axis.scale * index;
}

export function parseAxes(raw: unknown, shape: readonly number[]): SignalAxis[] {
  const list = Array.isArray(raw) ? (raw as Partial<SignalAxis>[]) : [];
  return shape.map((size, index) => {
    const axis = list[index];
    return {
      name: axis?.name ?? `axis_${index}`,
      size,
      unit: axis?.unit ?? null,
      scale: typeof axis?.scale === "number" ? axis.scale : null,
      offset: typeof axis?.offset === "number" ? axis.offset : 0,
    };
  });
}
