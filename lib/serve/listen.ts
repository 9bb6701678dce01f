/**
 * The server's socket. It uses `node:http`, because `Deno.serve` of Deno 2.9 neither limits connections nor closes idle
 * ones, and exits if it cannot accept a connection for lack of file descriptors.
 *
 * @module
 */

import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { RanetError } from "../errors.ts";
import { Connections } from "./connections.ts";
import { exchange, type ExchangeOptions } from "./exchange.ts";
import type { Metrics } from "./metrics.ts";
import { bind, connectTo, type Place, placeUrl } from "./place.ts";

/** Where to listen, and timeouts in milliseconds. */
export interface ListenOptions extends Place, ExchangeOptions {
  /** Maximum number of connections. */
  readonly maxConnections: number;
  /** Time within which a request's head must arrive, counted from the connection's start or its last response. */
  readonly headerTimeout: number;
  /** Time after which a connection without a request is closed. */
  readonly idleTimeout: number;
  /** Time within which a whole request, including its body, must arrive. */
  readonly bodyTimeout: number;
  /** Counts connections. */
  readonly metrics: Pick<Metrics, "connections" | "connectionsEnded">;
  /** Called with messages for the operator. */
  readonly warn: (text: string) => void;
}

/** A listening socket. */
export interface Listener {
  /** Its address. */
  readonly url: string;
  /**
   * Accepts connections for this many more milliseconds, each for one request, then none. Resolves once all connections
   * have been closed after their responses.
   */
  close(drain?: number): Promise<void>;
}

/** Interval in milliseconds at which timeouts are checked. */
const CHECK_EVERY = 500;
/**
 * Bytes of a body that are read ahead. With more, all of the data that has arrived would be read before other
 * connections have their turn.
 */
const READ_AHEAD = 1024;
/** The usual maximum. */
const MAX_BACKLOG = 511;
/** File descriptors that are reserved for workers, files and the device. */
const RESERVED = 64;

/**
 * Starts to listen.
 *
 * @throws {RanetError} If the system refuses.
 */
export async function listen(options: ListenOptions): Promise<Listener> {
  const { metrics, warn } = options;
  const max = boundConnections(options);
  const connections = new Connections({ max, metrics });
  const answer = (mayWait: boolean) => (incoming: IncomingMessage, outgoing: ServerResponse) => {
    exchange([incoming, outgoing], { ...options, connections, mayWait }).catch((error) => {
      incoming.socket.destroy();
      warn(`Cannot answer: ${JSON.stringify((error as Error).stack)}`);
    });
  };
  const server = createServer({
    headersTimeout: options.headerTimeout,
    keepAliveTimeout: options.idleTimeout,
    // If the request reaches the handler, it sends its own error; this one is for requests that cannot be parsed.
    requestTimeout: Math.max(options.headerTimeout, options.bodyTimeout) + options.linger,
    connectionsCheckingInterval: CHECK_EVERY,
    highWaterMark: READ_AHEAD,
  }, answer(false));
  server.on("checkContinue", answer(true));
  server.on("connection", (socket) => connections.add(socket));
  server.on("clientError", (_error, socket) => {
    const head = "HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-type: application/json\r\n\r\n";
    if (socket.writable) socket.end(`${head}${JSON.stringify({ error: "Cannot read the request: it is not HTTP" })}`);
    setTimeout(() => socket.destroy(), CUT_MALFORMED);
  });
  const backlog = Math.min(max, MAX_BACKLOG);
  const place = await bind(server, { hostname: options.hostname, port: options.port }, backlog);
  const watch = watchAccepting(server, { ...place, backlog, warn });
  return {
    url: placeUrl(place),
    async close(drain = 0) {
      connections.draining = true;
      await pause(drain);
      clearInterval(watch);
      await acceptAll(server);
      const { promise, resolve } = Promise.withResolvers<void>();
      server.close(() => resolve());
      connections.endIdle();
      await promise;
    },
  };
}

/** Milliseconds until a connection that sent something other than HTTP is closed. */
const CUT_MALFORMED = 2000;

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Maximum number of checks for connections that wait to be accepted. There may always be more. */
const MAX_LOOKS = 50;

/** Waits until no connection is left in the system's queue. Those would be reset. */
async function acceptAll(server: Server): Promise<void> {
  let accepted = true;
  const note = () => accepted = true;
  server.on("connection", note);
  for (let looks = 0; accepted && looks < MAX_LOOKS; looks++) {
    accepted = false;
    await pause(1);
  }
  server.off("connection", note);
}

/**
 * The number of connections for which there are file descriptors, up to the requested maximum. Twice as many
 * descriptors are needed, because all connections that arrive together are accepted before excess ones are closed.
 */
function boundConnections({ maxConnections, warn }: ListenOptions): number {
  const wanted = 2 * maxConnections + RESERVED;
  const tried: Deno.Listener[] = [];
  try {
    while (tried.length < wanted) tried.push(Deno.listen({ hostname: "127.0.0.1", port: 0 }));
    return maxConnections;
  } catch (error) {
    if ((error as { code?: string }).code !== "EMFILE") return maxConnections; // binding will give the error
    const found = Math.floor((tried.length - RESERVED) / 2);
    if (found < 1) {
      throw new RanetError(
        `Cannot serve: only ${tried.length} file descriptors are left, and ${RESERVED} are reserved; ` +
          "raise the limit (ulimit -n)",
      );
    }
    warn(`At most ${found} connections, not ${maxConnections}: there are too few file descriptors (ulimit -n)`);
    return found;
  } finally {
    for (const listener of tried) listener.close();
  }
}

/** Interval in milliseconds at which accepting is tested. */
const WATCH_EVERY = 5000;
/** Timeout of the test in milliseconds. */
const WATCH_TIMEOUT = 2000;

/**
 * In Deno 2.9, no connection is accepted after one `accept` has failed, for example because the system is out of file
 * descriptors. Therefore, if no connection has arrived for a while, the server connects to itself; if that is not
 * accepted, it listens again.
 */
function watchAccepting(
  server: Server,
  { backlog, warn, ...place }: Place & Pick<ListenOptions, "warn"> & { readonly backlog: number },
): ReturnType<typeof setInterval> {
  let quiet = true;
  let looking = false;
  server.on("connection", () => quiet = false);
  const look = async () => {
    if (!quiet || looking) return void (quiet = true);
    looking = true;
    try {
      using _probe = await connectTo(place);
      // In small steps: after the process was blocked for a while, timers fire before connections are accepted.
      for (let waited = 0; quiet && waited < WATCH_TIMEOUT; waited += CHECK_EVERY) {
        await pause(CHECK_EVERY);
      }
      if (quiet && server.listening) {
        warn("Connections were no longer accepted: listening again");
        server.close();
        await bind(server, place, backlog);
      }
    } catch {
      // There is no file descriptor for the test. It is repeated later.
    }
    looking = false;
  };
  return setInterval(() => void look(), WATCH_EVERY);
}
