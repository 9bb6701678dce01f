/**
 * The high-level interface: classifies image files.
 *
 * @module
 */

import { calibrationWithin } from "../calibration/calibration_file.ts";
import { findCalibrations } from "../calibration/find.ts";
import { RanetError } from "../errors.ts";
import type { Classification } from "../executor/classification.ts";
import { AdaptiveExecutor } from "../executor/executor.ts";
import { checkOptions, type ClassifyOptions, DEFAULT_BATCH_SIZE, type ExecutorOptions } from "../executor/options.ts";
import { loadModel, type LoadModelOptions, type Model } from "../model/model.ts";
import { DEFAULT_MODEL } from "../model/read_spec.ts";
import { type ImageSource, keepImage, readImageTensor, sourceName } from "./image_source.ts";
import { classifyStream } from "./stream.ts";

/** The result for one image. */
export interface ImageClassification extends Classification {
  /** The image's path, URL or file name; `image 3` for the third image if it has none. */
  readonly source: string;
}

/** An image that could not be read. */
export interface UnreadImage {
  /** Its path, URL or file name; `image 3` if it is the third and has none. */
  readonly source: string;
  /** The reason. */
  readonly error: RanetError;
}

/** Options of {@linkcode loadClassifier}. */
export interface LoadClassifierOptions extends LoadModelOptions, ExecutorOptions {}

/** Decides when an image leaves: thresholds, a calibration, or a budget. */
export interface ClassifyImagesOptions extends ClassifyOptions {
  /** Multiply-adds per image on average; uses the calibrations of the model. */
  readonly budget?: number;
}

/**
 * Loads a model and prepares it to classify images. Dispose of it (`using`) to free the device's memory.
 *
 * @param name A bundled name, a directory, a zip archive or a spec with `weights`, as in `loadModel`. Default:
 * `"ranet-cifar10"`.
 * @param options The options of `loadModel` (such as `weights`) and of `AdaptiveExecutor.create` (such as `device`,
 * `batchSize`, `precision`).
 * @returns The classifier.
 * @throws {RanetError} If the model or the device does not exist, or the device has too little memory.
 *
 * @example
 * ```ts
 * import { loadClassifier } from "@ranet/ranet";
 *
 * using classifier = await loadClassifier("ranet-cifar10");
 * const { label, confidence, exit } = await classifier.classify("examples/ship.jpg");
 * console.log(label, confidence, exit); // ship 0.999… 1
 * ```
 */
export async function loadClassifier(
  name: string | URL | Blob = DEFAULT_MODEL,
  options: LoadClassifierOptions = {},
): Promise<ImageClassifier> {
  const model = await loadModel(name, options);
  return new ImageClassifier(await AdaptiveExecutor.create(model, options), {
    batchSize: options.batchSize,
    calibrations: () => findCalibrations(model, { name, weights: options.weights, precision: options.precision }),
  });
}

/** The result of {@linkcode loadClassifier}. */
export class ImageClassifier implements Disposable {
  /** The executor, for tensors and for every exit's prediction. */
  readonly executor: AdaptiveExecutor;
  readonly #batch: number;
  readonly #calibrations: () => ReturnType<typeof findCalibrations>;

  /**
   * Creates a classifier for an existing executor.
   *
   * @param executor Disposed of with the classifier.
   * @param options `batchSize`: the maximum batch size, 64 by default. `calibrations`: the place of the model's
   * calibrations.
   */
  constructor(
    executor: AdaptiveExecutor,
    options: { readonly batchSize?: number; readonly calibrations: () => ReturnType<typeof findCalibrations> },
  ) {
    this.executor = executor;
    this.#batch = options.batchSize ?? DEFAULT_BATCH_SIZE;
    this.#calibrations = options.calibrations;
  }

  /** The model. */
  get model(): Model {
    return this.executor.model;
  }

