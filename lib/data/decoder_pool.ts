/**
 * Decodes images in workers: several at a time, in bounded memory, each within a deadline.
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

/** Options of a {@linkcode DecoderPool}. */
export interface DecoderPoolOptions {
  /**
   * Maximum number of workers.
   *
   * @default The number of cores, up to 8.
   */
  readonly size?: number;
  /**
   * Milliseconds after which decoding a file is cancelled, and the file refused.
   *
   * @default {5000}
   */
  readonly deadline?: number;
  /**
   * Approximate memory in bytes that all decoders together may take. An image that needs more is decoded alone.
   *
   * @default {400_000_000}
   */
  readonly memory?: number;
  /**
   * Whether large JPEGs are decoded at a fraction of their size if the network's input is much smaller. This is several
   * times faster; pixels differ by up to a few 255ths.
   *
   * @default {false}
   */
  readonly reduces?: boolean;
  /**
   * Called with a warning about a file that can be decoded anyway.
   *
   * @default {console.warn}
   */
  readonly onNote?: (message: string) => void;
}

/** Options for one image. */
export interface DecodeOptions {
  /** The file's name in errors. */
  readonly source: string;
  /**
   * Groups are served in turn. A group can be, for example, a client.
   *
   * @default {""}
   */
  readonly group?: string;
  /**
   * Whether the caller no longer needs the bytes. They are then transferred to the decoder, not copied, if they span
   * their whole buffer.
   *
   * @default {false}
   */
  readonly isGiven?: boolean;
  /** Cancels the task, unless decoding has begun. */
  readonly signal?: AbortSignal;
}

/** Default deadline in milliseconds. */
export const DECODE_DEADLINE = 5000;
/** Deadline in milliseconds for a data set's files, while the machine is busy with a network. */
export const DATASET_DEADLINE = 60_000;
/** Maximum number of workers. One device does not need more. */
const MAX_SIZE = 8;
/**
 * Bytes of memory per pixel: four in the decoder, four copied from it, and six for the coefficients of a progressive
 * JPEG.
 */
const BYTES_PER_PIXEL = 14;
/** Bytes per pixel of a second, rotated copy. */
const BYTES_TURNED = 4;
/** Further bytes per pixel of an HDR picture: samples of two bytes, in the decoder and copied from it. */
const BYTES_HDR = 12;

/** A PNG with one grey pixel. */
const DOT = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg==";

/**
 * Decoders in workers. In a checkout they need permission to read `lib`; from JSR, none.
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

  /** Creates a pool. Workers are started on demand. */
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

  /** Number of images that wait for a decoder. */
  get queued(): number {
    return this.#pool.queued;
  }

  /** Number of images that are being decoded. */
  get running(): number {
    return this.#pool.running;
  }

  /**
   * Starts a decoder to check that this is permitted.
   *
   * @throws {RanetError} If a worker cannot be started.
   */
  async start(): Promise<void> {
    await this.image(Uint8Array.fromBase64(DOT), { source: "-" });
  }

  /**
   * Decodes an image, as `decodeImage` does.
   *
   * @throws {RanetError} If the image cannot be decoded, or not before the deadline, or workers cannot be started.
   * @throws The signal's reason.
   */
  async image(bytes: Uint8Array, options: DecodeOptions): Promise<RgbImage> {
    return await this.#run(bytes, { kind: "image" }, options) as RgbImage;
  }

  /**
   * Decodes an image and resizes it for a network, as `toPixels` does.
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
   * Decodes an image to the tensor that a network takes, as `toTensor` does.
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
    // A .npy file needs no decoding. A small TIFF file may contain many numbers.
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

/** Smallest number of images for which workers are started. Fewer are decoded before a worker is ready. */
const MANY = 8;

/**
 * Opens decoders for this many images if they are worthwhile and permitted; otherwise `undefined`, and the caller
 * decodes in its own thread.
 *
 * @param images Number of images.
 */
export async function openDecoders(images: number, options?: DecoderPoolOptions): Promise<DecoderPool | undefined> {
  // A browser bundle has no file for this worker. A page that decodes many images trains in a worker of its own.
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
