/** One signal's Zarr array over HTTP; zarrita loads the decompressors only when a chunk asks for them. */
import * as zarr from "zarrita";
import { parseAxes, type SignalAxis } from "./axes";

const largestItem = 64 * 1024 * 1024;

export interface Item {
  shape: number[];
  values: Float64Array;
}

export class SignalArray {
  private constructor(
    private readonly array: zarr.Array<zarr.DataType, zarr.FetchStore>,
    readonly axes: SignalAxis[],
    readonly intensityUnit: string,
  ) {}

  static async open(address: string): Promise<SignalArray> {
    const store = new zarr.FetchStore(new URL(address, document.baseURI), { overrides: { credentials: "same-origin" } });
    const array = await zarr.open.v3(store, { kind: "array" });
    const unit = array.attrs.intensity_unit;
    return new SignalArray(array, parseAxes(array.attrs.axes, array.shape), typeof unit === "string" ? unit : "");
  }

  /** The item at one choice of the leading axes, whole along the others. */
  async read(choice: readonly number[]): Promise<Item> {
    const shape = this.array.shape.slice(choice.length);
    if (shape.reduce((product, size) => product * size, 1) > largestItem) {
      throw new Error("This image is too large for the browser; read it with a Zarr client instead.");
    }
    const selection = [...choice, ...shape.map(() => null)];
    const { data } = (await zarr.get(this.array, selection)) as { data: ArrayLike<number | bigint | boolean> };
    return { shape, values: Float64Array.from(data, Number) };
  }
}
