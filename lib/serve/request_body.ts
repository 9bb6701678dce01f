/**
 * Reads a request's body from a socket.
 *
 * @module
 */

import type { IncomingMessage } from "node:http";

/** Size of a full buffer in bytes. */
const BUFFER_BYTES = 16_384;
/** Size of a body's first buffer in bytes. Most bodies are small. */
const FIRST = 1024;

/** Copies chunks into larger buffers. */
class Buffers {
  #buffer = new Uint8Array(0);
  #filled = 0;

  /** Copies a chunk and returns the buffers that it fills. */
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

  /** The rest at the end. */
  get rest(): Uint8Array<ArrayBuffer> {
    return this.#buffer.slice(0, this.#filled);
  }

  #grow(): void {
    const larger = new Uint8Array(Math.min(BUFFER_BYTES, Math.max(FIRST, 4 * this.#buffer.length)));
    larger.set(this.#buffer);
    this.#buffer = larger;
  }
}

/** Milliseconds for which a connection is read before the others have their turn. */
const TURN = 5;

/** Limits how long a request is read without interruption. */
export interface Turns {
  /** Whether it is paused. */
  readonly isPaused: boolean;
  /** Called for each chunk. */
  readonly count: () => void;
}

/**
 * Pauses a request after its turn of reading. Otherwise a client that sends as fast as it is read would block all
 * others.
 *
 * @param mayGoOn Called when its next turn begins.
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
 * The body in our own buffers. Chunks may be very short views of a 64 KiB buffer, up to ten thousand of one buffer.
 * Passed on one by one, they would keep every following stream busy and block other requests.
 *
 * @param onRead Called when the body is first read.
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