  /**
   * Classifies an image, or several.
   *
   * @param images Files, URLs, blobs, bytes or pixels, as in {@linkcode ImageSource}: one, or a list, such as a
   * `FileList`. JPEG, PNG, WebP, AVIF, GIF, BMP, TIFF and Netpbm are read, and in a browser every format that it can
   * decode. Bytes and pixels are copied during the call.
   * @param options Decides when an image leaves. Default: at a confidence of 90 %.
   * @returns The result of the image; for a list, a list of results.
   * @throws {RanetError} If an image cannot be read ({@linkcode stream} skips it), or an option cannot be used.
   *
   * @example
   * ```ts
   * import { loadClassifier } from "@ranet/ranet";
   *
   * using classifier = await loadClassifier();
   * const results = await classifier.classify(["examples/cat.jpg", "examples/frog.jpg"], { budget: 20e6 });
   * for (const { source, label, flops } of results) console.log(source, label, flops);
   * ```
   */
  classify(images: readonly ImageSource[], options?: ClassifyImagesOptions): Promise<ImageClassification[]>;
  /** As above, for one image. */
  classify(image: ImageSource, options?: ClassifyImagesOptions): Promise<ImageClassification>;
  /** As above, for other lists, such as a `FileList` or a `Set`. */
  classify(images: Iterable<ImageSource>, options?: ClassifyImagesOptions): Promise<ImageClassification[]>;
  async classify(
    images: ImageSource | Iterable<ImageSource>,
    options: ClassifyImagesOptions = {},
  ): Promise<ImageClassification | ImageClassification[]> {
    const kept = isList(images) ? Array.from(images, keepImage) : [keepImage(images)];
    const results: ImageClassification[] = [];
    for await (const result of this.#classified(kept, options)) {
      if ("error" in result) throw result.error;
      results.push(result);
    }
    return isList(images) ? results : results[0];
  }

  /**
   * Classifies any number of images lazily, as results are consumed. Images that cannot be read yield an error and do
   * not stop the stream. Leaving the loop (`break`) closes the source of images.
   *
   * @param images Files, URLs, blobs, bytes or pixels, from a list or a stream. Bytes and pixels are copied when they
   * are read, so the source may reuse its memory.
   * @param options Decides when an image leaves. Default: at a confidence of 90 %.
   * @returns The results of the images, in order.
   * @throws {RanetError} If an option cannot be used, or `images` is not a list or stream.
   * @throws The error of the source of images, after the results of all previous images.
   *
   * @example
   * ```ts
   * import { loadClassifier } from "@ranet/ranet";
   *
   * using classifier = await loadClassifier();
   * for await (const result of classifier.stream(["examples/cat.jpg", "README.md"])) {
   *   console.log(result.source, "error" in result ? result.error.message : result.label);
   * }
   * ```
   */
  async *stream(
    images: Iterable<ImageSource> | AsyncIterable<ImageSource>,
    options: ClassifyImagesOptions = {},
  ): AsyncGenerator<ImageClassification | UnreadImage> {
    if (!isList(images) && !isStream(images)) {
      throw new RanetError(
        "Cannot classify a stream: expected a list or stream of images; for one image, use classify()",
      );
    }
    yield* this.#classified(kept(images), options);
  }

  /** Frees the device's memory. */
  [Symbol.dispose](): void {
    this.executor[Symbol.dispose]();
  }

  async *#classified(
    images: Iterable<ImageSource> | AsyncIterable<ImageSource>,
    options: ClassifyImagesOptions,
  ): AsyncGenerator<ImageClassification | UnreadImage> {
    const { input } = this.model.spec;
    const outcomes = classifyStream(this.executor, named(images), {
      ...await this.#when(options),
      read: async ({ image, source }) => await readImageTensor(image, { source, input }),
      batch: this.#batch,
    });
    for await (const { input: { source }, result, error } of outcomes) {
      yield result ? { source, ...result } : { source, error };
    }
  }

  async #when(options: ClassifyImagesOptions): Promise<ClassifyOptions> {
    checkOptions(options);
    const { budget, ...when } = options;
    if (budget === undefined) return when;
    if (when.threshold !== undefined || when.calibration !== undefined) {
      throw new RanetError("Cannot use a budget together with a threshold or a calibration: expected one of them");
    }
    const calibrations = await this.#calibrations();
    if (!calibrations) {
      throw new RanetError("Cannot keep a budget: the model has no calibrations; create one with calibrate()");
    }
    return { calibration: calibrationWithin(budget, calibrations) };
  }
}

/** Strings and bytes are iterable too, but mean one image. */
function isList(images: unknown): images is Iterable<ImageSource> {
  return typeof images === "object" && images !== null && Symbol.iterator in images && !ArrayBuffer.isView(images);
}

function isStream(images: unknown): images is AsyncIterable<ImageSource> {
  return typeof images === "object" && images !== null && Symbol.asyncIterator in images;
}

async function* kept(images: Iterable<ImageSource> | AsyncIterable<ImageSource>): AsyncGenerator<ImageSource> {
  for await (const image of images) yield keepImage(image);
}

async function* named(images: Iterable<ImageSource> | AsyncIterable<ImageSource>) {
  let index = 0;
  for await (const image of images) yield { image, source: sourceName(image, index++) };
}
