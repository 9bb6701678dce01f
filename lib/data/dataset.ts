/**
 * The interface of data sets: labelled images, read by index, so that an evaluation can resume and a report can show
 * single images. `open_dataset.ts` opens one. Each format has its own file.
 *
 * @module
 */
import { RanetError, type Remedy } from "../errors.ts";
import type { Sides } from "../network/size.ts";
import type { RgbImage } from "./image.ts";
import type { LabelReading } from "./labels.ts";

/** One labelled image. */
export interface Sample {
  /** Its file or record, relative to the data set. */
  readonly name: string;
  /** Index of its class among the model's labels. */
  readonly label: number;
  /** Its pixels. */
  readonly image: RgbImage;
}

/** One labelled image as an undecoded file. */
export interface SampleFile {
  /** Index of its class among the model's labels. */
  readonly label: number;
  /** The whole file. */
  readonly bytes: Uint8Array;
  /** The file's name in errors. */
  readonly source: string;
}

/** Labelled images, in an order that stays the same as long as the files do. */
export interface Dataset {
  /** The folder's or file's own name. */
  readonly name: string;
  /** The kind of data set, as shown to the user. */
  readonly format:
    | "class folders"
    | "CIFAR-10"
    | "CIFAR-100"
    | "STL-10"
    | "SVHN"
    | "IDX"
    | "NumPy arrays"
    | "Parquet"
    | "CSV"
    | "files";
  /** Number of samples. */
  readonly size: number;
  /** The error of each entry found bad on opening, which `size` does not count. Empty without `skipBad`. */
  readonly bad: readonly string[];
  /** Notes for the user, such as which files were ignored and how classes were determined. Default: none. */
  readonly notes?: readonly string[];
  /** The classes that its labels refer to, if it has been opened for given classes. Default: the model's. */
  readonly classes?: readonly string[];
  /**
   * The class of every sample, read without decoding an image.
   *
   * @throws {RanetError} If a label is not among the model's.
   */
  labels(): Promise<ArrayLike<number>>;
  /** Location of a sample: the absolute path of its file, or `FILE#N` for record N of a file with many. */
  origin(index: number): string;
  /**
   * Reads one sample; several may be read at once.
   *
   * @param index From 0 up to `size`.
   * @throws {RanetError} If this entry is bad: an unreadable image, or a label that is not among the model's.
   */
  read(index: number): Promise<Sample>;
  /**
   * Reads a sample's image file without decoding it, so that a worker can decode it; `undefined` for a record of a file
   * with many. Missing if no sample has a file of its own.
   *
   * @param index From 0 up to `size`.
   * @throws {RanetError} If the file cannot be read.
   */
  file?(index: number): Promise<SampleFile | undefined>;
  /**
   * SHA-256 of everything that `read` reads, in hexadecimal. Reads the whole data set.
   *
   * @param options `onSample`: called after each image file, if there is one per sample.
   */
  digest(options?: { readonly onSample?: () => void }): Promise<string>;
}

/** Images of a file that contains many, without labels. */
export interface ImageRecords {
  /** Number of images. */
  readonly size: number;
  /**
   * Reads one image.
   *
   * @param index From 0 up to `size`.
   */
  image(index: number): Promise<RgbImage>;
}

/** Options of `openDataset`. */
export interface DatasetOptions {
  /** The model's labels. The data set's labels are matched to them by name. */
  readonly labels: readonly string[];
  /**
   * The model's input size in pixels: the side of a square, or `[height, width]`. Smaller IDX images are padded to it.
   */
  readonly inputSize: Sides;
  /**
   * Number of the model's input channels. Unless it is 1 or 3, class folders contain arrays (`.npy` or TIFF files)
   * instead of images.
   *
   * @default {3}
   */
  readonly channels?: number;
  /**
   * Skip entries that are found bad on opening, instead of throwing on the first. Reading a bad entry throws either
   * way.
   *
   * @default {false}
   */
  readonly skipBad?: boolean;
  /**
   * Which part of a folder with several is used, such as those of CIFAR and MNIST, or one with folders `train` and
   * `val`. If it has no validation part, `validation` is the test set.
   *
   * @default {"test"}
   */
  readonly part?: "test" | "training" | "validation";
  /**
   * Whether the data set's labels are class names or indexes from 0. Default: whichever fits; if both or neither fit,
   * opening throws.
   */
  readonly readLabels?: LabelReading;
  /**
   * Allow a CSV file to list images outside its own folder.
   *
   * @default {false}
   */
  readonly allowOutside?: boolean;
}

/** Collects errors of bad entries while a data set is being opened. */
export class BadEntries {
  /** One message for each bad entry. */
  readonly messages: string[] = [];
  readonly #skip: boolean;

  /** With `skip`, errors are collected; otherwise the first one is thrown. */
  constructor(options: { readonly skip: boolean }) {
    this.#skip = options.skip;
  }

  /**
   * Reports a bad entry.
   *
   * @param message The error.
   * @param remedy An alternative to skipping it.
   * @throws {RanetError} Unless bad entries are skipped.
   */
  add(message: string, remedy?: Remedy): void {
    if (!this.#skip) throw new RanetError(message, { remedy: [...remedy ? [remedy] : [], { skipBad: true }] });
    this.messages.push(message);
  }
}
