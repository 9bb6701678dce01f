/**
 * What a validated architecture is: every default filled in, every rule resolved. Made only by `parseSpec`.
 *
 * @module
 */

import type { MsdnetSpec } from "./msdnet/architecture.ts";
import type { RanetSpec } from "./ranet/architecture.ts";

/** A complete, consistent architecture, of one of the families. */
export type ArchitectureSpec = RanetSpec | MsdnetSpec;
