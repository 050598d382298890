/** What a job for a recipe says of itself, and which products are its own. */
import type { Job, Product } from "../api/shapes";

export type Parameters = Record<string, number>;

export function isOver(job: Job): boolean {
  return job.state !== "queued" && job.state !== "running";
}

export function describeJob(job: Job): string {
  if (job.state === "queued") {
    if (job.position === null) {
      return job.reason || "Waiting.";
    }
    const others = job.position === 1 ? "1 job is" : `${job.position} jobs are`;
    return job.position === 0 ? "Waiting: this is the next job." : `Waiting: ${others} before this one.`;
  }
  if (job.state === "running") {
    return `${job.message || "Computing."} ${Math.round(100 * job.fraction)} %`;
  }
  return job.state === "done" ? "Done." : job.reason || "It was cancelled.";
}

/** The products that were made with these parameters; what was made otherwise stands beside them. */
export function chooseMade(products: readonly Product[], parameters: Parameters): Product[] {
  return products.filter(({ settings }) => {
    const given = (settings as { parameters?: Parameters } | null)?.parameters ?? {};
    return Object.entries(parameters).every(([name, value]) => given[name] === value);
  });
}
