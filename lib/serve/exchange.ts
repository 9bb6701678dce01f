/**
 * One request on a connection, and its response.
 *
 * @module
 */

import type { IncomingMessage, ServerResponse } from "node:http";
import { clientOf } from "./client.ts";
import type { Connections } from "./connections.ts";
import { Refusal } from "./refusal.ts";
import { requestBody, turns } from "./request_body.ts";

/** Options of {@linkcode exchange}. */
export interface ExchangeOptions {
  /** Whether `X-Forwarded-For` is trusted for the client's address. */
  readonly trustProxy: boolean;
  /**
   * Milliseconds for which a client may continue to send a refused body. Many clients do not read the response before
   * they have sent everything.
   */
  readonly linger: number;
  /** Answers requests. */
  readonly handle: (request: Request, client: string) => Promise<Response>;
}

/** Milliseconds until a closed connection is destroyed. */
const CUT_AFTER = 500;

const MALFORMED = new Refusal(400, "Cannot read the request: its method, host or target is malformed");

/**
 * Answers a request.
 *
 * @param mayWait Whether the client waits for a response before it sends the body (`Expect: 100-continue`).
 */
export async function exchange(
  [incoming, outgoing]: readonly [IncomingMessage, ServerResponse],
  { handle, trustProxy, linger, connections, mayWait }: ExchangeOptions & {
    readonly connections: Connections;
    readonly mayWait: boolean;
  },
): Promise<void> {
  const { socket } = incoming;
  connections.begin(socket);
  const gone = new AbortController();
  outgoing.on("close", () => {
    if (!outgoing.writableFinished) gone.abort();
  });
  incoming.on("end", () => connections.received(socket));
  const forwarded = trustProxy ? incoming.headers["x-forwarded-for"] : undefined;
  const client = clientOf(socket.remoteAddress ?? "-", Array.isArray(forwarded) ? forwarded.join() : forwarded);
  const body = requestBody(incoming, () => {
    if (mayWait) outgoing.writeContinue();
  });
  const request = toRequest(incoming, body, gone.signal);
  const response = request ? await handle(request, client) : MALFORMED.response();
  if (connections.draining || !incoming.complete) response.headers.set("connection", "close");
  const answer = await response.bytes();
  const headers = Object.fromEntries(response.headers);
  const hasBody = response.status !== 204;
  outgoing.writeHead(response.status, hasBody ? { ...headers, "content-length": answer.length } : headers);
  const done = () => connections.end(socket);
  if (incoming.complete) return void outgoing.end(hasBody ? answer : undefined, done);
  if (hasBody) outgoing.write(answer);
  else outgoing.flushHeaders();
  await discard(incoming, linger);
  outgoing.end(done);
  setTimeout(() => socket.destroy(), CUT_AFTER);
}

/**
 * Reads the rest of a request that has been answered, up to its end or a time limit. If the connection were closed
 * earlier, it would be reset and the response lost.
 */
async function discard(incoming: IncomingMessage, ms: number): Promise<void> {
  const over = Promise.withResolvers<void>();
  const timer = setTimeout(over.resolve, ms);
  for (const event of ["end", "close", "error"]) incoming.on(event, () => over.resolve());
  const turn = turns(incoming);
  incoming.on("data", turn.count).resume();
  await over.promise;
  clearTimeout(timer);
}

/** Converts a request; `undefined` if the host or the target is malformed, or `Request` forbids the method. */
function toRequest(
  { method = "GET", url = "/", headers: { host = "localhost" }, headersDistinct }: IncomingMessage,
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
  signal: AbortSignal,
): Request | undefined {
  const target = URL.parse(url, `http://${host}`);
  if (!target) return undefined;
  const headers = new Headers();
  for (const [name, values] of Object.entries(headersDistinct)) {
    for (const value of values ?? []) headers.append(name, value);
  }
  try {
    return new Request(target, { method, headers, body: hasBody(method) ? body : undefined, signal });
  } catch {
    return undefined;
  }
}

function hasBody(method: string): boolean {
  return method !== "GET" && method !== "HEAD";
}
