/**
 * Writes parts of PNG files, including invalid ones.
 *
 * @module
 */
import { constants, crc32, deflateRawSync } from "node:zlib";

/** Signature and header of a file. The colour type is that of the PNG specification. */
export function header(
  width: number,
  height: number,
  { bits, type, interlaced = false }: { bits: number; type: number; interlaced?: boolean },
): Uint8Array<ArrayBuffer> {
  const data = new Uint8Array(13);
  const view = new DataView(data.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  data.set([bits, type, 0, 0, Number(interlaced)], 8);
  const signature = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);
  return Uint8Array.from([...signature, ...chunk("IHDR", data)]);
}

/** A chunk with its checksum. */
export function chunk(type: string, data: Uint8Array = new Uint8Array()): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(12 + data.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, data.length);
  bytes.set(new TextEncoder().encode(type), 4);
  bytes.set(data, 8);
  view.setUint32(8 + data.length, crc32(bytes.subarray(4, 8 + data.length)));
  return bytes;
}

/** Megabytes of zeros, compressed as in PNG, without the final checksum. */
export function deflatedZeros(megabytes: number): Uint8Array<ArrayBuffer> {
  const options = { finishFlush: constants.Z_SYNC_FLUSH };
  const one = deflateRawSync(new Uint8Array(1e6), options);
  return Uint8Array.from([[0x78, 0x9c], ...new Array<Uint8Array>(megabytes).fill(one)].flatMap((part) => [...part]));
}
