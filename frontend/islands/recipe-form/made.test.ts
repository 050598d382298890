import { describe, expect, it } from "vitest";
import type { Job, Product } from "../api/shapes";
import { chooseMade, describeJob, isOver } from "./made";

const job = (change: Partial<Job>) => ({ state: "queued", position: null, message: "", reason: "", fraction: 0, ...change }) as Job;
const product = (digest: string, ring_width: number) => ({ digest, settings: { parameters: { ring_width, gain: 1 } } }) as unknown as Product;

describe("a job for a recipe", () => {
  it("says how long the queue is, then how far it is", () => {
    expect(describeJob(job({ position: 0 }))).toBe("Waiting: this is the next job.");
    expect(describeJob(job({ position: 1 }))).toBe("Waiting: 1 job is before this one.");
    expect(describeJob(job({ position: 7 }))).toBe("Waiting: 7 jobs are before this one.");
    expect(describeJob(job({ state: "running", fraction: 0.5, message: "Reading." }))).toBe("Reading. 50 %");
  });

  it("says why it failed", () => {
    expect(isOver(job({ state: "failed" }))).toBe(true);
    expect(describeJob(job({ state: "failed", reason: "There is no disk." }))).toBe("There is no disk.");
    expect(describeJob(job({ state: "cancelled" }))).toBe("It was cancelled.");
    expect(isOver(job({ state: "running" }))).toBe(false);
  });
});

describe("what was made", () => {
  it("is told from what others asked for by its parameters", () => {
    const all = [product("a", 1), product("b", 2)];
    expect(chooseMade(all, { ring_width: 2 }).map(({ digest }) => digest)).toEqual(["b"]);
    expect(chooseMade(all, {})).toEqual(all);
    expect(chooseMade([{ digest: "c", settings: null } as unknown as Product], { ring_width: 2 })).toEqual([]);
  });
});
