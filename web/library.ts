/**
 * The library as a plain ES module for browsers, `ranet.js`: all of `mod.ts`, `spec.ts` and `weights.ts`. Specs and
 * weights are fetched from beside it; others are given as URLs, because there are no files.
 *
 * @module
 */

import { config } from "zod";

export * from "../mod.ts";
export * from "../spec.ts";
export * from "../weights.ts";

// Pages that forbid `eval` would report the attempt.
config({ jitless: true });
