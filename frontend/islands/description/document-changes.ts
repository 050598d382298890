/** Changes of single fields in the supplied document, and what happened to them on the server meanwhile. */
import { isRecord } from "../api/problem";
import { unitSymbol } from "../format/quantity";

export interface Change {
  /** Keys from the root of the document, such as defaults, sample, name. */
  path: string[];
  label: string;
  value: unknown;
}

export type SuppliedDocument = Record<string, unknown>;

export function valueAt(document: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((node, key) => (isRecord(node) ? node[key] : undefined), document);
}

function withValue(node: unknown, path: readonly string[], value: unknown): SuppliedDocument {
  const [key = "", ...rest] = path;
  const copy: SuppliedDocument = isRecord(node) ? { ...node } : {};
  const child = rest.length > 0 ? withValue(copy[key], rest, value) : value;
  const isEmpty = child === undefined || (rest.length > 0 && isRecord(child) && Object.keys(child).length === 0);
  if (isEmpty) {
    return Object.fromEntries(Object.entries(copy).filter(([name]) => name !== key));
  }
  copy[key] = child;
  return copy;
}

/** The JSON pointer (RFC 6901) of a place. */
export function pointerOf(path: readonly string[]): string {
  return path.map((key) => `/${key.replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
}

/** The document with the changes; an undefined value removes the field, and groups left empty go with it. */
export function applyChanges(document: SuppliedDocument, changes: readonly Change[]): SuppliedDocument {
  return changes.reduce((result, { path, value }) => withValue(result, path, value), document);
}

/** The JSON Merge Patch (RFC 7396) that makes one document of another: null removes, lists are given whole. */
export function composeMergePatch(from: SuppliedDocument, to: SuppliedDocument): SuppliedDocument {
  const patch: SuppliedDocument = {};
  for (const key of new Set([...Object.keys(from), ...Object.keys(to)])) {
    const [before, after] = [from[key], to[key]];
    if (after === undefined) {
      patch[key] = null;
    } else if (isRecord(before) && isRecord(after)) {
      const inner = composeMergePatch(before, after);
      if (Object.keys(inner).length > 0) {
        patch[key] = inner;
      }
    } else if (!isSame(before, after)) {
      patch[key] = after;
    }
  }
  return patch;
}

export function isSame(one: unknown, other: unknown): boolean {
  if (Array.isArray(one) && Array.isArray(other)) {
    return one.length === other.length && one.every((value, index) => isSame(value, other[index]));
  }
  if (isRecord(one) && isRecord(other)) {
    const keys = new Set([...Object.keys(one), ...Object.keys(other)]);
    return [...keys].every((key) => isSame(one[key], other[key]));
  }
  return one === other;
}

/** The changes whose field somebody else changed too, to something else, since `base` was read. */
export function findCollisions(base: SuppliedDocument, theirs: SuppliedDocument, changes: readonly Change[]): Change[] {
  return changes.filter(({ path, value }) => {
    const now = valueAt(theirs, path);
    return !isSame(now, valueAt(base, path)) && !isSame(now, value);
  });
}

export function describeValue(value: unknown): string {
  if (value === undefined || value === null) {
    return "nothing";
  }
  if (isRecord(value)) {
    if (typeof value.missing === "string") {
      return value.missing.replaceAll("_", " ");
    }
    const amount = Array.isArray(value.range) ? value.range.join("–") : value.value;
    if (amount !== undefined) {
      const unit = typeof value.unit === "string" ? unitSymbol(value.unit) : "";
      const parts: unknown[] = unit === "" ? [amount] : [amount, unit];
      return parts.join(" ");
    }
  }
  return typeof value === "string" ? value : JSON.stringify(value);
}
