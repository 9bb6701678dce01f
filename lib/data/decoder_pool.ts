/**
 * Decodes images away from the caller's thread: several at a time, in bounded memory, none for longer than a deadline.
 *
 * @module
 */
import { RanetError } from "../errors.ts";
import type { InputSpec } from "../network/common.ts";
import { arrayMemory, arrayTensor, isArray } from "./arrays.ts";
import { checkHeader } from "./decode.ts";
import type { DecodeAnswer, Decoded, DecodeTask, Wanted } from "./decoder_worker.ts";
import type { RgbImage } from "./image.ts";
import { reductionOf } from "./reduction.ts";
import { isTiff } from "./tiff/directory.ts";
import { DeadlineError, WorkerPool } from "./worker_pool.ts";

/** How images are decoded. */
export interface DecoderPoolOptions {
  /**
   * Most workers.
   *
   * @default As many as there are cores, up to 8.
   */
  readonly size?: number;
  /**
   * Milliseconds after which a file is given up, and refused.
   *
   * @default {5000}
   */
  readonly deadline?: number;
  /**
   * Bytes that all decoders may take together, about; an image that needs more is decoded alone.
   *
   * @default {400_000_000}
   */
  readonly memory?: number;
  /**
   * Whether large JPEGs, of which little is left once they are resized, are decoded at a part of their size: several times
   * faster, their pixels up to a few 255ths from those of the whole picture.
   *
   * @default {false}
   */
  readonly reduces?: boolean;
  /**
   * Told what is odd about a file that is decoded all the same.
   *
   * @default {console.warn}
   */
  readonly onNote?: (message: string) => void;
}

/** An image, and how urgent it is. */
export interface DecodeOptions {
  /** What errors call the file. */
  readonly source: string;
  /**
   * Groups take turns: whose image it is, say.
   *
   * @default {""}
   */
  readonly group?: string;
  /**
   * Whether the caller needs the bytes no more: they are then moved to the decoder, not copied, if they are all of their
   * buffer.
   *
   * @default {false}
   */
  readonly isGiven?: boolean;
  /** Gives it up, unless it is being decoded. */
  readonly signal?: AbortSignal;
}

/** Milliseconds after which a file is given up where nothing else is said. */
export const DECODE_DEADLINE = 5000;
/** The same for a data set's own files, on a machine that is busy with a network. */
export const DATASET_DEADLINE = 60_000;
/** More workers than that are of no use to one device. */
const MAX_SIZE = 8;
/** Bytes of memory per pixel: four in the decoder, four copied from it, and six of a progressive JPEG's coefficients. */
const BYTES_PER_PIXEL = 14;
/** The same of a second copy, turned. */
const BYTES_TURNED = 4;
/** Samples of two bytes, in the decoder and copied from it. */
const BYTES_HDR = 12;

/** A PNG of one grey pixel. */
const DOT = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg==";

/**
 * Decoders in workers. In a checkout they take permission to read `lib`; from JSR, none.
 *
 * @example
 * ```ts
 * import { DecoderPool } from "./decoder_pool.ts";
 *
 * using decoders = new DecoderPool({ deadline: 1000 });
 * const { width, height } = await decoders.image(await Deno.readFile("examples/cat.jpg"), { source: "cat.jpg" });
 * console.log(width, height);
 * ```
 */
export class DecoderPool implements Disposable {
  readonly #pool: WorkerPool<DecodeTask, DecodeAnswer>;
  readonly #onNote: (message: string) => void;
  readonly #reduces: boolean;

