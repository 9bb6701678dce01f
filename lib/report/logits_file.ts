/**
 * A logits file with one record per sample: its index in the data set, its label, and the logits of every exit.
 *
 * @module
 */

import type { Validation } from "../calibration/measure.ts";
import { RanetError } from "../errors.ts";
import type { DatasetBatch } from "../executor/forward_dataset.ts";
import { argmax, confidence, softmax } from "../softmax.ts";
import { systemReason } from "../io/system_error.ts";

/** Numbers in a record before its logits. */
const HEAD = 2;
/** Number of records that are read at a time. */
const CHUNK = 1024;

/** The predictions of every exit for a data set, without the logits. */
export interface Outcomes {
  /** Each sample's index in the data set. */
  readonly indexes: Uint32Array;
  /** Each sample's correct class. */
  readonly labels: Uint32Array;
  /** The largest probability, `[exit][sample]`. */
  readonly confidences: readonly Float32Array[];
  /** The same without the model's temperatures, if it has any. */
  readonly uncalibrated?: readonly Float32Array[];
  /** The most probable class, `[exit][sample]`. */
  readonly predictions: readonly Uint32Array[];
  /** 1 if the correct class is among the five most probable, `[exit][sample]`. */
  readonly top5: readonly Uint8Array[];
}

/** A sample's record. */
interface LogitsRecord {
  readonly index: number;
  readonly label: number;
  /** Logits of every exit, concatenated. */
  readonly logits: Float32Array;
}

/** Shape of a record. */
export interface RecordShape {
  /** Number of exits. */
  readonly exits: number;
  /** Number of classes. */
  readonly classes: number;
}

/** Length of a record in bytes. */
export function recordBytes({ exits, classes }: RecordShape): number {
  return 4 * (HEAD + exits * classes);
}

/** The sample's index in a record. */
export function recordIndex(record: Uint8Array): number {
  return new DataView(record.buffer, record.byteOffset).getUint32(0, true);
}

/** A logits file that can be continued. It is locked against other processes. */
export class LogitsFile implements Disposable {
  /** One more than the last index in the file. */
  readonly next: number;
  readonly #file: Deno.FsFile;
  readonly #path: string;
  readonly #shape: RecordShape;

  private constructor(file: Deno.FsFile, path: string, options: { shape: RecordShape; next: number }) {
    this.#file = file;
    this.#path = path;
    this.#shape = options.shape;
    this.next = options.next;
  }

  /** Opens a file or creates it. Waits while another process has it open. */
  static async open(path: string, shape: RecordShape): Promise<LogitsFile> {
    const file = await Deno.open(path, { read: true, write: true, create: true });
    await file.lock(true);
    const width = recordBytes(shape);
    const kept = Math.floor((await file.stat()).size / width);
    await file.truncate(kept * width); // an incomplete record is computed again
    let next = 0;
    if (kept > 0) {
      const last = new Uint8Array(width);
      await file.seek((kept - 1) * width, Deno.SeekMode.Start);
      await readFull(file, last);
      next = recordIndex(last) + 1;
    }
    await file.seek(0, Deno.SeekMode.End);
    return new LogitsFile(file, path, { shape, next });
  }

