/**
 * Writes TIFF files of any layout.
 *
 * @module
 */
import { deflateSync } from "node:zlib";
import * as fc from "fast-check";

/** The layout of a picture. */
export interface Layout {
  readonly width: number;
  readonly height: number;
  readonly samples: number;
  readonly bits: number;
  /** Columns and rows of tiles; without columns, rows of strips. */
  readonly part: { readonly width?: number; readonly height: number };
  readonly planar: boolean;
  readonly packing: "none" | "deflate" | "PackBits";
  readonly differences: boolean;
  readonly reversed: boolean;
  readonly little: boolean;
  readonly big: boolean;
}

/** Any layout. The predictor is only used with whole bytes and compression. */
export const layouts: fc.Arbitrary<Layout> = fc.record({
  width: fc.integer({ min: 1, max: 40 }),
  height: fc.integer({ min: 1, max: 40 }),
  samples: fc.constantFrom(1, 2, 3, 4, 5),
  bits: fc.oneof(fc.constantFrom(1, 2, 4, 8, 16), fc.integer({ min: 1, max: 16 })),
  part: fc.oneof(
    fc.record({ height: fc.integer({ min: 1, max: 50 }) }),
    fc.record({ width: fc.constantFrom(16, 32, 48), height: fc.constantFrom(16, 32, 64) }),
  ),
  planar: fc.boolean(),
  packing: fc.constantFrom("none", "deflate", "PackBits"),
  differences: fc.boolean(),
  reversed: fc.boolean(),
  little: fc.boolean(),
  big: fc.boolean(),
}).map((layout) => ({
  ...layout,
  differences: layout.differences && layout.packing === "deflate" && layout.bits % 8 === 0,
}));

/** Packs numbers into bits, the highest first. */
function pack(values: readonly number[], { bits, little }: Layout): Uint8Array {
  const out = new Uint8Array(Math.ceil(values.length * bits / 8));
  const view = new DataView(out.buffer);
  if (bits === 16) values.forEach((value, i) => view.setUint16(2 * i, value, little));
  else {
    values.forEach((value, i) => {
      for (let bit = 0; bit < bits; bit++) {
        const at = i * bits + bit;
        out[at >> 3] |= (value >> (bits - 1 - bit) & 1) << (7 - (at & 7));
      }
    });
  }
  return out;
}

const reverse = (byte: number): number => parseInt(byte.toString(2).padStart(8, "0").split("").reverse().join(""), 2);

/** Rows of one tile or strip, in one plane or all. */
function part(pixels: readonly (readonly number[])[], layout: Layout, box: Box, plane?: number): Uint8Array {
  const rows: number[] = [];
  const wide = layout.part.width ?? layout.width;
  const high = layout.part.width === undefined
    ? Math.min(layout.part.height, layout.height - box.top)
    : layout.part.height;
  for (let y = 0; y < high; y++) {
    const row: number[] = [];
    for (let x = 0; x < wide; x++) {
      // outside the picture, values are arbitrary
      const inside = box.left + x < layout.width && box.top + y < layout.height;
      const pixel = inside ? pixels[(box.top + y) * layout.width + box.left + x] : Array(layout.samples).fill(1);
      row.push(...plane === undefined ? pixel : [pixel[plane]]);
    }
    const step = plane === undefined ? layout.samples : 1;
    const written = layout.differences
      ? row.map((value, i) => (value - (row[i - step] ?? 0)) & (2 ** layout.bits - 1))
      : row;
    rows.push(...pack(written, layout));
  }
  const plain = Uint8Array.from(rows);
  const packed = layout.packing === "deflate"
    ? new Uint8Array(deflateSync(plain))
    : layout.packing === "PackBits"
    ? Uint8Array.from(
      [...plain].flatMap((byte, i) => i % 3 === 0 ? [0, byte] : i % 3 === 1 ? [128, 0, byte] : [0, byte]),
    )
    : plain;
  return layout.reversed ? packed.map(reverse) : packed;
}

interface Box {
  readonly left: number;
  readonly top: number;
}

/** TIFF codes of compressions. */
const PACKINGS = { none: 1, deflate: 8, PackBits: 32773 } as const;

/** Writes a picture. `samples` are those of each pixel. */
export function anyTiff(pixels: readonly (readonly number[])[], layout: Layout): Uint8Array<ArrayBuffer> {
  const { width, height, samples, bits, little, big } = layout;
  const tiled = layout.part.width !== undefined;
  const parts: Uint8Array[] = [];
  for (const plane of layout.planar && samples > 1 ? Array(samples).keys() : [undefined]) {
    for (let top = 0; top < height; top += layout.part.height) {
      for (let left = 0; left < width; left += layout.part.width ?? width) {
        parts.push(part(pixels, layout, { left, top }, plane));
      }
    }
  }
  const grey = samples < 3;
  const start = big ? 16 : 8;
  let end = start;
  const offsets = parts.map(({ length }) => (end += length) - length);
  const fields: (readonly [tag: number, type: 3 | 4, values: readonly number[]])[] = [
    [256, 3, [width]],
    [257, 4, [height]],
    [258, 3, Array(samples).fill(bits)],
    [259, 3, [PACKINGS[layout.packing]]],
    [262, 3, [grey ? 1 : 2]],
    [266, 3, [layout.reversed ? 2 : 1]],
    ...tiled ? [] : [[273, 4, offsets] as const],
    [277, 3, [samples]],
    ...tiled ? [] : [[278, 4, [layout.part.height]] as const, [279, 4, parts.map(({ length }) => length)] as const],
    [284, 3, [layout.planar ? 2 : 1]],
    [317, 3, [layout.differences ? 2 : 1]],
    ...tiled
      ? [
        [322, 3, [layout.part.width!]] as const,
        [323, 3, [layout.part.height]] as const,
        [324, 4, offsets] as const,
        [325, 4, parts.map(({ length }) => length)] as const,
      ]
      : [],
    [338, 3, Array(samples - (grey ? 1 : 3)).fill(0)],
  ];
  const word = big ? 8 : 4;
  const entry = 4 + 2 * word;
  const values = end + (big ? 8 : 2) + entry * fields.length + word;
  const view = new DataView(new ArrayBuffer(values + 8 * fields.reduce((sum, [, , list]) => sum + list.length, 0)));
  const number = (at: number, size: number, value: number): void => {
    if (size === 2) view.setUint16(at, value, little);
    else if (size === 4) view.setUint32(at, value, little);
    else view.setBigUint64(at, BigInt(value), little);
  };
  view.setUint16(0, little ? 0x4949 : 0x4d4d);
  number(2, 2, big ? 43 : 42);
  if (big) number(4, 2, 8);
  number(big ? 8 : 4, word, end);
  parts.forEach((bytes, i) => new Uint8Array(view.buffer).set(bytes, offsets[i]));
  number(end, big ? 8 : 2, fields.length);
  let next = values;
  fields.forEach(([tag, type, list], i) => {
    const at = end + (big ? 8 : 2) + entry * i;
    const size = type === 3 ? 2 : 4;
    number(at, 2, tag);
    number(at + 2, 2, type);
    number(at + 4, word, list.length);
    const inside = list.length * size <= word;
    if (!inside) number(at + 4 + word, word, next);
    list.forEach((value, j) => number((inside ? at + 4 + word : next) + j * size, size, value));
    if (!inside) next += list.length * size;
  });
  return new Uint8Array(view.buffer);
}
