/** Files and folders as they are dropped or chosen, each with its path below what was dropped. */
import { TakenNames, describeFault, findNameFault, isHidden, isLeftBehind, isUnfinished, suggestFree } from "./file-names";
import { type PackedStore, packStores } from "./packed-store";

interface FoundFile {
  file: File;
  path: string;
}

export interface ChosenFile {
  /** A file, or a folder that holds a Zarr store, as one. */
  file: File | PackedStore;
  path: string;
}

export interface RefusedFile {
  path: string;
  problem: string;
  /** The name it could be sent under; empty where there is none near. */
  suggestion: string;
}

export interface SortedFiles {
  accepted: ChosenFile[];
  refused: RefusedFile[];
  leftOut: string[];
  unfinished: string[];
  hidden: string[];
}

/** What of the chosen files is sent, what has a name that no deposit can hold, what nobody misses and what is hidden. */
export function sortChosen(chosen: Iterable<ChosenFile>, there: Iterable<string>): SortedFiles {
  const sorted: SortedFiles = { accepted: [], refused: [], leftOut: [], unfinished: [], hidden: [] };
  const taken = new Set<string>();
  const near = new TakenNames(there);
  for (const { file, path: given } of chosen) {
    const path = given.normalize("NFC");
    if (isLeftBehind(path)) {
      sorted.leftOut.push(path);
      continue;
    }
    if (isUnfinished(path)) {
      sorted.unfinished.push(path);
      continue;
    }
    if (isHidden(path)) {
      sorted.hidden.push(path);
      continue;
    }
    if (findNameFault(path)) {
      sorted.refused.push({ path, problem: "", suggestion: "" });
      continue;
    }
    const problem = taken.has(path)
      ? "Not sent: another of these files has the same name."
      : describeClash(path, near);
    if (problem) {
      sorted.refused.push({ path, problem, suggestion: "" });
    } else {
      taken.add(path);
      near.add(path);
      sorted.accepted.push({ file, path });
    }
  }
  adviseNames(sorted.refused, near);
  return sorted;
}

/** Suggest names after all that are sent are known, so that no advice leads to a name that another file has. */
function adviseNames(refused: RefusedFile[], near: TakenNames): void {
  for (const file of refused) {
    const fault = findNameFault(file.path);
    if (fault) {
      file.suggestion = suggestFree(file.path, near);
      file.problem = describeFault(fault, file.suggestion);
      near.add(file.suggestion || file.path);
    }
  }
}

const mostNamed = 10;
const atOnce = 200;

/** Name some: a folder of a program's own may hold hundreds. */
function nameSome(paths: string[]): string {
  const more = paths.length - mostNamed;
  return more > 0 ? `${paths.slice(0, mostNamed).join(", ")} and ${more} more` : paths.join(", ");
}

export function describeLeftOut({ leftOut, unfinished, hidden }: Omit<SortedFiles, "accepted" | "refused">): string {
  return [
    leftOut.length > 0 ? `Left out, as systems and programs leave them behind: ${nameSome(leftOut)}.` : "",
    unfinished.length > 0
      ? `Left out, as their names say that they are not whole: ${nameSome(unfinished)}. Wait until they are, and choose them again; rename one that is.`
      : "",
    hidden.length > 0
      ? `Left out, as they are hidden: ${nameSome(hidden)}. To send one all the same, choose it by itself.`
      : "",
  ]
    .filter(Boolean)
    .join(" ");
}

function describeClash(path: string, near: TakenNames): string {
  const clash = near.findClash(path);
  return clash === null ? "" : `Not sent: ${clash} is there, and one of the two would have to be a folder. Rename one.`;
}

/**
 * The way to a file, with its last part as it is named on the disk.
 *
 * Browsers write \ in a way as /, which would file `back\slash` silently in a folder; the name alone keeps it.
 */
export function joinFolders(way: string, name: string): string {
  if (!way || way === name || way.endsWith(`/${name}`)) {
    return way || name;
  }
  const folders = way.split("/").slice(0, -name.split("\\").length);
  return [...folders, name].join("/");
}

export function listInputFiles(files: Iterable<File>): ChosenFile[] {
  return packStores(Array.from(files, (file) => ({ file, path: joinFolders(file.webkitRelativePath, file.name) })));
}

async function readEntries(reader: FileSystemDirectoryReader): Promise<FileSystemEntry[]> {
  const entries: FileSystemEntry[] = [];
  // Browsers hand over at most a hundred entries a call; an empty batch is the end.
  for (;;) {
    const batch = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (batch.length === 0) {
      return entries;
    }
    entries.push(...batch);
  }
}

async function walkEntry(entry: FileSystemEntry): Promise<FoundFile[]> {
  const path = entry.fullPath.replace(/^\/+/, "");
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject));
    return [{ file, path: joinFolders(path, file.name) }];
  }
  const children = await readEntries((entry as FileSystemDirectoryEntry).createReader());
  const found: FoundFile[] = [];
  // A store may hold a hundred thousand files: not all of them are asked for at once.
  for (let at = 0; at < children.length; at += atOnce) {
    const nested = await Promise.all(children.slice(at, at + atOnce).map(walkEntry));
    found.push(...nested.flat());
  }
  return found;
}

export async function listDroppedFiles(transfer: DataTransfer): Promise<ChosenFile[]> {
  // The entries must be taken before the first await: the transfer is emptied when the event ends.
  const entries = Array.from(transfer.items, (item) => item.webkitGetAsEntry()).filter((entry) => entry !== null);
  if (entries.length === 0) {
    return listInputFiles(transfer.files);
  }
  const found = await Promise.all(entries.map(walkEntry));
  return packStores(found.flat());
}
