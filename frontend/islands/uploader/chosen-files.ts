/** Files and folders as they are dropped or chosen, each with its path below what was dropped. */
export interface ChosenFile {
  file: File;
  path: string;
}

// Left behind by desktops, never part of a measurement.
const desktopLitter = new Set([".DS_Store", "Thumbs.db", "desktop.ini"]);

export function isDesktopLitter(path: string): boolean {
  return desktopLitter.has(path.split("/").at(-1) ?? "");
}

export function listInputFiles(files: Iterable<File>): ChosenFile[] {
  return Array.from(files, (file) => ({ file, path: file.webkitRelativePath || file.name })).filter(
    (chosen) => !isDesktopLitter(chosen.path),
  );
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

async function walkEntry(entry: FileSystemEntry): Promise<ChosenFile[]> {
  const path = entry.fullPath.replace(/^\/+/, "");
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject));
    return isDesktopLitter(path) ? [] : [{ file, path }];
  }
  const children = await readEntries((entry as FileSystemDirectoryEntry).createReader());
  const nested = await Promise.all(children.map(walkEntry));
  return nested.flat();
}

export async function listDroppedFiles(transfer: DataTransfer): Promise<ChosenFile[]> {
  // The entries must be taken before the first await: the transfer is emptied when the event ends.
  const entries = Array.from(transfer.items, (item) => item.webkitGetAsEntry()).filter((entry) => entry !== null);
  if (entries.length === 0) {
    return listInputFiles(transfer.files);
  }
  const found = await Promise.all(entries.map(walkEntry));
  return found.flat();
}
