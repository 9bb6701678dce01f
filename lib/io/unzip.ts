/**
 * Files out of zip archives, in bounded memory. Nothing is taken on trust: neither what an archive says of its sizes, nor
 * its names.
 *
 * @module
 */

import { unzipSync } from "fflate";
import { RanetError } from "../errors.ts";
import { crc32, readChecksums } from "./zip_checksums.ts";

/** Archives of more files are refused. */
const MAX_ENTRIES = 100_000;

/** An archive's file, as its directory has it. */
export interface ZipEntry {
  /** Its path in the archive. */
  readonly name: string;
  /** Bytes that it takes in the archive. */
  readonly packed: number;
  /** Bytes that it says that it has. */
  readonly size: number;
  /** Whether it lies there as it is. */
  readonly isStored: boolean;
}

/** Which files are wanted. */
export interface UnzipOptions {
  /** Says whether a file is; may throw an error of its own. */
  readonly want: (entry: ZipEntry) => boolean;
  /** Most bytes that the wanted files may have together. */
  readonly maxBytes: number;
}

/**
 * Unpacks the wanted files of an archive.
 *
 * @param bytes The whole archive.
 * @returns Them, by path.
 * @throws {RanetError} If the archive is damaged or cut short, has a wanted file twice, or one too large; the message says
 * what `its zip archive` has done.
 */
export function unzip(bytes: Uint8Array, { want, maxBytes }: UnzipOptions): Map<string, Uint8Array> {
  const sizes = new Map<string, number>();
  let entries = 0;
  let total = 0;
  let files: Record<string, Uint8Array>;
  try {
    files = unzipSync(bytes, {
      filter: ({ name, size, originalSize, compression }) => {
        if (++entries > MAX_ENTRIES) throw new RanetError(`its zip archive has over ${MAX_ENTRIES} entries`);
        if (!want({ name, packed: size, size: originalSize, isStored: compression === 0 })) return false;
        if (sizes.has(name)) throw new RanetError(`its zip archive has ${JSON.stringify(name)} twice`);
        sizes.set(name, originalSize);
        if ((total += originalSize) > maxBytes) {
          throw new RanetError(`its zip archive claims to hold more than ${maxBytes} bytes; is it cut short?`);
        }
        return true;
      },
    });
  } catch (error) {
    if (error instanceof RanetError) throw error;
    throw new RanetError(`its zip archive is damaged or cut short (${(error as Error).message})`, { cause: error });
  }
  const checksums = readChecksums(bytes);
  for (const [name, size] of sizes) {
    if (files[name].length !== size) throw new RanetError(`its zip entry ${JSON.stringify(name)} is cut short`);
    if (crc32(files[name]) !== checksums.get(name)) {
      throw new RanetError(`its zip entry ${JSON.stringify(name)} is damaged: its checksum is another one`);
    }
  }
  return new Map([...sizes.keys()].map((name) => [name, files[name]]));
}
