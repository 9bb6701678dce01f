/**
 * The images of a data set for training: decoded once and kept as bytes while there is room, else decoded again each
 * time by workers.
 *
 * @module
 */

import type { Dataset } from "../data/dataset.ts";
import { mapAhead } from "../io/ahead.ts";
import type { DecoderPool } from "../data/decoder_pool.ts";
import { RanetError } from "../errors.ts";
import { readStored, type StoredForm, type StoredImage } from "./stored_image.ts";

/** Images that are read at once, so that no decoder waits. */
const AHEAD = 64;

/** How a store is filled. */
export interface FillOptions {
  /** Room, in bytes. */
  readonly room: number;
  /** Told what is wrong with each bad image, which is left out; without it, the first one throws. */
  readonly onBad?: (message: string) => void;
  /** Told after each image that has been read. */
  readonly onProgress?: () => void;
  /** Stops reading when aborted. */
  readonly signal?: AbortSignal;
}

/** Images of one data set, with their classes. */
export class ImageStore {
  /** Each image's class. */
  readonly labels: ArrayLike<number>;
  readonly #dataset: Dataset;
  readonly #how: { readonly form: StoredForm; readonly decoders?: DecoderPool };
  readonly #kept: (StoredImage | undefined)[];
  readonly #bad = new Set<number>();
  #bytes = 0;

  private constructor(
    dataset: Dataset,
    labels: ArrayLike<number>,
    how: { readonly form: StoredForm; readonly decoders?: DecoderPool },
  ) {
    this.#dataset = dataset;
    this.labels = labels;
    this.#how = how;
    this.#kept = Array.from({ length: dataset.size });
  }

  /**
   * Makes an empty store.
   *
   * @param dataset Where images are.
   * @param how `form`: what is kept of each; `decoders`: what decodes image files, by default the calling thread.
   * @throws {RanetError} If a label is not among the model's.
   */
  static async create(
    dataset: Dataset,
    how: { readonly form: StoredForm; readonly decoders?: DecoderPool },
  ): Promise<ImageStore> {
    return new ImageStore(dataset, await dataset.labels(), how);
  }

  /** Bytes that are kept. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Whether every image is kept. */
  get isWhole(): boolean {
    return this.#kept.every((image, index) => image !== undefined || this.#bad.has(index));
  }

  /** Indexes of the images that are not known to be bad. */
  get usable(): Uint32Array {
    return Uint32Array.from(this.#kept.keys().filter((index) => !this.#bad.has(index)));
  }

  /**
   * Reads images in order, until all are kept or there is no more room. Bad ones show now rather than in the middle of
   * the training.
   *
   * @throws {RanetError} At the first bad image, without `onBad`.
   */
  async fill({ room, onBad, onProgress, signal }: FillOptions): Promise<void> {
    const { size } = this.#dataset;
    let isFull = false;
    const take = async (index: number): Promise<void> => {
      try {
        const stored = await readStored(this.#dataset, index, this.#how);
        isFull ||= this.#bytes + stored.data.byteLength > room;
        if (isFull) return;
        this.#kept[index] = stored;
        this.#bytes += stored.data.byteLength;
      } catch (error) {
        if (!(error instanceof RanetError) || !onBad) throw error;
        this.#bad.add(index);
        onBad(error.message);
      }
      onProgress?.();
    };
    const indexes = function* () {
      for (let index = 0; index < size && !isFull && !signal?.aborted; index++) yield index;
    };
    for await (const _ of mapAhead(indexes(), AHEAD - 1, take));
  }

  /**
   * One image.
   *
   * @throws {RanetError} If it is bad.
   */
  async image(index: number): Promise<StoredImage> {
    return this.#kept[index] ?? await readStored(this.#dataset, index, this.#how);
  }
}
