/** Which names a file of a deposit may have, told before the first byte is sent: the rule that the server goes by. */
import rule from "../generated/file-names.json";

export interface NameFault {
  rule: string;
  says: string;
}

type Says = Record<string, string>;

const says: Says = rule.says;
const ranges = Object.entries(rule.characters).flatMap(([name, texts]) =>
  texts.map((text) => {
    const [first = "", last = ""] = text.split("-");
    return { name, first: parseInt(first, 16), last: parseInt(last, 16) };
  }),
);
const encoder = new TextEncoder();

function classOf(symbol: string): string {
  const number = symbol.codePointAt(0) ?? 0;
  return ranges.find(({ first, last }) => first <= number && number <= last)?.name ?? "";
}

function isDevice(part: string): boolean {
  const stem = (part.split(".")[0] ?? "").replace(/ +$/, "").toLowerCase();
  return rule.devices.includes(stem);
}

function brokenInPart(part: string): string {
  if (part === "" || part === "." || part === "..") {
    return part ? "leaves" : "empty";
  }
  const symbols = Array.from(part);
  if (symbols.some((symbol) => rule.reserved.includes(symbol))) {
    return "reserved";
  }
  if (rule.ends.includes(symbols.at(-1) ?? "")) {
    return "end";
  }
  if (isDevice(part)) {
    return "device";
  }
  return encoder.encode(part).length > rule.longest_part_bytes ? "part_too_long" : "";
}

function brokenRule(path: string): string {
  if (path === "") {
    return "empty";
  }
  const odd = Array.from(path, classOf).find((name) => name !== "");
  if (odd) {
    return odd;
  }
  if (encoder.encode(path).length > rule.longest_path_bytes) {
    return "path_too_long";
  }
  return path.split("/").map(brokenInPart).find((name) => name !== "") ?? "";
}

/** Why a path cannot be the name of a file in a deposit; null where it can. */
export function findNameFault(path: string): NameFault | null {
  const broken = brokenRule(path.normalize("NFC"));
  return broken ? { rule: broken, says: says[broken] ?? "" } : null;
}

function mendPart(part: string): string {
  const symbols = Array.from(part, (symbol) => (rule.reserved.includes(symbol) || classOf(symbol) ? "_" : symbol));
  for (let at = symbols.length - 1; at >= 0 && rule.ends.includes(symbols[at] ?? ""); at -= 1) {
    symbols[at] = "_";
  }
  const name = symbols.join("");
  return isDevice(name) ? `_${name}` : name;
}

/** A name near this one that keeps the rule; empty where it is only too long. */
export function suggestName(path: string): string {
  const mended = path.normalize("NFC").split("/").filter(Boolean).map(mendPart).join("/");
  return brokenRule(mended) === "" ? mended : "";
}

function foldersOf(path: string): string[] {
  const parts = path.split("/");
  return parts.slice(1).map((_, at) => parts.slice(0, at + 1).join("/"));
}

/** Names that are taken, and the folders that they need. */
export class TakenNames {
  private readonly names = new Map<string, string>();
  private readonly folders = new Map<string, string>();

  constructor(paths: Iterable<string>) {
    for (const path of paths) {
      this.add(path);
    }
  }

  add(path: string): void {
    const name = path.normalize("NFC");
    this.names.set(name, path);
    for (const folder of foldersOf(name)) {
      this.folders.set(folder, path);
    }
  }

  /** Whether no file can get this name: it is taken, is a folder, or would need a folder where a file is. */
  isTaken(path: string): boolean {
    return this.names.has(path.normalize("NFC")) || this.findClash(path) !== null;
  }

  /** The file that would have to be a folder for this one, or that lies in a folder of its name. */
  findClash(path: string): string | null {
    const name = path.normalize("NFC");
    const outer = foldersOf(name).find((folder) => this.names.has(folder));
    return (outer === undefined ? this.folders.get(name) : this.names.get(outer)) ?? null;
  }
}

/** Whether programs give such a name to what is not whole yet. */
export function isUnfinished(path: string): boolean {
  const parts = path.toLowerCase().split("/");
  const last = parts.at(-1) ?? "";
  return (
    rule.unfinished_beginnings.some((beginning) => last.startsWith(beginning)) ||
    parts.some((part) => rule.unfinished.some((ending) => part.endsWith(ending) && !rule.unfinished.includes(part)))
  );
}

/** Whether a file, or a folder on the way to it, is what systems and programs leave behind. */
export function isLeftBehind(path: string): boolean {
  return path
    .toLowerCase()
    .split("/")
    .some(
      (part) =>
        rule.leavings.includes(part) ||
        rule.leaving_beginnings.some((beginning) => part.startsWith(beginning)) ||
        rule.leaving_endings.some((ending) => part.endsWith(ending)),
    );
}

/** Whether a file is hidden in what was chosen; what was chosen itself, the first part, is sent whatever its name. */
export function isHidden(path: string): boolean {
  return path
    .split("/")
    .slice(1)
    .some((part) => part.startsWith(".") && !rule.needed_dot_files.includes(part));
}

/** A suggestion that no other file has or is suggested; a number tells apart those that would be alike. */
export function suggestFree(path: string, taken: TakenNames): string {
  const wanted = suggestName(path);
  const folders = wanted.slice(0, wanted.lastIndexOf("/") + 1);
  const name = wanted.slice(folders.length);
  const dot = name.lastIndexOf(".");
  const [stem, ending] = dot > 0 ? [name.slice(0, dot), name.slice(dot)] : [name, ""];
  let free = wanted;
  for (let number = 2; free && taken.isTaken(free); number += 1) {
    free = `${folders}${stem}_${number}${ending}`;
    // A file where a folder must be is in the way of every number; a longer name may be too long.
    if (taken.findClash(free) !== null || brokenRule(free)) {
      return "";
    }
  }
  return free;
}

/** What to tell a person about a name that is refused, and what to do. */
export function describeFault(fault: NameFault, suggestion: string): string {
  const advice = suggestion ? ` Rename it, for example to ${suggestion}, and choose it again.` : "";
  return `Not sent: the name ${fault.says}.${advice || " Give it another name and choose it again."}`;
}
