import type { RgbImage } from "../../lib/data/image.ts";

/** Writes an uncompressed BMP file of 24 bits per pixel. */
export function bmp({ width, height, data }: RgbImage): Uint8Array<ArrayBuffer> {
  const stride = Math.ceil(3 * width / 4) * 4;
  const view = new DataView(new ArrayBuffer(54 + stride * height));
  view.setUint16(0, 0x424d);
  [[2, view.byteLength], [10, 54], [14, 40], [18, width], [22, height], [34, stride * height]]
    .forEach(([at, value]) => view.setUint32(at, value, true));
  view.setUint16(26, 1, true);
  view.setUint16(28, 24, true);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const at = 54 + (height - 1 - y) * stride + 3 * x; // from bottom to top, blue first
      for (let c = 0; c < 3; c++) view.setUint8(at + c, data[4 * (y * width + x) + 2 - c]);
    }
  }
  return new Uint8Array(view.buffer);
}
