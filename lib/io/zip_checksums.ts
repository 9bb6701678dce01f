/**
 * Checksums of a zip archive's files, which fflate 0.8.3 does not verify.
 *
 * @module
 */

/** Signatures of the archive's last record, of the record before it in large archives, and of a file's entry. */
const END = 0x06054b50;
const END_64 = 0x06064b50;
const ENTRY = 0x02014b50;
/** Length of the last record in bytes. A comment of up to 64 KiB may follow. */
const END_BYTES = 22;
const MAX_COMMENT = 0xffff;
/** Length of an entry in bytes before its name. */
const ENTRY_BYTES = 46;
/** Length in bytes of the locator between the last two records. */
const LOCATOR_BYTES = 20;

/** The CRC-32 of each file by name, from the archive's directory; empty if the directory cannot be read. */
export function readChecksums(bytes: Uint8Array): Map<string, number> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const checksums = new Map<string, number>();
  try {
    let at = directoryStart(view);
    while (view.getUint32(at, true) === ENTRY) {
      const name = bytes.subarray(at + ENTRY_BYTES, at + ENTRY_BYTES + view.getUint16(at + 28, true));
      checksums.set(new TextDecoder().decode(name), view.getUint32(at + 16, true));
      at += ENTRY_BYTES + name.length + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
    }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error; // otherwise the directory is truncated
  }
  return checksums;
}

function directoryStart(view: DataView): number {
  const last = view.byteLength - END_BYTES;
  for (let at = last; at >= Math.max(0, last - MAX_COMMENT); at--) {
    if (view.getUint32(at, true) !== END) continue;
    const start = view.getUint32(at + 16, true);
    if (start !== 0xffffffff) return start;
    const end64 = Number(view.getBigUint64(at - LOCATOR_BYTES + 8, true));
    if (view.getUint32(end64, true) !== END_64) break;
    return Number(view.getBigUint64(end64 + 48, true));
  }
  return view.byteLength;
}

/** CRC-32 lookup table by byte. */
const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  return crc;
});

/** The CRC-32 of bytes as used in zip (ISO 3309). */
export function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (let i = 0; i < bytes.length; i++) crc = (crc >>> 8) ^ TABLE[(crc ^ bytes[i]) & 0xff];
  return ~crc >>> 0;
}
