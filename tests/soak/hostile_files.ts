/**
 * Image files that need far more work than their size suggests.
 *
 * @module
 */
import { deflateSync } from "node:zlib";
import { fixture } from "../data/fixtures.ts";
import { chunk, deflatedZeros, header } from "../data/png_writer.ts";

/** Offset after a JPEG's last segment with this marker. */
function findMarker(bytes: Uint8Array, marker: number): number {
  return bytes.findLastIndex((byte, i) => byte === 0xff && bytes[i + 1] === marker);
}

/** A valid baseline JPEG of 12 megapixels, all grey: 188 kB. */
export async function largeJpeg(width = 4000, height = 3008): Promise<Uint8Array<ArrayBuffer>> {
  const jpeg = await fixture("photo.jpg"); // with the usual Huffman tables and 4:2:0 subsampling
  const view = new DataView(jpeg.buffer);
  const frame = findMarker(jpeg, 0xc0);
  view.setUint16(frame + 5, height);
  view.setUint16(frame + 7, width);
  const scan = findMarker(jpeg, 0xda);
  const head = jpeg.subarray(0, scan + 2 + view.getUint16(scan + 2));
  // Codes for an unchanged DC value and the end of the block: four blocks of luma and two of chroma in 32 bits.
  const blocks = Uint8Array.of(0x28, 0xa2, 0x8a, 0x00);
  const body = new Uint8Array(4 * Math.ceil(width / 16) * Math.ceil(height / 16));
  for (let at = 0; at < body.length; at += 4) body.set(blocks, at);
  return await new Blob([head, body, Uint8Array.of(0xff, 0xd9)]).bytes();
}

/** A progressive JPEG of 12 megapixels whose last scan is repeated a thousand times. */
export async function scanBomb(): Promise<Uint8Array<ArrayBuffer>> {
  const jpeg = await fixture("progressive.jpg");
  const view = new DataView(jpeg.buffer);
  const frame = findMarker(jpeg, 0xc2);
  view.setUint16(frame + 5, 3008);
  view.setUint16(frame + 7, 4000);
  const scan = jpeg.slice(findMarker(jpeg, 0xda), -2);
  return await new Blob([jpeg.slice(0, -2), ...new Array<typeof scan>(1000).fill(scan), jpeg.slice(-2)]).bytes();
}

/** A PNG of 8 MB for 8×8 pixels that decompresses to 8 GB. */
export async function inflationBomb(): Promise<Uint8Array<ArrayBuffer>> {
  return await new Blob([header(8, 8, { bits: 8, type: 6 }), chunk("IDAT", deflatedZeros(8000)), chunk("IEND")])
    .bytes();
}

/** A PNG that makes the decoder panic when it has allocated 200 MB. */
export async function panickingPng(): Promise<Uint8Array<ArrayBuffer>> {
  const data = Uint8Array.of(0x78, 0x9c, 0x63, 0x60, 0x60, 0x60);
  return await new Blob([header(5000, 5000, { bits: 16, type: 6 }), chunk("IDAT", data)]).bytes();
}

/** A valid PNG of 25 megapixels, all black: 3 kB. */
export async function blackPng(side = 5000): Promise<Uint8Array<ArrayBuffer>> {
  const rows = new Uint8Array(side * (1 + Math.ceil(side / 8)));
  return await new Blob([header(side, side, { bits: 1, type: 0 }), chunk("IDAT", deflateSync(rows)), chunk("IEND")])
    .bytes();
}
