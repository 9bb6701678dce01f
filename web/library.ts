/**
 * The library as a plain ES module for browsers, `ranet.js`: all of `mod.ts`, `spec.ts` and `weights.ts`. Bundled specs
 * and weights are fetched from its folder. Others are given as URLs, because browsers have no files.
 *
 * @module
 */

import { config } from "zod";

export * from "../mod.ts";
export * from "../spec.ts";
export * from "../weights.ts";

// Pages whose policy forbids `eval` would report the attempt.
config({ jitless: true });
