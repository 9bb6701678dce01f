/**
 * The library in one call: images as people have them in, labels out.
 *
 * @module
 */

import { calibrationWithin } from "../calibration/calibration_file.ts";
import { findCalibrations } from "../calibration/find.ts";
import { toTensor } from "../data/preprocess.ts";
import { RanetError } from "../errors.ts";
import type { Classification } from "../executor/classification.ts";
import { AdaptiveExecutor } from "../executor/executor.ts";
import { checkOptions, type ClassifyOptions, DEFAULT_BATCH_SIZE, type ExecutorOptions } from "../executor/options.ts";
import { loadModel, type LoadModelOptions, type Model } from "../model/model.ts";
import { DEFAULT_MODEL } from "../model/read_spec.ts";
import { type ImageSource, keepImage, readImage, sourceName } from "./image_source.ts";
import { classifyStream } from "./stream.ts";

/** What became of an image. */
export interface ImageClassification extends Classification {
  /** The image's path, URL or file name; `image 3` if it is the third and has none. */
  readonly source: string;
}

/** An image that could not be read. */
export interface UnreadImage {
  /** Its path, URL or file name; `image 3` if it is the third and has none. */
  readonly source: string;
  /** Why. */
  readonly error: RanetError;
}

/** How a classifier is loaded. */
export interface LoadClassifierOptions extends LoadModelOptions, ExecutorOptions {}

/** When an image leaves: at a threshold, at those of a calibration, or within a budget. */
export interface ClassifyImagesOptions extends ClassifyOptions {
  /** Multiply-adds an image may take on average; takes the calibrations that lie with the model. */
  readonly budget?: number;
}

/**
 * Loads a model and makes it ready to classify. Dispose of it (`using`) to give the device's memory back.
 *
 * @param name A bundled name, a directory, a zip archive or a spec with `weights`, as `loadModel` takes it. Default `"ranet-cifar10"`.
 * @param options `weights`: where they are, if not with the model, and all else that `loadModel` takes. `device`, `batchSize`, `precision`: as
 * `AdaptiveExecutor.create` takes them.
 * @returns The classifier.
 * @throws {RanetError} If the model or the device is not there, or they do not fit.
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
    calibrations: () => findCalibrations(model, { name, weights: options.weights }),
  });
}

/** What {@linkcode loadClassifier} gives. */
export class ImageClassifier implements Disposable {
  /** What runs the model, for tensors and for every exit's answer. */
  readonly executor: AdaptiveExecutor;
  readonly #batch: number;
  readonly #calibrations: () => ReturnType<typeof findCalibrations>;

  /**
   * A classifier on an executor that is there already.
   *
   * @param executor Disposed of with the classifier.
   * @param options `batchSize`: most images computed together, 64 by default. `calibrations`: where those of the model are.
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
   * @param images Files, URLs, blobs, bytes or pixels, as {@linkcode ImageSource} has it: one, or a list, such as a
   * `FileList`. JPEG, PNG, WebP, AVIF, GIF, BMP and TIFF; in a browser, whatever that can decode. Bytes and pixels are
   * taken as they are at the time of the call.
   * @param options When an image leaves; by default, when it is 90 % sure.
   * @returns What became of the image; a list of that for a list.
   * @throws {RanetError} If an image cannot be read ({@linkcode stream} goes on), or an option cannot be used.
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
  /** As above, for a list that is no array: a `FileList`, a `Set`. */
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
   * Classifies any number of images, one after another as they are taken from the result; those that cannot be read are
   * told, and do not stop the others. Whoever stops taking results (`break`) closes the source of images.
   *
   * @param images Files, URLs, blobs, bytes or pixels, from a list or a stream. Bytes and pixels are copied as they come,
   * so that a source may use its memory again.
   * @param options When an image leaves; by default, when it is 90 % sure.
   * @returns What became of each, in their order.
   * @throws {RanetError} If an option cannot be used, or this is no list or stream.
   * @throws What the source of images throws, after the results of all images before that.
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

  /** Gives the device's memory back. */
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
      read: async ({ image, source }) => toTensor(await readImage(image, { source }), input),
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
      throw new RanetError("Cannot keep a budget: the model has no calibrations; make one with calibrate()");
    }
    return { calibration: calibrationWithin(budget, calibrations) };
  }
}

/** Text and bytes are lists as well, but stand for one image. */
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
