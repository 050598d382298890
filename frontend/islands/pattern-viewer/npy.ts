/** NumPy's .npy, as far as reductions use it: real numbers, C order. */
export interface NumericArray {
  shape: number[];
  values: Float64Array;
}

type Reader = (view: DataView, at: number, isLittle: boolean) => number;

const readers: Record<string, [number, Reader]> = {
  f8: [8, (view, at, isLittle) => view.getFloat64(at, isLittle)],
  f4: [4, (view, at, isLittle) => view.getFloat32(at, isLittle)],
  i8: [8, (view, at, isLittle) => Number(view.getBigInt64(at, isLittle))],
  i4: [4, (view, at, isLittle) => view.getInt32(at, isLittle)],
  i2: [2, (view, at, isLittle) => view.getInt16(at, isLittle)],
  i1: [1, (view, at) => view.getInt8(at)],
  u8: [8, (view, at, isLittle) => Number(view.getBigUint64(at, isLittle))],
  u4: [4, (view, at, isLittle) => view.getUint32(at, isLittle)],
  u2: [2, (view, at, isLittle) => view.getUint16(at, isLittle)],
  u1: [1, (view, at) => view.getUint8(at)],
  b1: [1, (view, at) => view.getUint8(at)],
};

export function parseNpy(buffer: ArrayBuffer): NumericArray {
  const view = new DataView(buffer);
  if (buffer.byteLength < 10 || view.getUint32(0) !== 0x934e554d) {
    throw new Error("This is not a .npy file.");
  }
  const isFirstVersion = view.getUint8(6) === 1;
  const headerLength = isFirstVersion ? view.getUint16(8, true) : view.getUint32(8, true);
  const headerStart = isFirstVersion ? 10 : 12;
  const header = new TextDecoder("latin1").decode(new Uint8Array(buffer, headerStart, headerLength));
  const type = /'descr':\s*'([<>|=])(\w\d+)'/.exec(header);
  const shapeText = /'shape':\s*\(([^)]*)\)/.exec(header)?.[1];
  const reader = readers[type?.[2] ?? ""];
  if (!type || shapeText === undefined || !reader || /'fortran_order':\s*True/.test(header)) {
    throw new Error("This kind of .npy file cannot be shown.");
  }
  const shape = shapeText.split(",").filter((part) => part.trim() !== "").map(Number);
  const [width, read] = reader;
  const start = headerStart + headerLength;
  const values = new Float64Array(shape.reduce((product, size) => product * size, 1));
  for (let index = 0; index < values.length; index += 1) {
    values[index] = read(view, start + index * width, type[1] !== ">");
  }
  return { shape, values };
}