  /** Makes a pool; workers are started when they are wanted. */
  constructor(options: DecoderPoolOptions = {}) {
    const { size = Math.min(MAX_SIZE, navigator.hardwareConcurrency), deadline = DECODE_DEADLINE, memory = 4e8 } =
      options;
    this.#reduces = options.reduces ?? false;
    this.#onNote = options.onNote ?? console.warn;
    this.#pool = new WorkerPool({
      start: () => new Worker(new URL("./decoder_worker.ts", import.meta.url), { type: "module" }),
      size,
      deadline,
      budget: memory,
    });
  }

  /** How many images wait for a decoder. */
  get queued(): number {
    return this.#pool.queued;
  }

  /** How many images are being decoded. */
  get running(): number {
    return this.#pool.running;
  }

  /**
   * Starts a decoder, to find out whether that is permitted.
   *
   * @throws {RanetError} If it is not.
   */
  async start(): Promise<void> {
    await this.image(Uint8Array.fromBase64(DOT), { source: "-" });
  }

  /**
   * Decodes an image, as `decodeImage` does.
   *
   * @throws {RanetError} If it cannot be decoded, or not before the deadline; or decoders cannot be started.
   * @throws The signal's reason.
   */
  async image(bytes: Uint8Array, options: DecodeOptions): Promise<RgbImage> {
    return await this.#run(bytes, { kind: "image" }, options) as RgbImage;
  }

  /**
   * Decodes an image to what a network sees of it, as `toPixels` makes it.
   *
   * @throws {RanetError} As `image` does.
   * @throws The signal's reason.
   */
  async pixels(
    bytes: Uint8Array,
    { input, ...options }: DecodeOptions & { readonly input: Pick<InputSpec, "size" | "resize"> },
  ): Promise<Uint8ClampedArray> {
    return await this.#run(bytes, { kind: "pixels", input }, options) as Uint8ClampedArray;
  }

  /**
   * Decodes an image to the tensor that a network takes, as `toTensor` makes it.
   *
   * @throws {RanetError} As `image` does.
   * @throws The signal's reason.
   */
  async tensor(
    bytes: Uint8Array,
    { input, ...options }: DecodeOptions & { readonly input: InputSpec },
  ): Promise<Float32Array> {
    const wanted = { kind: "tensor", input } as const;
    const { source } = options;
    if (!isArray(bytes, input.mean.length)) return await this.#run(bytes, wanted, options) as Float32Array;
    // A .npy file takes no decoding; a small TIFF may have many numbers.
    if (!isTiff(bytes)) return arrayTensor(bytes, { source, input });
    const cost = arrayMemory(bytes, source) + 2 * bytes.length;
    return await this.#ask({ bytes, source, wanted }, cost, options) as Float32Array;
  }

  /** Ends the workers. */
  [Symbol.dispose](): void {
    this.#pool[Symbol.dispose]();
  }

  async #run(bytes: Uint8Array, wanted: Wanted, options: DecodeOptions): Promise<Decoded> {
    const { source } = options;
    const header = checkHeader(bytes, source);
    const { size: [width, height], orientation = 1, hdr } = header;
    const perPixel = BYTES_PER_PIXEL + (orientation > 1 ? BYTES_TURNED : 0) + (hdr ? BYTES_HDR : 0);
    const whole = perPixel * width * height + 2 * bytes.length;
    const reduction = this.#reduces && wanted.kind !== "image" ? reductionOf(bytes, header, wanted.input) : undefined;
    if (reduction === undefined) return await this.#ask({ bytes, source, wanted }, whole, options) as Decoded;
    const { by, memory } = reduction;
    const least = perPixel * width * height / by ** 2 + memory + 2 * bytes.length;
    const decoded = await this.#ask({ bytes, source, wanted, by }, least, options);
    if (!("file" in decoded)) return decoded;
    const task = { bytes: decoded.file, source, wanted };
    return await this.#ask(task, whole, { ...options, isGiven: true }) as Decoded;
  }

  async #ask(task: DecodeTask, cost: number, options: DecodeOptions): Promise<DecodeAnswer["decoded"]> {
    const { source, group, isGiven = false, signal } = options;
    const { bytes } = task;
    const { buffer } = bytes;
    const transfer = isGiven && buffer instanceof ArrayBuffer && bytes.length === buffer.byteLength ? [buffer] : [];
    try {
      const { decoded, notes } = await this.#pool.run(task, { cost, group, transfer, signal });
      notes.forEach((note) => this.#onNote(note));
      return decoded;
    } catch (error) {
      if (!(error instanceof DeadlineError)) throw error;
      throw new RanetError(`Cannot read image ${JSON.stringify(source)}: ${error.message} to decode`, { cause: error });
    }
  }
}

/** Fewer images are decoded before a worker has started. */
const MANY = 8;

/**
 * Decoders for so many images, where they are worth it and may be started; whoever has none decodes in its own thread.
 *
 * @param images How many there are.
 */
export async function openDecoders(images: number, options?: DecoderPoolOptions): Promise<DecoderPool | undefined> {
  // A bundle for browsers has no such worker beside it: a page that has much to decode trains in a worker itself.
  if (images < MANY || !("Deno" in globalThis)) return undefined;
  const decoders = new DecoderPool(options);
  try {
    await decoders.start();
    return decoders;
  } catch (error) {
    decoders[Symbol.dispose]();
    if (error instanceof RanetError) return undefined;
    throw error;
  }
}
