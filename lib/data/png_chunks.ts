/**
 * The chunks of a PNG file.
 *
 * @module
 */

/** A chunk. */
export interface PngChunk {
  /** Its type, four letters. */
  readonly type: string;
  /** The whole chunk: length, type, content and checksum. Shorter if the file ends inside it. */
  readonly whole: Uint8Array;
  /** Whether it is complete. */
  readonly complete: boolean;
}

/** Chunks that pixels depend on. Others are omitted, because a compressed colour profile may decompress to any size. */
const NEEDED = ["IHDR", "PLTE", "tRNS", "IDAT"];
/** Bytes before the first chunk. */
const SIGNATURE = 8;
/** The last chunk of every file. */
const END = Uint8Array.of(0, 0, 0, 0, 0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82);

/**
 * The chunks that pixels depend on, up to the end of the file or its first invalid chunk, plus an end chunk.
 */
export function neededParts(bytes: Uint8Array): Uint8Array<ArrayBuffer>[] {
  const needed = pngChunks(bytes).filter(({ type }) => NEEDED.includes(type));
  return [bytes.subarray(0, SIGNATURE), ...needed.map(({ whole }) => whole), END] as Uint8Array<ArrayBuffer>[];
}

/** Whether a file lacks its last chunk, which only marks the end of the file. */
export function lacksEnd(bytes: Uint8Array): boolean {
  const last = pngChunks(bytes).at(-1);
  return last?.type !== "IEND" || !last.complete;
}

/** A file's EXIF data. */
export function pngExif(bytes: Uint8Array): Uint8Array | undefined {
  return pngChunks(bytes).find(({ type }) => type === "eXIf")?.whole.subarray(8, -4);
}

/** A file's chunks up to the last, the end of the file, or the first invalid chunk. */
export function pngChunks(bytes: Uint8Array): PngChunk[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const found = [];
  let type = "";
  for (let at = SIGNATURE; at + 8 <= bytes.length && type !== "IEND";) {
    const end = at + 12 + view.getUint32(at);
    type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    found.push({ type, whole: bytes.subarray(at, end), complete: end <= bytes.length });
    at = end;
  }
  return found;
}
