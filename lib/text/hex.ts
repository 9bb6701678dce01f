/**
 * Bytes as text.
 *
 * @module
 */

/** Two hexadecimal digits a byte; `Uint8Array.prototype.toHex` is newer than the browsers that we promise. */
export function toHex(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += byte.toString(16).padStart(2, "0");
  return text;
}
