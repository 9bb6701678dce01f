/**
 * The server's socket: `node:http`, since `Deno.serve` of Deno 2.9 neither bounds connections nor ends idle ones, and
 * its process ends where a connection cannot be accepted for want of descriptors.
 *
 * @module
 */

import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { RanetError } from "../errors.ts";
import { Connections } from "./connections.ts";
import { exchange, type ExchangeOptions } from "./exchange.ts";
import type { Metrics } from "./metrics.ts";
import { bind, connectTo, type Place, placeUrl } from "./place.ts";

/** Where to listen, and for how long. Times in milliseconds. */
export interface ListenOptions extends Place, ExchangeOptions {
  /** Most connections at a time. */
  readonly maxConnections: number;
  /** Until a request's head has come, from when the connection was made or the answer before. */
  readonly headerTimeout: number;
  /** Until a connection without a request is ended. */
  readonly idleTimeout: number;
  /** Until a request, body and all, has come. */
  readonly bodyTimeout: number;
  /** Told how many connections there are. */
  readonly metrics: Pick<Metrics, "connections" | "connectionsEnded">;
  /** Told what an operator should know. */
  readonly warn: (text: string) => void;
}

/** A socket that listens. */
export interface Listener {
  /** Where it can be reached. */
  readonly url: string;
  /**
   * Takes connections for so many milliseconds more, each for one request, then none; resolves once those that there
   * are have ended, after their answers.
   */
  close(drain?: number): Promise<void>;
}

/** How often connections are looked at, in milliseconds. */
const CHECK_EVERY = 500;
/** Bytes of a body that are read ahead: few, since else all that has come of it is taken before anybody else's turn. */
const READ_AHEAD = 1024;
/** As usual. */
const MAX_BACKLOG = 511;
/** Descriptors that are kept for workers, files and the device. */
const RESERVED = 64;

/**
 * Listens.
 *
 * @throws {RanetError} If the system does not let it.
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
    // The handler says why, if it is its turn; this is for what it does not read.
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

/** Milliseconds until a connection is closed that sent something other than HTTP. */
const CUT_MALFORMED = 2000;

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** How often it is looked for connections that wait to be accepted, at most: there may always be more. */
const MAX_LOOKS = 50;

/** Waits until the system holds no connection that has been made and not been accepted: they would be reset. */
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
 * As many connections as there are descriptors for, at most those asked for. As many again are left free: all that has
 * come at once is accepted before any that is to be ended is.
 */
function boundConnections({ maxConnections, warn }: ListenOptions): number {
  const wanted = 2 * maxConnections + RESERVED;
  const tried: Deno.Listener[] = [];
  try {
    while (tried.length < wanted) tried.push(Deno.listen({ hostname: "127.0.0.1", port: 0 }));
    return maxConnections;
  } catch (error) {
    if ((error as { code?: string }).code !== "EMFILE") return maxConnections; // binding will say what is wrong
    const found = Math.floor((tried.length - RESERVED) / 2);
    if (found < 1) {
      throw new RanetError(
        `Cannot serve: there are only ${tried.length} file descriptors left, ${RESERVED} are kept for other things; ` +
          "raise the limit (ulimit -n)",
      );
    }
    warn(`Only ${found} connections at a time, not ${maxConnections}: file descriptors are scarce (ulimit -n)`);
    return found;
  } finally {
    for (const listener of tried) listener.close();
  }
}

/** How often it is made sure that connections are accepted. */
const WATCH_EVERY = 5000;
/** How long that may take. */
const WATCH_TIMEOUT = 2000;

/**
 * In Deno 2.9, one `accept` that fails (the system may be out of descriptors, too) is the last. So where no connection
 * has come for a while, one is made, and if it is not accepted, the server listens again.
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
      // Bit by bit: where the process got no turn for a while, timers come before connections.
      for (let waited = 0; quiet && waited < WATCH_TIMEOUT; waited += CHECK_EVERY) {
        await pause(CHECK_EVERY);
      }
      if (quiet && server.listening) {
        warn("Connections were no longer accepted: listening again");
        server.close();
        await bind(server, place, backlog);
      }
    } catch {
      // No descriptor for this one: next time.
    }
    looking = false;
  };
  return setInterval(() => void look(), WATCH_EVERY);
}
