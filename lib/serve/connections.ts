/**
 * Bounds the number of connections. If there are too many, one of the client with the most is closed.
 *
 * @module
 */

import type { Socket } from "node:net";
import { clientOf } from "./client.ts";
import type { Metrics } from "./metrics.ts";

interface State {
  readonly client: string;
  /** `idle`: no request yet, or between requests. Computing a response does not count as idle. */
  doing: "idle" | "receiving" | "answering";
  /** Sequence number of the last change. */
  turn: number;
}

/** Milliseconds for which a new connection without a request is kept open after the last one was accepted. */
const GRACE = 500;

/** Keeps track of connections. */
export class Connections {
  /** Whether the server is stopping. Each connection is then closed after its next response. */
  draining = false;
  readonly #max: number;
  readonly #metrics: Pick<Metrics, "connections" | "connectionsEnded">;
  readonly #states = new Map<Socket, State>();
  #turn = 0;

  /** Creates the list; `max`: maximum number of connections. */
  constructor(options: { readonly max: number; readonly metrics: Pick<Metrics, "connections" | "connectionsEnded"> }) {
    this.#max = options.max;
    this.#metrics = options.metrics;
  }

  /** Adds a new connection. If there are too many, it or another one is closed. */
  add(socket: Socket): void {
    const state: State = { client: clientOf(socket.remoteAddress ?? "-"), doing: "idle", turn: this.#turn++ };
    if (this.#states.size >= this.#max) {
      this.#metrics.connectionsEnded++;
      const victim = this.#victim(state.client) ?? socket;
      victim.destroy();
      this.#forget(victim);
      if (victim === socket) return;
    }
    this.#states.set(socket, state);
    this.#metrics.connections = this.#states.size;
    socket.on("error", () => socket.destroy());
    socket.on("close", () => this.#forget(socket));
  }

  /** The head of a request has arrived. */
  begin(socket: Socket): void {
    this.#change(socket, "receiving");
  }

  /** The request's body has arrived. */
  received(socket: Socket): void {
    if (this.#states.get(socket)?.doing === "receiving") this.#change(socket, "answering");
  }

  /** The request has been answered. */
  end(socket: Socket): void {
    this.#change(socket, "idle");
    if (this.draining) socket.end();
  }

  /** Closes idle connections. Newly accepted ones may still send one request. */
  endIdle(): void {
    setTimeout(() => {
      for (const [socket, { doing }] of this.#states) if (doing === "idle") socket.destroy();
    }, GRACE);
  }

  #change(socket: Socket, doing: State["doing"]): void {
    const state = this.#states.get(socket);
    if (state) Object.assign(state, { doing, turn: this.#turn++ });
  }

  #forget(socket: Socket): void {
    this.#states.delete(socket);
    this.#metrics.connections = this.#states.size;
  }

  /**
   * The connection to close: among those of the client with the most (including the new one), the one that has been
   * idle, or sending, for longest.
   */
  #victim(newcomer: string): Socket | undefined {
    const counts = new Map([[newcomer, 1]]);
    for (const { client } of this.#states.values()) counts.set(client, (counts.get(client) ?? 0) + 1);
    const [most] = [...counts].reduce((a, b) => b[1] > a[1] ? b : a);
    const theirs = [...this.#states].filter(([, { client }]) => client === most).sort(([, a], [, b]) =>
      a.turn - b.turn
    );
    const longest = (doing: State["doing"]) => theirs.find(([, state]) => state.doing === doing)?.[0];
    return longest("idle") ?? (most === newcomer ? undefined : longest("receiving"));
  }
}
