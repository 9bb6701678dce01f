/**
 * The images of a data set for training. As many as fit into memory are decoded once; workers decode the others
 * whenever they are needed.
 *
 * @module
 */

import type { Dataset } from "../data/dataset.ts";
import { mapAhead } from "../io/ahead.ts";
import { RanetError } from "../errors.ts";
import { readStored, type StoredHow, type StoredImage } from "./stored_image.ts";

/** Number of images that are read at the same time, so that all decoders are busy. */
const AHEAD = 64;

/** Options for filling a store. */
export interface FillOptions {
  /** Memory for decoded images, in bytes. */
  readonly room: number;
  /**
   * Called with the reason why an image cannot be read; the image is left out. Without it, the first such image throws.
   */
  readonly onBad?: (message: string) => void;
  /** Called after each image that has been read. */
  readonly onProgress?: () => void;
  /** Stops reading when aborted. */
  readonly signal?: AbortSignal;
}

/** Images of one data set, with their classes. */
export class ImageStore {
  /** Each image's class. */
  readonly labels: ArrayLike<number>;
  readonly #dataset: Dataset;
  readonly #how: StoredHow;
  readonly #kept: (StoredImage | undefined)[];
  readonly #bad = new Set<number>();
  #bytes = 0;

  private constructor(
    dataset: Dataset,
    labels: ArrayLike<number>,
    how: StoredHow,
  ) {
    this.#dataset = dataset;
    this.labels = labels;
    this.#how = how;
    this.#kept = Array.from({ length: dataset.size });
  }

  /**
   * Creates an empty store.
   *
   * @param dataset The images.
   * @param how `form`: the form in which images are kept; `decoders`: decode image files, by default on the calling
   * thread.
   * @throws {RanetError} If a label is not among the model's.
   */
  static async create(
    dataset: Dataset,
    how: StoredHow,
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

  /** Indexes of the images that can be read, as far as they have been tried. */
  get usable(): Uint32Array {
    return Uint32Array.from(this.#kept.keys().filter((index) => !this.#bad.has(index)));
  }

  /**
   * Reads images in order, until all are kept or memory is full. Images that cannot be read are found now rather than
   * during training.
   *
   * @throws {RanetError} If an image cannot be read and there is no `onBad`.
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
   * Reads one image.
   *
   * @throws {RanetError} If it cannot be read.
   */
  async image(index: number): Promise<StoredImage> {
    return this.#kept[index] ?? await readStored(this.#dataset, index, this.#how);
  }
}
