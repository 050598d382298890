// @vitest-environment happy-dom
import { beforeEach, describe, expect, it } from "vitest";
import { UndoStack } from "./undo";

describe("what can be undone", () => {
  beforeEach(() => sessionStorage.clear());

  it("goes back and forth, outlives the page, and a change of its own ends what could be done again", () => {
    const stack = new UndoStack("/table/");
    stack.push({ change: "1", words: "Dwell time" });
    stack.push({ change: "2", words: "Current" });
    stack.moveBack("3");
    expect(stack.last?.change).toBe("1");
    expect(new UndoStack("/table/").next).toEqual({ change: "3", words: "Current" });
    expect(new UndoStack("/other/").next).toBeNull();
    stack.moveForward("4");
    expect(stack.last).toEqual({ change: "4", words: "Current" });
    expect(stack.next).toBeNull();
    stack.moveBack(null);
    expect(stack.next).toBeNull();
    stack.moveBack("5");
    stack.push({ change: "6", words: "Notes" });
    expect(stack.next).toBeNull();
  });

  it("keeps as many changes as the server does", () => {
    const stack = new UndoStack("/table/");
    for (let number = 0; number < 101; number += 1) {
      stack.push({ change: `${number}`, words: "" });
    }
    for (let number = 0; number < 99; number += 1) {
      stack.moveBack(null);
    }
    expect(stack.last?.change).toBe("1");
    stack.moveBack(null);
    expect(stack.last).toBeNull();
  });
});
