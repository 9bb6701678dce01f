/**
 * Weights out of a file of any kind that is read.
 *
 * @module
 */

import { RanetError } from "../errors.ts";
import { readCheckpoint } from "./checkpoint.ts";
import { whileReading } from "./messages.ts";
import { classesIn } from "./metadata.ts";
import { pickWeights, type WeightNamesOptions } from "./names.ts";
import { QUANTIZATION_NOTE } from "./quantized.ts";
import { kindOfEntry, openSafetensors, weightEntries } from "./safetensors.ts";
import type { Tensor } from "./tensor.ts";

/** What {@linkcode readWeights} reads, and out of what. */
export interface ReadWeightsOptions extends WeightNamesOptions {
  /** The file's name, for error messages. */
  readonly source: string;
  /** The key that a checkpoint's state_dict is under. */
  readonly key?: string;
  /** Told the classes of the logits, where the file names them. */
  readonly onClasses?: (classes: readonly string[]) => void;
}

/**
 * Reads the weights in a safetensors file or a PyTorch checkpoint, which its first bytes tell.
 *
 * @returns The tensors, under the network's names where they could be found.
 * @throws {RanetError} If it is neither, is damaged, or something that is needed cannot be read.
 */
export function readWeights(bytes: Uint8Array, options: ReadWeightsOptions): Map<string, Tensor> {
  const { source, key } = options;
  if (isCheckpoint(bytes)) return readCheckpoint(bytes, options);
  return whileReading(source, () => {
    if (key !== undefined) throw new RanetError("it is not a checkpoint of PyTorch: only these have keys");
    const other = /\.onnx$/i.test(source)
      ? ONNX
      : OTHERS.find(({ start, at = 0 }) => startsWith(bytes.subarray(at), start))?.advice;
    if (other !== undefined) throw new RanetError(other, { code: "unsupported" });
    const file = openSafetensors(bytes);
    const { metadata, entries, read } = file;
    const classes = classesIn(metadata);
    if (classes) options.onClasses?.(classes);
    if (QUANTIZATION_NOTE.key in metadata) {
      return new Map(weightEntries(file).map((entry) => [entry.name, read(entry)]));
    }
    const picked = pickWeights(entries.map((entry) => [entry.name, entry]), kindOfEntry, options);
    return new Map(Array.from(picked, ([name, entry]) => [name, read(entry)]));
  });
}

/** A zip archive or a pickle, and not the length before a safetensors file's `{`, whose bytes may be any. */
function isCheckpoint(bytes: Uint8Array): boolean {
  return bytes[8] !== 0x7b && (startsWith(bytes, [0x80]) || startsWith(bytes, "PK"));
}

const ONNX =
  "ONNX files are written (ranet export onnx) and not read: give the checkpoint or safetensors file it was made from";

/** What else files of weights may be. */
const OTHERS: readonly { readonly start: string | readonly number[]; readonly at?: number; readonly advice: string }[] =
  [
    {
      start: "version https://git-lfs",
      advice: "it is only Git LFS's note about the file: get the file (git lfs pull)",
    },
    { start: "<", advice: "it is a web page or XML, not weights: has the download failed?" },
    { start: "ustar", at: 257, advice: "it is a tar archive: unpack it first (tar xf), and give the file in it" },
    { start: [0x1f, 0x8b], advice: "it is compressed: unpack it first (gunzip, or tar xzf)" },
    {
      start: [0x89, 0x48, 0x44, 0x46],
      advice: "it is an HDF5 file: expected a PyTorch checkpoint or a safetensors file",
    },
    { start: "\x93NUMPY", advice: "it is a NumPy array: expected a PyTorch checkpoint or a safetensors file" },
  ];

function startsWith(bytes: Uint8Array, start: string | readonly number[]): boolean {
  const codes = typeof start === "string" ? Array.from(start, (char) => char.charCodeAt(0)) : start;
  return codes.every((code, i) => bytes[i] === code);
}
