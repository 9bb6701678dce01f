/**
 * The place where a server listens: an address and a port, or a Unix socket.
 *
 * @module
 */

import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { RanetError } from "../errors.ts";

/** Where to listen. */
export interface Place {
  /** Host name or address of the interface, or `unix:` and the path of a socket. */
  readonly hostname: string;
  /** TCP port; 0 for any free one. A Unix socket has none. */
  readonly port: number;
}

/** The path of a Unix socket; `undefined` if the place has a port. */
export function socketPath({ hostname }: Place): string | undefined {
  return hostname.startsWith("unix:") ? hostname.slice("unix:".length) : undefined;
}

/** The place as a URL. */
export function placeUrl({ hostname, port }: Place): string {
  if (hostname.startsWith("unix:")) return hostname;
  return `http://${hostname.includes(":") ? `[${hostname}]` : hostname}:${port}`;
}

/** Connects to the place. */
export async function connectTo(place: Place): Promise<Disposable> {
  const path = socketPath(place);
  return path === undefined ? await Deno.connect(place) : await Deno.connect({ transport: "unix", path });
}

/**
 * Makes a server listen.
 *
 * @returns The place, with the actual port.
 * @throws {RanetError} If the system refuses.
 */
export async function bind(server: Server, place: Place, backlog: number): Promise<Place> {
  const path = socketPath(place);
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", reject);
  try {
    if (path === undefined) server.listen(place.port, place.hostname, backlog, () => resolve());
    else {
      await removeAbandoned(place, path);
      server.listen({ path, backlog }, () => resolve());
    }
    await promise;
  } catch (error) {
    const where = path === undefined ? `${place.hostname}, port ${place.port}` : place.hostname;
    throw new RanetError(`Cannot listen on ${where}: ${(error as Error).message}`);
  }
  server.removeListener("error", reject);
  return path === undefined ? { ...place, port: (server.address() as AddressInfo).port } : place;
}

/** Removes the socket file that a killed server has left. */
async function removeAbandoned(place: Place, path: string): Promise<void> {
  const found = await Deno.lstat(path).catch(() => undefined);
  if (!found?.isSocket) return;
  try {
    using _other = await connectTo(place);
  } catch (error) {
    if (error instanceof Deno.errors.ConnectionRefused) await Deno.remove(path);
  }
}
