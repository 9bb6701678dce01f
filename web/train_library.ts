/**
 * Training as a plain ES module for browsers, `ranet-train.js`: all of `train.ts`. It needs `ranet.js` in the same
 * folder, whose error class it uses.
 *
 * @module
 */

import { config } from "zod";

export * from "../train.ts";

// Pages whose policy forbids `eval` would report the attempt.
config({ jitless: true });
