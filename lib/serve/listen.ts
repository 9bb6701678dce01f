/**
 * The server's socket: `node:http`, since `Deno.serve` of Deno 2.9 neither bounds connections nor ends idle ones, and its
 * process ends where a connection cannot be accepted for want of descriptors.
 *
 * @module
 */

import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { RanetError } from "../errors.ts";
import { clientOf } from "./client.ts";
import { Connections } from "./connections.ts";
import type { Metrics } from "./metrics.ts";
import { Refusal } from "./refusal.ts";

/** Where to listen, and for how long. Times in milliseconds. */
export interface ListenOptions {
  /** Name or address of the interface. */
  readonly hostname: string;
  /** 0 takes any free one. */
  readonly port: number;
  /** Most connections at a time. */
  readonly maxConnections: number;
  /** Until a request's head has come, from when the connection was made or the answer before. */
  readonly headerTimeout: number;
  /** Until a connection without a request is ended. */
  readonly idleTimeout: number;
  /** Until a request, body and all, has come. */
  readonly bodyTimeout: number;
  /** Whether `X-Forwarded-For` says who the client is. */
  readonly trustProxy: boolean;
  /** Told how many connections there are. */
  readonly metrics: Pick<Metrics, "connections" | "connectionsEnded">;
  /** Answers requests. */
  readonly handle: (request: Request, client: string) => Promise<Response>;
  /** Told what an operator should know. */
  readonly warn: (text: string) => void;
}

/** A socket that listens. */
export interface Listener {
  /** Where it can be reached. */
  readonly url: string;
  /** Takes no new connections; resolves once those that there are have ended, after their answers. */
  close(): Promise<void>;
}

/** How often connections are looked at, in milliseconds. */
const CHECK_EVERY = 500;
/** Bytes of a body that are read ahead: few, since else all that has come of it is taken before anybody else's turn. */
const READ_AHEAD = 1024;
/** How long a client may go on sending what was refused before it is cut off, so that it reads the answer first. */
const LINGER = 2000;
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
  const { hostname, metrics, warn } = options;
  const max = boundConnections(options);
  const connections = new Connections({ max, metrics });
  const server = createServer({
    headersTimeout: options.headerTimeout,
    keepAliveTimeout: options.idleTimeout,
    // The handler says why, if it is its turn; this is for what it does not read.
    requestTimeout: Math.max(options.headerTimeout, options.bodyTimeout) + LINGER,
    connectionsCheckingInterval: CHECK_EVERY,
    highWaterMark: READ_AHEAD,
  }, (request, response) => {
    answer(request, response, { ...options, connections }).catch((error) => {
      request.socket.destroy();
      warn(`Cannot answer: ${JSON.stringify((error as Error).stack)}`);
    });
  });
  server.on("connection", (socket) => connections.add(socket));
  server.on("clientError", (_error, socket) => {
    const head = "HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-type: application/json\r\n\r\n";
    if (socket.writable) socket.end(`${head}${JSON.stringify({ error: "Cannot read the request: it is no HTTP" })}`);
    setTimeout(() => socket.destroy(), LINGER);
  });
  const backlog = Math.min(max, MAX_BACKLOG);
  const port = await bind(server, { ...options, backlog });
  const watch = watchAccepting(server, { hostname, port, backlog, warn });
  return {
    url: `http://${hostname.includes(":") ? `[${hostname}]` : hostname}:${port}`,
    async close() {
      clearInterval(watch);
      const { promise, resolve } = Promise.withResolvers<void>();
      server.close(() => resolve());
      connections.drain();
      await promise;
    },
  };
}

/** Where to listen, and how many connections may wait to be accepted, as all of them then are at once. */
type Place = Pick<ListenOptions, "hostname" | "port"> & { readonly backlog: number };

async function bind(server: Server, { hostname, port, backlog }: Place): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", reject);
  try {
    server.listen(port, hostname, backlog, () => resolve());
    await promise;
  } catch (error) {
    throw new RanetError(`Cannot listen on ${hostname}, port ${port}: ${(error as Error).message}`);
  }
  server.removeListener("error", reject);
  return (server.address() as AddressInfo).port;
}

/**
 * As many connections as there are descriptors for, at most those asked for. As many again are left free: all that has
 * come at once is accepted before any that is to be ended is.
 */
function boundConnections({ maxConnections, hostname, warn }: ListenOptions): number {
  const wanted = 2 * maxConnections + RESERVED;
  const tried: Deno.Listener[] = [];
  try {
    while (tried.length < wanted) tried.push(Deno.listen({ hostname, port: 0 }));
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
 * In Deno 2.9, one `accept` that fails (the system may be out of descriptors, too) is the last. So where no connection has
 * come for a while, one is made, and if it is not accepted, the server listens anew.
 */
function watchAccepting(
  server: Server,
  { hostname, port, backlog, warn }: Place & Pick<ListenOptions, "warn">,
): ReturnType<typeof setInterval> {
  let quiet = true;
  let looking = false;
  server.on("connection", () => quiet = false);
  const look = async () => {
    if (!quiet || looking) return void (quiet = true);
    looking = true;
    try {
      using _probe = await Deno.connect({ hostname, port });
      // Bit by bit: where the process got no turn for a while, timers come before connections.
      for (let waited = 0; quiet && waited < WATCH_TIMEOUT; waited += CHECK_EVERY) {
        await new Promise((resolve) => setTimeout(resolve, CHECK_EVERY));
      }
      if (quiet && server.listening) {
        warn("Connections were no longer accepted: listening anew");
        await new Promise<void>((resolve) => {
          server.close();
          server.listen(port, hostname, backlog, resolve);
        });
      }
    } catch {
      // No descriptor for this one: next time.
    }
    looking = false;
  };
  return setInterval(() => void look(), WATCH_EVERY);
}

const MALFORMED = new Refusal(400, "Cannot read the request: its method, host or target is malformed");

async function answer(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  { handle, trustProxy, connections }: Pick<ListenOptions, "handle" | "trustProxy"> & { connections: Connections },
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
  const request = toRequest(incoming, gone.signal);
  const response = request ? await handle(request, client) : MALFORMED.response();
  if (connections.draining || !incoming.complete) response.headers.set("connection", "close");
  const body = await response.bytes();
  outgoing.writeHead(response.status, { ...Object.fromEntries(response.headers), "content-length": body.length });
  outgoing.end(body, () => connections.end(socket));
  if (incoming.complete) return;
  // Ended at once, the connection would be reset, and the answer lost on its way.
  incoming.on("error", () => {}).resume();
  setTimeout(() => socket.destroy(), LINGER);
}

/** Undefined where the host or the target is malformed, or the method is one that `Request` forbids. */
function toRequest(incoming: IncomingMessage, signal: AbortSignal): Request | undefined {
  const { method = "GET", url = "/", headersDistinct } = incoming;
  const target = URL.parse(url, `http://${incoming.headers.host ?? "localhost"}`);
  if (!target) return undefined;
  const headers = new Headers();
  for (const [name, values] of Object.entries(headersDistinct)) {
    for (const value of values ?? []) headers.append(name, value);
  }
  const body = method === "GET" || method === "HEAD" ? undefined : ReadableStream.from(incoming);
  try {
    return new Request(target, { method, headers, body, signal });
  } catch {
    return undefined;
  }
}
