/** The sentence above the list: it counts what was chosen, not only what is on its way. */
import { formatBytes } from "../format/quantity";
import type { QueueTotals } from "./upload-queue";

/** How many of the chosen files do not come to be stored: their names were refused here, or the server refused them. */
export function countUnsent(totals: QueueTotals, refusedHere: number): number {
  return totals.refused + refusedHere;
}

export function describeTotals(totals: QueueTotals, refusedHere: number, speed: string): string {
  const unsent = countUnsent(totals, refusedHere);
  const stopped = totals.failed - totals.refused;
  return (
    `${totals.finished} of ${totals.files + refusedHere} files stored` +
    (unsent > 0 ? `, ${unsent} not sent` : "") +
    (stopped > 0 ? `, ${stopped} stopped` : "") +
    `; ${formatBytes(totals.sent)} of ${formatBytes(totals.size)}${speed}`
  );
}

/** What is said again beside the button that goes on; empty where all is sent. */
export function warnOfUnsent(unsent: number): string {
  const were = unsent === 1 ? "1 file was" : `${unsent} files were`;
  return unsent > 0 ? `${were} not sent and will be missing: the list above says why.` : "";
}
