// @vitest-environment happy-dom
/** Above the grid: what is said of what is missing. */
import { expect, it } from "vitest";
import { TableState } from "./table-state";
import { makeCell, makeColumn, makeRow, makeTable } from "./testing";
import { Toolbar, type ToolbarHooks } from "./toolbar";

it("says nothing of what is missing before it knows", () => {
  const state = new TableState([]);
  const toolbar = new Toolbar(state, true, new Proxy({}, { get: () => () => undefined }) as ToolbarHooks);
  toolbar.draw();
  expect(toolbar.summary.textContent).toBe("Fetching the table …");
  state.takeFrame(makeTable([], []));
  toolbar.draw();
  expect(toolbar.summary.textContent).toBe("Nothing that is needed is missing here.");
  const row = makeRow("a", { kind: "annular", cells: { probe_current: makeCell("needed") } });
  state.takeFrame(makeTable([makeColumn("probe_current")], [row], { revision: 2 }));
  state.takeRows([row]);
  toolbar.draw();
  expect(toolbar.summary.textContent).toContain("1 answer completes 1 measurement");
});

it("tells who only reads neither what waits nor that nothing does", () => {
  const state = new TableState([]);
  const reader = new Toolbar(state, false, new Proxy({}, { get: () => () => undefined }) as ToolbarHooks);
  state.takeFrame({ ...makeTable([], []), helpful: [makeColumn("probe_current")] });
  reader.draw();
  expect(reader.summary.textContent).toBe("");
  expect(reader.more.textContent).toContain("1 field of which nothing is said");
});
