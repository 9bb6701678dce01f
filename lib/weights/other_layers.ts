/**
 * Layers whose weights PyTorch saves in several parts, and networks that have more than ours: each needs a step in PyTorch
 * before it can be read.
 *
 * @module
 */

import { RanetError } from "../errors.ts";
import { quote } from "./messages.ts";

/** What a name shows, and what to do about it. */
interface OtherLayer {
  /** The names that show it. */
  readonly name: RegExp;
  /** What its tensors are, and what to do. */
  readonly advice: string;
  /** Whether that matters too if the network's own tensors are all there. */
  readonly always?: boolean;
}

const REMOVE = "Before you save, call";
const OTHERS: readonly OtherLayer[] = [
  {
    name: /(^|\.)isc_modules\.\d+\./,
    advice: "is of an IMTA network, whose exits also read the results of the exits before: this is not supported. " +
      "Import the checkpoint that it was trained from by main_GE.py, which is an MSDNet",
    always: true,
  },
  {
    name: /(^|\.)weight_mask$/,
    advice: `is of a pruned layer. ${REMOVE} torch.nn.utils.prune.remove(layer, "weight") for each`,
  },
  {
    name: /(^|\.)parametrizations\./,
    advice:
      `is of a parametrized layer. ${REMOVE} torch.nn.utils.parametrize.remove_parametrizations(layer, "weight") for each`,
  },
  {
    name: /(^|\.)weight_g$/,
    advice: `is of a layer with weight_norm. ${REMOVE} torch.nn.utils.remove_weight_norm(layer) for each`,
  },
  {
    name: /(^|\.)weight_u$/,
    advice: `is of a layer with spectral_norm. ${REMOVE} torch.nn.utils.remove_spectral_norm(layer) for each`,
  },
  {
    name: /(^|\.)(_packed_params|zero_point)(\.|$)/,
    advice: "is of a layer that PyTorch has quantized. Save the network before that, import it, and use ranet quantize",
  },
];

/**
 * Refuses weights that are saved in parts, or of which the network has only some.
 *
 * @param names The file's.
 * @param options `expected`: the network's; `rename`: what the file's are taken for, `undefined` for those that are left out.
 * @throws {RanetError} If there is such a layer.
 */
export function refuseOtherLayers(
  names: readonly string[],
  options: {
    readonly expected: ReadonlySet<string>;
    readonly rename: (name: string) => string | undefined;
  },
): void {
  const { expected, rename } = options;
  const taken = new Set(names.map(rename));
  const isComplete = [...expected].every((name) => taken.has(name));
  for (const { name, advice, always = false } of OTHERS) {
    if (isComplete && !always) continue;
    const found = names.find((other) => name.test(other) && !expected.has(rename(other) ?? ""));
    if (found !== undefined) throw new RanetError(`its ${quote(found)} ${advice}`, { code: "unsupported" });
  }
}
