/**
 * Classification over HTTP.
 *
 * @module
 */

export { logLine, noticeLine } from "./access_log.ts";
export { listen } from "./listen.ts";
export { createHandler } from "./server.ts";