  /** Appends a batch. */
  async append({ indexes, labels, logits }: DatasetBatch): Promise<void> {
    const { classes } = this.#shape;
    const width = recordBytes(this.#shape) / 4;
    const floats = new Float32Array(indexes.length * width);
    const integers = new Uint32Array(floats.buffer);
    indexes.forEach((index, i) => {
      integers.set([index, labels[i]], i * width);
      logits.forEach((values, exit) => {
        floats.set(values.subarray(i * classes, (i + 1) * classes), i * width + HEAD + exit * classes);
      });
    });
    await writeFull(this.#file, new Uint8Array(floats.buffer), this.#path);
  }

  /** Number of records. */
  async count(): Promise<number> {
    return (await this.#file.stat()).size / recordBytes(this.#shape);
  }

  /**
   * Derives the predictions from the logits.
   *
   * @param samples Number of samples in the data set.
   * @throws {RanetError} If a record is damaged.
   */
  async outcomes(samples: number, temperatures?: readonly number[]): Promise<Outcomes> {
    const { exits, classes } = this.#shape;
    const count = await this.count();
    const perExit = Array.from({ length: exits });
    const outcomes = {
      indexes: new Uint32Array(count),
      labels: new Uint32Array(count),
      confidences: perExit.map(() => new Float32Array(count)),
      ...(temperatures && { uncalibrated: perExit.map(() => new Float32Array(count)) }),
      predictions: perExit.map(() => new Uint32Array(count)),
      top5: perExit.map(() => new Uint8Array(count)),
    };
    await this.#read(samples, (at, { index, label, logits }) => {
      outcomes.indexes[at] = index;
      outcomes.labels[at] = label;
      for (let exit = 0; exit < exits; exit++) {
        const own = logits.subarray(exit * classes, (exit + 1) * classes);
        const probabilities = softmax(own);
        const best = argmax(probabilities);
        outcomes.confidences[exit][at] = probabilities[best];
        const temperature = temperatures?.[exit];
        if (temperature) outcomes.uncalibrated![exit][at] = confidence(own.map((value) => value * temperature));
        outcomes.predictions[exit][at] = best;
        const above = own.reduce((n, value) => n + Number(value > own[label]), 0);
        outcomes.top5[exit][at] = Number(above < 5);
      }
    });
    return outcomes;
  }

  /**
   * The logits themselves, and the labels.
   *
   * @param samples Number of samples in the data set.
   * @throws {RanetError} If a record is damaged.
   */
  async validation(samples: number): Promise<Validation> {
    const { exits, classes } = this.#shape;
    const count = await this.count();
    const labels = new Uint32Array(count);
    const all = Array.from({ length: exits }, () => new Float32Array(count * classes));
    await this.#read(samples, (at, { label, logits }) => {
      labels[at] = label;
      all.forEach((own, exit) => own.set(logits.subarray(exit * classes, (exit + 1) * classes), at * classes));
    });
    return { logits: all, labels };
  }

  /** Reads all records. Each is valid until the next is read. */
  async #read(samples: number, take: (at: number, record: LogitsRecord) => void): Promise<void> {
    const width = recordBytes(this.#shape) / 4;
    const count = await this.count();
    await this.#file.seek(0, Deno.SeekMode.Start);
    const chunk = new Float32Array(Math.min(CHUNK, count) * width);
    let before = -1;
    for (let at = 0; at < count; at++) {
      const place = at % CHUNK * width;
      if (place === 0) {
        await readFull(this.#file, new Uint8Array(chunk.buffer, 0, 4 * width * Math.min(CHUNK, count - at)));
      }
      const [index, label] = new Uint32Array(chunk.buffer, 4 * place, HEAD);
      const logits = chunk.subarray(place + HEAD, place + width);
      if (index <= before || index >= samples || label >= this.#shape.classes || !logits.every(Number.isFinite)) {
        throw new RanetError(`Cannot use ${JSON.stringify(this.#path)}: record ${at + 1} is damaged; delete the file`);
      }
      before = index;
      take(at, { index, label, logits });
    }
  }

  /** Closes the file. */
  [Symbol.dispose](): void {
    this.#file.close();
  }
}

/** Fills bytes from a file. */
export async function readFull(file: Deno.FsFile, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    const read = await file.read(bytes.subarray(done));
    if (read === null) throw new RanetError("Cannot read the file of logits: it has become shorter");
    done += read;
  }
}

/** Writes all bytes to a file. */
export async function writeFull(file: Deno.FsFile, bytes: Uint8Array, path: string): Promise<void> {
  try {
    for (let done = 0; done < bytes.length;) done += await file.write(bytes.subarray(done));
  } catch (error) {
    const reason = systemReason(error);
    if (reason === undefined) throw error;
    throw new RanetError(`Cannot write ${JSON.stringify(path)}: ${reason}; rerun the command to resume`);
  }
}
