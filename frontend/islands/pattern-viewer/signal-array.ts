/** One signal's Zarr array, read by the page's one worker. */
import type { Answer, Item, OpenAnswer, OpenRequest, ReadRequest } from "./array-messages";
import { parseAxes, type SignalAxis } from "./axes";

export type { Item } from "./array-messages";

class ArrayReader {
  private readonly worker = new Worker(new URL("./array-worker.ts", import.meta.url), { type: "module" });
  private readonly waiting = new Map<number, { resolve: (answer: OpenAnswer | Item) => void; reject: (error: Error) => void }>();
  private number = 0;

  constructor() {
    this.worker.addEventListener("message", (event: MessageEvent<Answer>) => this.settle(event.data));
    this.worker.addEventListener("error", () => this.refuseAll());
  }

  ask(request: OpenRequest | ReadRequest): Promise<OpenAnswer | Item> {
    this.number += 1;
    const { number } = this;
    return new Promise((resolve, reject) => {
      this.waiting.set(number, { resolve, reject });
      this.worker.postMessage({ ...request, number });
    });
  }

  private settle(message: Answer): void {
    const waiting = this.waiting.get(message.number);
    this.waiting.delete(message.number);
    if ("problem" in message) {
      waiting?.reject(new Error(message.problem));
    } else {
      waiting?.resolve(message.answer);
    }
  }

  private refuseAll(): void {
    for (const { reject } of this.waiting.values()) {
      reject(new Error("The part that reads arrays could not be started."));
    }
    this.waiting.clear();
  }
}

let reader: ArrayReader | undefined;

export class SignalArray {
  private constructor(
    private readonly address: string,
    readonly axes: SignalAxis[],
    readonly intensityUnit: string,
  ) {}

  /** Open the array; `axes` carry calibrations that came after the array was written. */
  static async open(address: string, axes?: unknown): Promise<SignalArray> {
    reader ??= new ArrayReader();
    const absolute = new URL(address, document.baseURI).href;
    const { shape, attributes } = (await reader.ask({ kind: "open", address: absolute })) as OpenAnswer;
    const unit = attributes.intensity_unit;
    return new SignalArray(absolute, parseAxes(axes ?? attributes.axes, shape), typeof unit === "string" ? unit : "");
  }

  async read(choice: readonly number[]): Promise<Item> {
    reader ??= new ArrayReader();
    return (await reader.ask({ kind: "read", address: this.address, choice })) as Item;
  }
}
