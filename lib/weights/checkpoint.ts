/**
 * Reads PyTorch checkpoints: the `state_dict` of a file written by `torch.save`, as named tensors. No Python code in
 * the file is run, and the optimizer's state is not read.
 *
 * @module
 */

import { RanetError } from "../errors.ts";
import { decodeFloats } from "./floats.ts";
import { SAVE_AGAIN, whileReading } from "./messages.ts";
import { pickWeights, type WeightKind, type WeightNamesOptions } from "./names.ts";
import { PickleOpaque } from "./pickle.ts";
import { describe, findStateDict } from "./state_dict.ts";
import type { Tensor } from "./tensor.ts";
import { openTorchFile } from "./torch_file.ts";
import { TorchTensor } from "./torch_objects.ts";
import { expectObject } from "../text/expect.ts";

/** Options of {@linkcode readCheckpoint}. */
export interface ReadCheckpointOptions extends WeightNamesOptions {
  /** The file's name in errors. */
  readonly source: string;
  /**
   * The key of the state_dict, or several keys joined by dots. Default: `state_dict`, or else the only key with a dict
   * of tensors.
   */
  readonly key?: string;
}

/**
 * Reads the tensors of a PyTorch checkpoint: of its `state_dict`, or of the whole file if it is a state_dict itself.
 * Prefixes of wrappers (`module.`, `_orig_mod.`, `model.`) are removed, floats are converted to float32, integers and
 * counters are omitted. Other contents of the file are ignored, and nothing in it is run.
 *
 * @param bytes The whole file: a zip archive, or the legacy container.
 * @param options The file's name in errors, and what to read.
 * @returns The tensors by name, in the file's order.
 * @throws {RanetError} If the file is not such a checkpoint or is damaged, or a tensor is created by a function that
 * only Python could run, or contains a number that is not finite.
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
  expectObject("readCheckpoint", { bytes }, "byteLength");
  expectObject("readCheckpoint", { options }, "source");
  return whileReading(options.source, () => {
    const { root, littleEndian, locate } = openTorchFile(bytes);
    const views = pickWeights(named(findStateDict(root, options)), kindOf, options) as Map<string, TorchTensor>;

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

function* named(stateDict: ReadonlyMap<unknown, unknown>): Generator<[string, unknown]> {
  for (const [key, value] of stateDict) if (typeof key === "string") yield [key, value];
}

/** The kind of a state_dict's value: floats, integers such as counters, or other things that modules save. */
function kindOf(value: unknown): WeightKind {
  if (value instanceof TorchTensor) return value.storage.format.float ? "floats" : { found: "a tensor without floats" };
  return { found: describe(value), ...value instanceof PickleOpaque && { advice: SAVE_AGAIN } };
}

/** Positions of a view's numbers in its storage, in row-major order. */
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
