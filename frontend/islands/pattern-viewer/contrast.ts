/** From values to colors: limits by percentile, linear or logarithmic, one of two palettes. */
export type Palette = "viridis" | "gray";
export type Scaling = "linear" | "log";

// matplotlib's viridis (CC0) at 17 equidistant places; between them linear.
const viridisStops = [
  "440154", "481467", "482576", "453781", "404688", "39558c", "33638d", "2d718e", "287d8e",
  "238a8d", "1f968b", "20a386", "29af7f", "3dbc74", "56c667", "95d840", "fde725",
].map((stop) => [0, 2, 4].map((at) => parseInt(stop.slice(at, at + 2), 16)));

export function buildLookup(palette: Palette): Uint8ClampedArray {
  const lookup = new Uint8ClampedArray(256 * 3);
  for (let level = 0; level < 256; level += 1) {
    if (palette === "gray") {
      lookup.fill(level, level * 3, level * 3 + 3);
      continue;
    }
    const place = (level / 255) * (viridisStops.length - 1);
    const below = Math.floor(place);
    const low = viridisStops[below] ?? [0, 0, 0];
    const high = viridisStops[below + 1] ?? low;
    for (let channel = 0; channel < 3; channel += 1) {
      const start = low[channel] ?? 0;
      lookup[level * 3 + channel] = start + ((high[channel] ?? 0) - start) * (place - below);
    }
  }
  return lookup;
}

/** Lower and upper display limit: the given percentiles of a sample of the finite values. */
export function findLimits(values: ArrayLike<number>, low = 0.1, high = 99.9): [number, number] {
  const stride = Math.max(1, Math.floor(values.length / 20_000));
  const sample: number[] = [];
  for (let index = 0; index < values.length; index += stride) {
    const value = values[index] ?? NaN;
    if (Number.isFinite(value)) {
      sample.push(value);
    }
  }
  if (sample.length === 0) {
    return [0, 1];
  }
  sample.sort((a, b) => a - b);
  const at = (percent: number) => sample[Math.round((percent / 100) * (sample.length - 1))] ?? 0;
  let [lower, upper] = [at(low), at(high)];
  if (upper <= lower) {
    // Sparse patterns: nearly all pixels are alike, so the extremes decide.
    [lower, upper] = [sample[0] ?? 0, sample.at(-1) ?? 1];
  }
  return upper > lower ? [lower, upper] : [lower, lower + 1];
}

/** RGBA of a picture; not-a-number is shown as mid gray, which no palette end uses. */
export function paintPixels(
  values: ArrayLike<number>,
  options: { limits: [number, number]; scaling: Scaling; palette: Palette },
): Uint8ClampedArray<ArrayBuffer> {
  const lookup = buildLookup(options.palette);
  const [lower, upper] = options.limits;
  const range = upper - lower;
  const pixels = new Uint8ClampedArray(values.length * 4);
  // A thousandth of the range above the lower limit keeps the logarithm finite and single electrons visible.
  const floor = 1e-3;
  const logSpan = Math.log1p(1 / floor);
  for (let index = 0; index < values.length; index += 1) {
    const value = values[index] ?? NaN;
    const at = index * 4;
    pixels[at + 3] = 255;
    if (Number.isNaN(value)) {
      pixels.fill(128, at, at + 3);
      continue;
    }
    const linear = Math.min(1, Math.max(0, (value - lower) / range));
    const level = Math.round(255 * (options.scaling === "log" ? Math.log1p(linear / floor) / logSpan : linear)) * 3;
    pixels[at] = lookup[level] ?? 0;
    pixels[at + 1] = lookup[level + 1] ?? 0;
    pixels[at + 2] = lookup[level + 2] ?? 0;
  }
  return pixels;
}
