/** The picture of the scan in which one chooses the beam's place, by pointer or arrow keys. */
import type { SignalAxis } from "./axes";
import { findLimits } from "./contrast";
import { buildSelect } from "./controls";
import { parseNpy } from "./npy";
import { Picture } from "./picture";

export interface NavigatorSource {
  title: string;
  url: string;
}

const steps: Record<string, [number, number]> = {
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
};

/** The place after a key press, kept inside the scan. */
export function movePlace(place: [number, number], key: string, shape: readonly [number, number], isLarge: boolean): [number, number] | null {
  const step = steps[key];
  if (!step) {
    return null;
  }
  const factor = isLarge ? 10 : 1;
  return [0, 1].map((axis) =>
    Math.min((shape[axis] ?? 1) - 1, Math.max(0, (place[axis] ?? 0) + (step[axis] ?? 0) * factor)),
  ) as [number, number];
}

export class ScanNavigator {
  readonly frame: HTMLElement;
  readonly readout = document.createElement("p");
  readonly selector = document.createElement("div");
  onChoose: (place: number[]) => void = () => undefined;
  private readonly picture: Picture;
  private readonly shape: readonly [number, number];
  private place: [number, number] = [0, 0];

  constructor(private readonly axes: SignalAxis[]) {
    const sizes = axes.map((axis) => axis.size);
    this.shape = sizes.length === 2 ? [sizes[0] ?? 1, sizes[1] ?? 1] : [1, sizes[0] ?? 1];
    this.picture = new Picture("Scan positions; the arrow keys move the chosen one, with shift by ten", axes.at(-1) ?? null);
    this.frame = this.picture.frame;
    this.readout.className = "viewer-readout";
    const { canvas } = this.picture;
    canvas.tabIndex = 0;
    canvas.dataset.role = "navigator";
    canvas.setAttribute("role", "application");
    canvas.className = "is-choosing";
    canvas.addEventListener("keydown", (event) => this.onKey(event));
    canvas.addEventListener("pointerdown", (event) => {
      canvas.setPointerCapture(event.pointerId);
      this.pick(this.picture.pixelAt(event));
    });
    canvas.addEventListener("pointermove", (event) => {
      if (event.buttons === 1) {
        this.pick(this.picture.pixelAt(event));
      }
    });
    this.showPlain();
  }

  async load(sources: NavigatorSource[]): Promise<void> {
    if (sources.length === 0) {
      this.readout.textContent = "No image of the scan has been computed; the positions are shown as a grid.";
      return;
    }
    const choices = sources.map(({ title, url }) => ({ value: url, label: title }));
    this.selector.replaceChildren(buildSelect("Scan image", choices, (url) => void this.showFrom(url)));
    await this.showFrom(sources[0]?.url ?? "");
  }

  mark(place: number[]): void {
    const [first = 0, second] = place;
    this.place = second === undefined ? [0, first] : [first, second];
    this.picture.markPixel(this.place);
  }

  private async showFrom(url: string): Promise<void> {
    const response = await fetch(url, { credentials: "same-origin" });
    if (!response.ok) {
      this.readout.textContent = "The image of the scan is not there yet; the positions are shown as a grid.";
      return;
    }
    const { values } = parseNpy(await response.arrayBuffer());
    if (values.length === this.shape[0] * this.shape[1]) {
      this.show(values);
    }
  }

  private showPlain(): void {
    const [height, width] = this.shape;
    const checkers = Float64Array.from({ length: height * width }, (_, at) => 0.35 + 0.05 * ((Math.floor(at / width) + at) % 2));
    this.picture.show({ shape: this.shape, values: checkers, limits: [0, 1], scaling: "linear", palette: "gray" });
  }

  private show(values: Float64Array): void {
    this.picture.show({ shape: this.shape, values, limits: findLimits(values), scaling: "linear", palette: "gray" });
  }

  private pick(place: [number, number]): void {
    if (place[0] === this.place[0] && place[1] === this.place[1]) {
      return;
    }
    this.place = place;
    this.onChoose(this.axes.length === 2 ? place : [place[1]]);
  }

  private onKey(event: KeyboardEvent): void {
    const place = movePlace(this.place, event.key, this.shape, event.shiftKey);
    if (place) {
      event.preventDefault();
      this.pick(place);
    }
  }
}
