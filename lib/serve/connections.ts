/**
 * The connections of a server, bounded: where there are too many, the client that has most of them loses one.
 *
 * @module
 */

import type { Socket } from "node:net";
import { clientOf } from "./client.ts";
import type { Metrics } from "./metrics.ts";

interface State {
  readonly client: string;
  /** `idle`: between requests, or before the first has come whole; its answer may take its time. */
  doing: "idle" | "receiving" | "answering";
  /** Order of the last change. */
  turn: number;
}

/** After the last connection was taken, how long one is waited for that has sent no request yet, in milliseconds. */
const GRACE = 500;

/** Keeps track of connections. */
export class Connections {
  /** Whether the server is stopping: a connection ends with its next answer. */
  draining = false;
  readonly #max: number;
  readonly #metrics: Pick<Metrics, "connections" | "connectionsEnded">;
  readonly #states = new Map<Socket, State>();
  #turn = 0;

  /** Makes it; `max`: most connections. */
  constructor(options: { readonly max: number; readonly metrics: Pick<Metrics, "connections" | "connectionsEnded"> }) {
    this.#max = options.max;
    this.#metrics = options.metrics;
  }

  /** A connection has been made; where there are too many, it or another one is ended. */
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

  /** A request's head has come. */
  begin(socket: Socket): void {
    this.#change(socket, "receiving");
  }

  /** Its body has come. */
  received(socket: Socket): void {
    if (this.#states.get(socket)?.doing === "receiving") this.#change(socket, "answering");
  }

  /** It has been answered. */
  end(socket: Socket): void {
    this.#change(socket, "idle");
    if (this.draining) socket.end();
  }

  /** Ends connections that are idle; those that have just been accepted may still send one request. */
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
   * The connection to close: of the client with the most connections (including the new one) the one that has been
   * idle, or sending, longest.
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
