/**
 * A request's body as it comes from a socket.
 *
 * @module
 */

import type { IncomingMessage } from "node:http";

/** Bytes of a full buffer. */
const BUFFER_BYTES = 16_384;
/** Bytes that are taken for a body's first buffer: most bodies are small. */
const FIRST = 1024;

/** Puts what comes into buffers of its own. */
class Buffers {
  #buffer = new Uint8Array(0);
  #filled = 0;

  /** Copies a chunk; gives the buffers that are full with it. */
  *add(chunk: Uint8Array): Generator<Uint8Array<ArrayBuffer>> {
    for (let at = 0; at < chunk.length;) {
      if (this.#filled === this.#buffer.length) this.#grow();
      const part = chunk.subarray(at, at + this.#buffer.length - this.#filled);
      this.#buffer.set(part, this.#filled);
      this.#filled += part.length;
      at += part.length;
      if (this.#filled < BUFFER_BYTES) continue;
      yield this.#buffer;
      [this.#buffer, this.#filled] = [new Uint8Array(0), 0];
    }
  }

  /** What is left at the end. */
  get rest(): Uint8Array<ArrayBuffer> {
    return this.#buffer.slice(0, this.#filled);
  }

  #grow(): void {
    const larger = new Uint8Array(Math.min(BUFFER_BYTES, Math.max(FIRST, 4 * this.#buffer.length)));
    larger.set(this.#buffer);
    this.#buffer = larger;
  }
}

/** Milliseconds for which a connection is read until all others have their turn. */
const TURN = 5;

/** The turns that a request takes to be read. */
export interface Turns {
  /** Whether it is others' turn. */
  readonly isPaused: boolean;
  /** A chunk has come. */
  readonly count: () => void;
}

/**
 * Pauses a request that is being read once it has had its turn: what comes as fast as it is read would else be all that is.
 *
 * @param mayGoOn Asked when its turn comes again.
 */
export function turns(incoming: IncomingMessage, mayGoOn: () => boolean = () => true): Turns {
  let began = performance.now();
  let isPaused = false;
  return {
    count() {
      if (isPaused || performance.now() - began < TURN) return;
      isPaused = true;
      incoming.pause();
      setTimeout(() => {
        isPaused = false;
        began = performance.now();
        if (mayGoOn()) incoming.resume();
      });
    },
    get isPaused() {
      return isPaused;
    },
  };
}

/**
 * The body, in buffers of our own. A chunk, however short, may be a view of a buffer of 64 KiB, and such a buffer may hold ten
 * thousand of them: one by one, each would take its turn in every stream behind this one, and nobody else had any.
 *
 * @param onRead Told when the body is first wanted.
 */
export function requestBody(incoming: IncomingMessage, onRead: () => void): ReadableStream<Uint8Array<ArrayBuffer>> {
  const buffers = new Buffers();
  let stream: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>;
  let isWanted = false;
  let isOver = false;
  const turn = turns(incoming, () => isOver || stream.desiredSize! >= 0);
  const take = (chunk: Uint8Array) => {
    for (const buffer of buffers.add(chunk)) stream.enqueue(buffer);
    if (stream.desiredSize! < 0) incoming.pause();
    turn.count();
  };
  const finish = () => {
    isOver = true;
    incoming.off("data", take);
  };
  const cut = (error?: Error) => {
    if (isOver) return;
    finish();
    stream.error(error ?? new Error("it ended too early"));
  };
  incoming.on("error", cut).on("close", () => cut()).on("end", () => {
    if (isOver) return;
    finish();
    if (buffers.rest.length > 0) stream.enqueue(buffers.rest);
    stream.close();
  });
  return new ReadableStream({
    start(controller) {
      stream = controller;
    },
    pull() {
      if (isWanted) return turn.isPaused ? undefined : void incoming.resume();
      isWanted = true;
      onRead();
      incoming.on("data", take);
    },
    cancel: finish,
  }, { highWaterMark: 0 });
}
