/**
 * Counts files in folders of images that are not images.
 *
 * @module
 */

import { extname } from "node:path";

/** Number of kinds that are named. */
const MAX_KINDS = 10;

/** Counts files, and collects the extensions of their names. */
export class PassedOver {
  readonly #kinds = new Set<string>();
  #count = 0;

  /** Counts one file. */
  add(name: string): void {
    this.#count++;
    this.#kinds.add(extname(name).toLowerCase() || "without an extension");
  }

  /** A description: `ignored 12 files: .heic, .jxl`; `undefined` if there were none. */
  describe(): string | undefined {
    if (this.#count === 0) return undefined;
    const kinds = [...this.#kinds].sort();
    const named = kinds.slice(0, MAX_KINDS).join(", ") + (kinds.length > MAX_KINDS ? ", …" : "");
    return `ignored ${this.#count} ${this.#count === 1 ? "file" : "files"}: ${named}`;
  }
}
