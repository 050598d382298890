// @vitest-environment happy-dom
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { refreshSections } from "./page-sections";

/** Answers that come when the test says so, in whatever order. */
const waiting: ((words: string | null) => void)[] = [];

beforeEach(() => {
  vi.useFakeTimers();
  waiting.length = 0;
  document.body.innerHTML = '<section id="files" data-live>old</section>';
  vi.stubGlobal("fetch", () => {
    return new Promise((resolve) => {
      waiting.push((words) => {
        resolve(new Response(words && `<section id="files" data-live>${words}</section>`, { status: words === null ? 503 : 200 }));
      });
    });
  });
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

function shown(): string {
  return document.getElementById("files")?.textContent ?? "";
}

it("an answer that is overtaken does not put back what was there before", async () => {
  const before = refreshSections();
  const after = refreshSections();
  waiting[1]?.("taken back");
  await after;
  expect(shown()).toBe("taken back");
  waiting[0]?.("kept private");
  expect(await before).toBe(true);
  expect(shown()).toBe("taken back");
});

it("a page that did not come is asked for again", async () => {
  const first = refreshSections();
  waiting[0]?.(null);
  expect(await first).toBe(false);
  expect(shown()).toBe("old");
  await vi.advanceTimersByTimeAsync(1000);
  waiting[1]?.("fresh");
  await vi.advanceTimersByTimeAsync(0);
  await vi.waitFor(() => {
    expect(shown()).toBe("fresh");
  });
});
