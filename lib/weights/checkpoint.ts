/**
 * PyTorch checkpoints → named tensors: the `state_dict` of a file written by `torch.save`, without running any Python
 * the file may ask for and without reading the optimizer's share of it.
 *
 * @module
 */

import { RanetError } from "../errors.ts";
import { decodeFloats } from "./floats.ts";
import { quote, whileReading } from "./messages.ts";
import type { Tensor } from "./tensor.ts";
import { openTorchFile } from "./torch_file.ts";
import { TorchTensor } from "./torch_objects.ts";

/** Where the bytes given to {@linkcode readCheckpoint} came from. */
export interface ReadCheckpointOptions {
  /** The file's name, for error messages. */
  readonly source: string;
}

/**
 * Reads the tensors of a PyTorch checkpoint: of the `state_dict` in it, or of the whole if it is one itself. The
 * `module.` that DataParallel puts before each name is taken off, every float becomes float32, integer tensors
 * (batch norm's counters) are left out.
 *
 * @param bytes The whole file: a zip archive, or the legacy container.
 * @param options What errors call it.
 * @returns The tensors by name, in the file's order.
 * @throws {RanetError} If the file is not such a checkpoint, is damaged, asks to load anything but tensors and plain
 * values, or holds a number that is not finite.
 *
 * @example
 * ```ts
 * import { readCheckpoint } from "@ranet/ranet/weights";
 *
 * const source = "tests/fixtures/reference/cifar10-lg/checkpoint.pth.tar";
 * const tensors = readCheckpoint(await Deno.readFile(source), { source });
 * console.log(tensors.get("classifier.0.linear.bias")?.shape); // [10]
 * ```
 */
export function readCheckpoint(bytes: Uint8Array, options: ReadCheckpointOptions): Map<string, Tensor> {
  return whileReading(options.source, () => {
    const { root, littleEndian, locate } = openTorchFile(bytes);
    const views = floatTensors(findStateDict(root));

    let total = 0;
    for (const { length } of views.values()) total += length;
    if (total > bytes.length) throw new RanetError(`its tensors show ${total} numbers, more than it has bytes`);

    const storages = locate(new Set(Array.from(views.values(), (view) => view.storage)));
    const tensors = new Map<string, Tensor>();
    for (const [name, view] of views) {
      const data = decodeFloats(storages.get(view.storage)!, {
        type: view.storage.format.float!,
        count: view.length,
        position: positions(view),
        littleEndian,
        name,
      });
      tensors.set(name, { shape: view.shape, data });
    }
    return tensors;
  });
}

function findStateDict(root: unknown): Map<unknown, unknown> {
  if (!(root instanceof Map)) throw new RanetError(`it holds ${quote(root)} instead of a dict with a state_dict`);
  const stateDict = root.get("state_dict") ?? root;
  if (stateDict instanceof Map && stateDict.values().some((value) => value instanceof TorchTensor)) return stateDict;
  const keys = [...root.keys().take(20).map(quote), ...(root.size > 20 ? ["…"] : [])];
  throw new RanetError(`it has no state_dict with tensors, only the keys ${keys.join(", ") || "of an empty dict"}`);
}

/** The weights among a state_dict's entries, under their names without DataParallel's prefix. */
function floatTensors(stateDict: ReadonlyMap<unknown, unknown>): Map<string, TorchTensor> {
  const tensors = new Map<string, TorchTensor>();
  for (const [key, value] of stateDict) {
    if (typeof key !== "string" || !(value instanceof TorchTensor)) {
      throw new RanetError(`its state_dict has ${quote(value)} under ${quote(key)}, where a tensor is expected`);
    }
    if (!value.storage.format.float) continue;
    const name = key.replace(/^module\./, "");
    if (tensors.has(name)) throw new RanetError(`its state_dict has ${quote(name)} with and without "module."`);
    tensors.set(name, value);
  }
  return tensors;
}

/** Where in the storage each of a view's numbers is, in row-major order. */
function positions({ offset, shape, stride }: TorchTensor): (i: number) => number {
  return (i) => {
    let at = offset;
    for (let d = shape.length - 1; d >= 0; d--) {
      at += (i % shape[d]) * stride[d];
      i = Math.floor(i / shape[d]);
    }
    return at;
  };
}
