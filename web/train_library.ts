/**
 * Training as a plain ES module for browsers, `ranet-train.js`: all of `train.ts`. It needs `ranet.js` beside it, whose
 * errors it throws.
 *
 * @module
 */

import { config } from "zod";

export * from "../train.ts";

// Pages that forbid `eval` would report the attempt.
config({ jitless: true });
