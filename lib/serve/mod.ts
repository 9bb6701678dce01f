/**
 * Classification over HTTP.
 *
 * @module
 */

export { logLine } from "./access_log.ts";
export { listen } from "./listen.ts";
export { createHandler } from "./server.ts";
