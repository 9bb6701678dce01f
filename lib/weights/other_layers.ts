/**
 * Detects layers whose weights PyTorch saves in several parts, and networks with additional layers. These need a step
 * in PyTorch before they can be read.
 *
 * @module
 */

import { RanetError } from "../errors.ts";
import { quote } from "./messages.ts";

/** A kind of layer, recognised by names, and the advice. */
interface OtherLayer {
  /** Pattern of the names. */
  readonly name: RegExp;
  /** Description of the tensors, and what to do. */
  readonly advice: string;
  /** Whether it is an error even if all of the network's own tensors exist. */
  readonly always?: boolean;
}

const REMOVE = "Before you save, call";
const OTHERS: readonly OtherLayer[] = [
  {
    name: /(^|\.)isc_modules\.\d+\./,
    advice: "belongs to an IMTA network, whose exits also read the results of earlier exits, which is not supported. " +
      "Import the checkpoint of main_GE.py from which it was trained, which is an MSDNet",
    always: true,
  },
  {
    name: /(^|\.)weight_mask$/,
    advice: `belongs to a pruned layer. ${REMOVE} torch.nn.utils.prune.remove(layer, "weight") for each`,
  },
  {
    name: /(^|\.)parametrizations\./,
    advice: `belongs to a parametrized layer. ${REMOVE} torch.nn.utils.parametrize.remove_parametrizations(layer, ` +
      `"weight") for each`,
  },
  {
    name: /(^|\.)weight_g$/,
    advice: `belongs to a layer with weight_norm. ${REMOVE} torch.nn.utils.remove_weight_norm(layer) for each`,
  },
  {
    name: /(^|\.)weight_u$/,
    advice: `belongs to a layer with spectral_norm. ${REMOVE} torch.nn.utils.remove_spectral_norm(layer) for each`,
  },
  {
    name: /(^|\.)(_packed_params|zero_point)(\.|$)/,
    advice:
      "belongs to a layer that was quantized in PyTorch. Save the network before quantization, import it, and use " +
      "ranet quantize",
  },
];

/**
 * Refuses weights that are saved in parts, or that belong to a larger network.
 *
 * @param names Names in the file.
 * @param options `expected`: the network's names; `rename`: maps a file's name to the network's, `undefined` for
 * ignored ones.
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
