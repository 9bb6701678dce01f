import type { RgbImage } from "../../lib/data/image.ts";

/** Writes an RGB TIFF file with one strip. With deflate, `extra` zeros are appended before compression. */
export async function tiff(
  { width, height, data }: RgbImage,
  { bits, deflate, extra = 0 }: { readonly bits: number; readonly deflate: boolean; readonly extra?: number },
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = bits / 8;
  const raw = new Uint8Array(3 * width * height * bytes + extra);
  for (let i = 0; i < width * height; i++) {
    // The lower 8 of 16 bits are dropped.
    for (let c = 0; c < 3; c++) raw.fill(data[4 * i + c], (3 * i + c) * bytes + bytes - 1, (3 * i + c + 1) * bytes);
  }
  const packed = deflate
    ? await new Response(new Blob([raw]).stream().pipeThrough(new CompressionStream("deflate"))).bytes()
    : raw;
  const entries = [
    [256, 4, width],
    [257, 4, height],
    [258, 3, bits],
    [259, 3, deflate ? 8 : 1],
    [262, 3, 2],
    [273, 4, 8],
    [277, 3, 3],
    [278, 4, height],
    [279, 4, packed.length],
  ];
  const directory = 8 + packed.length + packed.length % 2;
  const view = new DataView(new ArrayBuffer(directory + 2 + 12 * entries.length + 4));
  view.setUint32(0, 0x49492a00);
  view.setUint32(4, directory, true);
  new Uint8Array(view.buffer).set(packed, 8);
  view.setUint16(directory, entries.length, true);
  entries.forEach(([tag, type, value], i) => {
    const at = directory + 2 + 12 * i;
    view.setUint16(at, tag, true);
    view.setUint16(at + 2, type, true);
    view.setUint32(at + 4, 1, true);
    if (type === 3) view.setUint16(at + 8, value, true);
    else view.setUint32(at + 8, value, true);
  });
  return new Uint8Array(view.buffer);
}
