/**
 * `ranet forward`: computes the logits of all exits for a tensor, to compare ported models.
 *
 * @module
 */

import { readNpy } from "../data/npy.ts";
import { RanetError } from "../errors.ts";
import type { AdaptiveExecutor } from "../executor/executor.ts";
import { DEFAULT_BATCH_SIZE } from "../executor/options.ts";
import { readResource } from "../io/resource.ts";
import { inputShape } from "../network/common.ts";
import { large } from "../text/numbers.ts";
import type { Call, Command, Terminal } from "./command.ts";
import { MODEL_OPTIONS, type ModelOption, openExecutor } from "./run_on.ts";
import { printable, table } from "./text.ts";

/** Size limit of inputs in bytes. */
const MAX_INPUT_BYTES = 2 ** 30;
/** Number of logits that are listed in text. */
const LISTED = 3;

interface ExitLogits {
  readonly exit: number;
  readonly cumulativeFlops: number;
  /** Logits, `[image][class]`. */
  readonly logits: readonly (readonly number[])[];
}

/** The command. */
export const forwardCommand: Command<ModelOption> = {
  name: "forward",
  summary: "compute the logits of every exit for a tensor in a .npy file",
  usage: "INPUT.npy [options]",
  operands: [1, 1],
  description: `Runs the full network on images that are already normalised: a float32 array of N×channels×height×width,
saved with numpy.save. The table shows the ${LISTED} largest logits; --json contains all of them, as [image][class] for
each exit.`,
  options: MODEL_OPTIONS,
  examples: [
    "ranet forward input.npy --model my-model --json > logits.json",
    "ranet forward input.npy --model my-model --device cpu",
  ],
  async run(call: Call<ModelOption>, terminal: Terminal): Promise<void> {
    const [source] = call.operands;
    const { shape, data } = readNpy(await readResource(source, { maxBytes: MAX_INPUT_BYTES }), { source });
    using executor = await openExecutor(call, terminal, {
      batchSize: Math.min(DEFAULT_BATCH_SIZE, Math.max(1, shape[0] ?? 1)),
    });
    const { network, spec } = executor.model;
    const wanted = inputShape(spec.input);
    const [images = 0, ...image] = shape;
    if (images < 1 || image.join() !== wanted.join()) {
      throw new RanetError(
        `Cannot run ${spec.name} on ${JSON.stringify(source)}: expected an array of N×${wanted.join("×")}, ` +
          `found ${shape.join("×") || "a single number"}`,
      );
    }
    const classes = spec.classes.length;
    const exits = (await executor.forward(data)).map((logits, k): ExitLogits => ({
      exit: k + 1,
      cumulativeFlops: network.exits[k].cumulativeFlops,
      logits: Array.from({ length: images }, (_, i) => Array.from(logits.subarray(i * classes, (i + 1) * classes))),
    }));
    const { kind: device, name: adapter } = executor.device;
    terminal.stdout(call.json ? JSON.stringify({ device, adapter, exits }) : asText(exits, executor));
  },
};

function asText(exits: readonly ExitLogits[], { device, model }: AdaptiveExecutor): string {
  const rows = exits.flatMap(({ exit, cumulativeFlops, logits }) =>
    logits.map((values, image) => [exit, large(cumulativeFlops), image + 1, largest(values, model.spec.classes)])
  );
  return `${
    table([["exit", "right"], ["multiply-adds", "right"], ["image", "right"], ["largest logits", "left"]], rows)
  }

${model.name} on ${printable(device.name)}; --json gives all logits`;
}

function largest(values: readonly number[], labels: readonly string[]): string {
  const order = Array.from(values.keys()).sort((a, b) => values[b] - values[a]).slice(0, LISTED);
  return order.map((index) => `${labels[index]} ${values[index].toFixed(4)}`).join(", ");
}
