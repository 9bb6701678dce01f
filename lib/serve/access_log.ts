/**
 * One line for each request, and for what else an operator should know. What clients send is quoted and cut.
 *
 * @module
 */

/** How a log is written. */
export interface LogOptions {
  /** `json`: an object a line; `text`: `key=value`, for people; `off`: nothing. */
  readonly format: "json" | "text" | "off";
  /** `info`: all requests; `warn`: those that were not answered for want of room or time; `error`: our own failures. */
  readonly level: "info" | "warn" | "error";
}

/** The outcome of a request; times are in milliseconds. */
export interface RequestRecord {
  /** In the answer's `x-request-id` too. */
  readonly id: string;
  /** The address, or an IPv6 network of /64. */
  readonly client: string;
  /** As it came. */
  readonly method: string;
  /** As it came, without the query. */
  readonly path: string;
  /** Status of the response. */
  status: number;
  /** From the head of the request to the answer. */
  ms: number;
  /** Bytes of the body that were read. */
  bytes?: number;
  /** Which model was asked. */
  model?: string;
  /** How many there were. */
  images?: number;
  /** Until the last image was decoded, waiting included. */
  decode?: number;
  /** How long the last of them waited to be computed. */
  queue?: number;
  /** How long that took. */
  compute?: number;
  /** The exits taken. */
  exits?: readonly number[];
  /** Why it was refused. */
  reason?: string;
  /** Where we failed, with its stack. */
  defect?: string;
}

/** Characters of what a client sent that are kept. */
const MAX_TEXT = 120;
/** Characters of a defect's stack. */
const MAX_DEFECT = 4000;

/** The line for a request; undefined if it is not to be logged. */
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

/** The line for what an operator should know beside requests. */
export function noticeLine(message: string, { format }: Pick<LogOptions, "format">): string {
  return format === "json" ? JSON.stringify({ time: new Date().toISOString(), level: "warn", message }) : message;
}

const LEVELS = ["info", "warn", "error"] as const;

function levelOf({ status, defect }: RequestRecord): LogOptions["level"] {
  return defect !== undefined ? "error" : status === 503 || status === 408 ? "warn" : "info";
}
