/** Numbers as people read them, with the unit symbols of `repository/schema/quantities/unit_symbols.py`. */
import units from "../generated/unit-symbols.json";

const byteUnits = ["B", "kB", "MB", "GB", "TB"];

export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < byteUnits.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const digits = unit === 0 || value >= 100 ? 0 : 1;
  return `${value.toFixed(digits)} ${byteUnits[unit] ?? ""}`;
}

export function formatDuration(seconds: number): string {
  if (!Number.isFinite(seconds)) {
    return "";
  }
  const whole = Math.max(1, Math.round(seconds));
  if (whole < 60) {
    return `${whole} s`;
  }
  if (whole < 3600) {
    return `${Math.round(whole / 60)} min`;
  }
  return `${Math.floor(whole / 3600)} h ${Math.round((whole % 3600) / 60)} min`;
}

/** Four significant digits, without exponent where one can do without. */
export function formatNumber(value: number): string {
  if (!Number.isFinite(value)) {
    return Number.isNaN(value) ? "not a number" : String(value);
  }
  if (Number.isInteger(value) && Math.abs(value) < 1e6) {
    return String(value);
  }
  const size = Math.abs(value);
  return size >= 1e6 || size < 1e-3 ? value.toExponential(3) : String(Number(value.toPrecision(4)));
}

const symbols: Record<string, string> = units.symbols;

export function unitSymbol(unit: string | null): string {
  return unit === null ? units.uncalibrated : (symbols[unit] ?? unit);
}

export function formatQuantity(value: number, unit: string | null): string {
  return `${formatNumber(value)} ${unitSymbol(unit)}`.trimEnd();
}
