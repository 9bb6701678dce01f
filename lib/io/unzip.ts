/**
 * Extracts files from zip archives in bounded memory. The sizes and names in an archive are not trusted.
 *
 * @module
 */

import { unzipSync } from "fflate";
import { RanetError } from "../errors.ts";
import { crc32, readChecksums } from "./zip_checksums.ts";

/** Archives with more files are refused. */
const MAX_ENTRIES = 100_000;

/** A file in an archive, as described by the archive's directory. */
export interface ZipEntry {
  /** Its path in the archive. */
  readonly name: string;
  /** Compressed size in bytes. */
  readonly packed: number;
  /** Stated decompressed size in bytes. */
  readonly size: number;
  /** Whether it is stored uncompressed. */
  readonly isStored: boolean;
}

/** Which files to extract. */
export interface UnzipOptions {
  /** Returns whether to extract a file. May throw its own error. */
  readonly want: (entry: ZipEntry) => boolean;
  /** Maximum total size of the extracted files in bytes. */
  readonly maxBytes: number;
}

/**
 * Extracts files from an archive.
 *
 * @param bytes The whole archive.
 * @returns The files by path.
 * @throws {RanetError} If the archive is damaged or truncated, has one of the files twice, or the files are too large.
 * The message is a sentence about `its zip archive`.
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
          throw new RanetError(`its zip archive claims to contain more than ${maxBytes} bytes; it may be truncated`);
        }
        return true;
      },
    });
  } catch (error) {
    if (error instanceof RanetError) throw error;
    throw new RanetError(`its zip archive is damaged or truncated (${(error as Error).message})`, { cause: error });
  }
  const checksums = readChecksums(bytes);
  for (const [name, size] of sizes) {
    if (files[name].length !== size) throw new RanetError(`its zip entry ${JSON.stringify(name)} is truncated`);
    if (crc32(files[name]) !== checksums.get(name)) {
      throw new RanetError(`its zip entry ${JSON.stringify(name)} is damaged: its checksum does not match`);
    }
  }
  return new Map([...sizes.keys()].map((name) => [name, files[name]]));
}
