/**
 * Reads weights from a file of any supported format.
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

/** Options of {@linkcode readWeights}. */
export interface ReadWeightsOptions extends WeightNamesOptions {
  /** The file's name in errors. */
  readonly source: string;
  /** The key of a checkpoint's state_dict. */
  readonly key?: string;
  /** Called with the classes of the logits, if the file lists them. */
  readonly onClasses?: (classes: readonly string[]) => void;
}

/**
 * Reads the weights in a safetensors file or a PyTorch checkpoint. The format is detected from the first bytes.
 *
 * @returns The tensors, with the network's names if they could be matched.
 * @throws {RanetError} If it is neither or is damaged, or a needed value cannot be read.
 */
export function readWeights(bytes: Uint8Array, options: ReadWeightsOptions): Map<string, Tensor> {
  const { source, key } = options;
  if (isCheckpoint(bytes)) return readCheckpoint(bytes, options);
  return whileReading(source, () => {
    if (key !== undefined) throw new RanetError("it is not a PyTorch checkpoint: only these have keys");
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

/**
 * Whether a file starts like a zip archive or a pickle. A safetensors file starts with a length of any value, followed
 * by `{`.
 */
function isCheckpoint(bytes: Uint8Array): boolean {
  return bytes[8] !== 0x7b && (startsWith(bytes, [0x80]) || startsWith(bytes, "PK"));
}

const ONNX =
  "ONNX files can be written (ranet export onnx) but not read: use the checkpoint or safetensors file it was made from";

/** Other formats in which weights may be stored, and the advice. */
const OTHERS: readonly { readonly start: string | readonly number[]; readonly at?: number; readonly advice: string }[] =
  [
    {
      start: "version https://git-lfs",
      advice: "it is only a Git LFS pointer: download the file (git lfs pull)",
    },
    { start: "<", advice: "it is a web page or XML, not weights: the download may have failed" },
    { start: "ustar", at: 257, advice: "it is a tar archive: unpack it first (tar xf), and use the file in it" },
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
