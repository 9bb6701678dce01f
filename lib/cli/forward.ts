/**
 * `ranet forward`.
 *
 * @module
 */

import { readBoundedFile } from "../data/files.ts";
import { readNpy } from "../data/npy.ts";
import { RanetError } from "../errors.ts";
import { DEFAULT_MODEL, loadModel } from "../executor/model.ts";
import { createExecutor } from "./classify.ts";
import { type Command, MODEL_OPTIONS } from "./command.ts";
import { formatAmount } from "./format.ts";

const MAX_INPUT_BYTES = 2 ** 30;

/** Prints the logits of every exit. */
export const forward: Command = {
  usage: "INPUT.npy [--model M] [--weights W] [--device auto|gpu|cpu]",
  summary: "Compute the logits of every exit for a raw tensor, to compare with another implementation.",
  options: MODEL_OPTIONS,
  details: `INPUT.npy holds float32 numbers, N × 3 × size × size, already normalised.

  ranet forward input.npy --model my-model --json`,
  positional: [1, 1],
  async run({ positional: [path], options, json }, terminal) {
    const input = readNpy(await readBoundedFile(path, MAX_INPUT_BYTES), { source: path });
    const model = await loadModel(options.model ?? DEFAULT_MODEL, { weights: options.weights });
    const { size } = model.spec.input;
    const [count, ...shape] = input.shape;
    if (`${shape}` !== `3,${size},${size}` || count < 1) {
      throw new RanetError(
        `Cannot run ${path} through ${model.name}: expected shape N × 3 × ${size} × ${size}, ` +
          `found ${input.shape.join(" × ")}`,
      );
    }
    using executor = await createExecutor(model, options, { capacity: Math.min(64, count), terminal });
    const logits = await executor.forward(input.data);
    const exits = model.network.exits.map(({ cumulativeFlops }, k) => ({
      exit: k + 1,
      cumulativeFlops,
      logits: rows(logits[k], count),
    }));
    const { kind, name } = executor.device;
    if (json) return terminal.out(JSON.stringify({ device: kind, adapter: name, exits }));
    terminal.out(`${model.name} on ${name}`);
    for (const { exit, cumulativeFlops, logits } of exits) {
      terminal.out(`\nexit ${exit}, ${formatAmount(cumulativeFlops)} multiply-adds`);
      for (const row of logits) terminal.out(row.map((value) => value.toFixed(5)).join(" "));
    }
  },
};

function rows(values: Float32Array, count: number): number[][] {
  const length = values.length / count;
  return Array.from({ length: count }, (_, i) => [...values.subarray(i * length, (i + 1) * length)]);
}
