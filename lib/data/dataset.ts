/**
 * The interface of data sets: labelled images, read by index, so that an evaluation can resume and a report can show
 * single images. `open_dataset.ts` opens one; each format has its own file.
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

/** One labelled image, as its file has it. */
export interface SampleFile {
  /** Index of its class among the model's labels. */
  readonly label: number;
  /** The whole file. */
  readonly bytes: Uint8Array;
  /** What errors call the file. */
  readonly source: string;
}

/** Labelled images, in an order that stays the same as long as the files do. */
export interface Dataset {
  /** The folder's or file's own name. */
  readonly name: string;
  /** The kind of data set, for people. */
  readonly format: "class folders" | "CIFAR-10" | "CIFAR-100" | "IDX" | "CSV" | "files";
  /** Number of samples. */
  readonly size: number;
  /** What is wrong with each entry found bad on opening, which `size` does not count; empty without `skipBad`. */
  readonly bad: readonly string[];
  /** What else a person should know of it: what was passed over, how classes were found. Default: nothing. */
  readonly notes?: readonly string[];
  /** The classes that its labels are indexes of, where it has been opened for some; else they are the model's. */
  readonly classes?: readonly string[];
  /**
   * The class of every sample, read without decoding an image.
   *
   * @throws {RanetError} If a label is not among the model's.
   */
  labels(): Promise<ArrayLike<number>>;
  /** Where a sample lies: its file, absolute; or `FILE#N`, record N of a file that holds many. */
  origin(index: number): string;
  /**
   * Reads one sample; several may be read at once.
   *
   * @param index From 0 up to `size`.
   * @throws {RanetError} If this entry is bad: an unreadable image, or a label that is not among the model's.
   */
  read(index: number): Promise<Sample>;
  /**
   * Reads a sample's image file without decoding it, so that others can; `undefined` where it is a record of a file
   * that holds many. A data set that has none leaves the function out.
   *
   * @param index From 0 up to `size`.
   * @throws {RanetError} If the file cannot be read.
   */
  file?(index: number): Promise<SampleFile | undefined>;
  /**
   * SHA-256 of all that `read` reads, in hexadecimal: reads it all.
   *
   * @param options `onSample`: called after each image file, if there is one per sample.
   */
  digest(options?: { readonly onSample?: () => void }): Promise<string>;
}

/** Images in files that hold many, without their labels. */
export interface ImageRecords {
  /** How many there are. */
  readonly size: number;
  /**
   * Reads one.
   *
   * @param index From 0 up to `size`.
   */
  image(index: number): Promise<RgbImage>;
}

/** Options of `openDataset`. */
export interface DatasetOptions {
  /** The model's labels, which the data set's are matched to by name. */
  readonly labels: readonly string[];
  /** The model's input size in pixels, of a square its side, else `[height, width]`: smaller IDX images are padded to it. */
  readonly inputSize: Sides;
  /**
   * The model's input channels. For numbers other than 1 and 3, class folders contain arrays, `.npy` or TIFF files, instead of images.
   *
   * @default {3}
   */
  readonly channels?: number;
  /**
   * Leave out bad entries that show on opening, instead of throwing on the first; those that show on reading throw
   * either way.
   *
   * @default {false}
   */
  readonly skipBad?: boolean;
  /**
   * Which part is taken of a folder that holds several, as those of CIFAR and MNIST do, or folders `train` and `val`.
   * Where there is none to validate on, `validation` is the test set.
   *
   * @default {"test"}
   */
  readonly part?: "test" | "training" | "validation";
  /**
   * Whether labels are names of classes, or indexes from 0, where they are the data set's own. Without it, that is
   * decided by which of them fits; where both do, or neither, opening throws.
   */
  readonly readLabels?: LabelReading;
  /**
   * Let a CSV file name images outside of its own folder.
   *
   * @default {false}
   */
  readonly allowOutside?: boolean;
}

/** Collects what is wrong with the bad entries of a data set that is being opened. */
export class BadEntries {
  /** One message for each. */
  readonly messages: string[] = [];
  readonly #skip: boolean;

  /** With `skip`, they are collected; else the first one throws. */
  constructor(options: { readonly skip: boolean }) {
    this.#skip = options.skip;
  }

  /**
   * Reports one.
   *
   * @param message What is wrong with it.
   * @param remedy What else helps than leaving it out.
   * @throws {RanetError} Unless they are to be skipped.
   */
  add(message: string, remedy?: Remedy): void {
    if (!this.#skip) throw new RanetError(message, { remedy: [...remedy ? [remedy] : [], { skipBad: true }] });
    this.messages.push(message);
  }
}
