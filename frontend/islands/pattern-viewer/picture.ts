/** A canvas pair: the picture pixel by pixel, and above it scale bar and marks at screen resolution. */
import { type Palette, paintPixels, type Scaling } from "./contrast";
import { chooseScaleBar } from "./scale-bar";
import type { SignalAxis } from "./axes";

export interface Shown {
  shape: readonly [number, number];
  values: ArrayLike<number>;
  limits: [number, number];
  scaling: Scaling;
  palette: Palette;
}

export class Picture {
  readonly frame = document.createElement("div");
  readonly canvas = document.createElement("canvas");
  private readonly overlay = document.createElement("canvas");
  private mark: [number, number] | null = null;
  private size: readonly [number, number] = [1, 1];

  constructor(
    label: string,
    private readonly axisX: SignalAxis | null,
  ) {
    this.frame.className = "viewer-canvas";
    this.overlay.className = "overlay";
    this.overlay.setAttribute("aria-hidden", "true");
    this.canvas.setAttribute("role", "img");
    this.canvas.setAttribute("aria-label", label);
    this.frame.append(this.canvas, this.overlay);
    new ResizeObserver(() => this.drawOverlay()).observe(this.frame);
  }

  show(shown: Shown): void {
    const [height, width] = shown.shape;
    this.size = shown.shape;
    this.canvas.width = width;
    this.canvas.height = height;
    this.frame.style.aspectRatio = `${width} / ${height}`;
    const pixels = paintPixels(shown.values, shown);
    this.canvas.getContext("2d")?.putImageData(new ImageData(pixels, width, height), 0, 0);
    this.drawOverlay();
  }

  /** Mark a pixel (y, x), for the place of the beam. */
  markPixel(pixel: [number, number] | null): void {
    this.mark = pixel;
    this.drawOverlay();
  }

  /** The pixel (y, x) below the pointer. */
  pixelAt(event: MouseEvent): [number, number] {
    const box = this.canvas.getBoundingClientRect();
    const [height, width] = this.size;
    const y = Math.floor(((event.clientY - box.top) / box.height) * height);
    const x = Math.floor(((event.clientX - box.left) / box.width) * width);
    return [Math.min(height - 1, Math.max(0, y)), Math.min(width - 1, Math.max(0, x))];
  }

  private drawOverlay(): void {
    const box = this.frame.getBoundingClientRect();
    const ratio = window.devicePixelRatio || 1;
    this.overlay.width = Math.round(box.width * ratio);
    this.overlay.height = Math.round(box.height * ratio);
    const context = this.overlay.getContext("2d");
    if (!context || box.width === 0) {
      return;
    }
    context.scale(ratio, ratio);
    this.drawMark(context, box);
    this.drawScaleBar(context, box);
  }

  private drawMark(context: CanvasRenderingContext2D, box: DOMRect): void {
    if (!this.mark) {
      return;
    }
    const [height, width] = this.size;
    const [cellY, cellX] = [box.height / height, box.width / width];
    const side = Math.max(10, Math.min(cellX, cellY));
    const centerX = (this.mark[1] + 0.5) * cellX;
    const centerY = (this.mark[0] + 0.5) * cellY;
    for (const [color, lineWidth] of [["#000", 4], ["#fff", 2]] as const) {
      context.strokeStyle = color;
      context.lineWidth = lineWidth;
      context.strokeRect(centerX - side / 2, centerY - side / 2, side, side);
    }
  }

  private drawScaleBar(context: CanvasRenderingContext2D, box: DOMRect): void {
    const width = this.size[1];
    if (width < 8) {
      return;
    }
    const bar = chooseScaleBar(width, this.axisX?.scale ?? null, this.axisX?.unit ?? null);
    const length = (bar.pixels / width) * box.width;
    const [left, bottom] = [12, box.height - 12];
    context.font = "600 13px system-ui, sans-serif";
    context.fillStyle = "rgb(0 0 0 / 55%)";
    const textWidth = context.measureText(bar.label).width;
    context.fillRect(left - 6, bottom - 24, Math.max(length, textWidth) + 12, 31);
    context.fillStyle = "#fff";
    context.fillRect(left, bottom - 2, length, 3);
    context.fillText(bar.label, left, bottom - 8);
  }
}
