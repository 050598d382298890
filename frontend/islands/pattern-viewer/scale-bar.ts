/** A bar of a round length, about a quarter of the picture. */
import { formatQuantity } from "../format/quantity";

export interface ScaleBar {
  pixels: number;
  label: string;
}

export function chooseScaleBar(width: number, scale: number | null, unit: string | null): ScaleBar {
  const step = scale === null || scale === 0 ? 1 : Math.abs(scale);
  const wanted = (width * step) / 4;
  const power = 10 ** Math.floor(Math.log10(wanted));
  const length = [5, 2, 1].map((digit) => digit * power).find((candidate) => candidate <= wanted) ?? power;
  return { pixels: length / step, label: formatQuantity(length, scale === null ? null : unit) };
}
