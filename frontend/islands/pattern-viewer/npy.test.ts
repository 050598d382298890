import { describe, expect, it } from "vitest";
import { parseNpy } from "./npy";

function npy(descr: string, shape: string, body: Uint8Array): ArrayBuffer {
  const header = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${shape}), }\n`;
  const file = new Uint8Array(10 + header.length + body.length);
  file.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, header.length, 0]);
  file.set(new TextEncoder().encode(header), 10);
  file.set(body, 10 + header.length);
  return file.buffer;
}

describe("parseNpy", () => {
  it("reads shape and values of either byte order", () => {
    const little = parseNpy(npy("<u2", "2, 1", new Uint8Array([1, 2, 255, 255])));
    expect(little).toEqual({ shape: [2, 1], values: new Float64Array([513, 65535]) });
    expect([...parseNpy(npy(">f4", "1,", new Uint8Array([0x3f, 0xc0, 0, 0]))).values]).toEqual([1.5]);
  });

  it("refuses what it cannot show", () => {
    expect(() => parseNpy(new ArrayBuffer(20))).toThrow("not a .npy file");
    expect(() => parseNpy(npy("<c8", "1,", new Uint8Array(8)))).toThrow("cannot be shown");
  });
});
