/**
 * Log lines for requests and for other events that an operator should know. Text from clients is quoted and truncated.
 *
 * @module
 */

/** Options of the log. */
export interface LogOptions {
  /** `json`: one object per line; `text`: readable `key=value` pairs; `off`: no log. */
  readonly format: "json" | "text" | "off";
  /** `info`: all requests; `warn`: requests refused because of load or timeouts; `error`: internal errors. */
  readonly level: "info" | "warn" | "error";
}

/** The outcome of a request; times are in milliseconds. */
export interface RequestRecord {
  /** Id of the request, also sent as `x-request-id`. */
  readonly id: string;
  /** IP address of the client; of IPv6, the /64 network. */
  readonly client: string;
  /** HTTP method, as received. */
  readonly method: string;
  /** Path as received, without the query. */
  readonly path: string;
  /** HTTP status of the response. */
  status: number;
  /** Time from the head of the request to the response. */
  ms: number;
  /** Bytes of the body that were read. */
  bytes?: number;
  /** Name of the model. */
  model?: string;
  /** Number of images. */
  images?: number;
  /** Time until the last image was decoded, including waiting. */
  decode?: number;
  /** Time for which the last image waited for its batch. */
  queue?: number;
  /** Time to compute the batch. */
  compute?: number;
  /** Exit of each image. */
  exits?: readonly number[];
  /** Why the request was refused. */
  reason?: string;
  /** Internal error, with its stack. */
  defect?: string;
}

/** Most characters of a text from a client. */
const MAX_TEXT = 120;
/** Most characters of an internal error's stack. */
const MAX_DEFECT = 4000;

/** The line for a request; `undefined` if the level excludes it. */
export function logLine(record: RequestRecord, { format, level }: LogOptions): string | undefined {
  if (format === "off" || LEVELS.indexOf(levelOf(record)) < LEVELS.indexOf(level)) return undefined;
  const { method, path, defect, ms, decode, queue, compute, ...rest } = record;
  const times = Object.entries({ ms, decode, queue, compute }).map(([key, time]) => [key, time && Math.round(time)]);
  const fields = {
    time: new Date().toISOString(),
    level: levelOf(record),
    ...rest,
    method: method.slice(0, MAX_TEXT),
    path: path.slice(0, MAX_TEXT),
    ...Object.fromEntries(times),
    defect: defect?.slice(0, MAX_DEFECT),
  };
  if (format === "json") return JSON.stringify(fields);
  return Object.entries(fields).filter(([, value]) => value !== undefined)
    .map(([key, value]) => `${key}=${/^[\w.:/-]*$/.test(String(value)) ? value : JSON.stringify(String(value))}`)
    .join(" ");
}

/** The line for an event other than a request. */
export function noticeLine(message: string, { format }: Pick<LogOptions, "format">): string {
  return format === "json" ? JSON.stringify({ time: new Date().toISOString(), level: "warn", message }) : message;
}

const LEVELS = ["info", "warn", "error"] as const;

function levelOf({ status, defect }: RequestRecord): LogOptions["level"] {
  return defect !== undefined ? "error" : status === 503 || status === 408 ? "warn" : "info";
}
