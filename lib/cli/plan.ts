/**
 * `ranet plan`.
 *
 * @module
 */

import { readSpec } from "../executor/model.ts";
import { buildNetwork } from "../network/build.ts";
import { buildPlan } from "../planner/build.ts";
import { QUAD_BYTES } from "../planner/plan.ts";
import type { Command } from "./command.ts";
import { formatAmount, formatTable } from "./format.ts";

/** Prints what each exit of an architecture costs. */
export const plan: Command = {
  usage: "SPEC",
  summary: "Show what each exit of an architecture costs, before anything is trained.",
  options: {},
  details:
    `SPEC is a YAML file, its URL, or a bundled name. FLOPs (multiply-adds) and parameters are cumulative: from the
image to that exit, earlier heads included. Memory is what running it takes, in float32.

  ranet plan specs/ranet-cifar10.yaml
  ranet plan my-variant.yaml --json`,
  positional: [1, 1],
  async run({ positional: [source], json }, terminal) {
    const network = buildNetwork(await readSpec(source));
    const { weightQuads, sampleQuads, liveQuads } = buildPlan(network);
    const memory = {
      weightBytes: QUAD_BYTES * weightQuads.reduce((sum, quads) => sum + quads, 0),
      activationBytesPerImage: QUAD_BYTES * sampleQuads,
      liveBytesPerImage: QUAD_BYTES * liveQuads,
    };
    const { name } = network.spec;
    const params = network.exits.at(-1)!.cumulativeParams;
    if (json) {
      const exits = network.exits.map(({ layers: _, ...exit }, k) => ({ exit: k + 1, ...exit }));
      return terminal.out(JSON.stringify({ name, params, exits, memory }, null, 2));
    }
    const rows = network.exits.map((exit, k) => [
      `${k + 1}`,
      `${exit.subnetwork}`,
      `${exit.block}`,
      `${exit.size}×${exit.size}×${exit.channels}`,
      formatAmount(exit.cumulativeFlops),
      formatAmount(exit.cumulativeParams),
    ]);
    terminal.out(`${name}: ${formatAmount(params)} parameters, ${network.exits.length} exits\n`);
    terminal.out(formatTable(["exit", "sub-network", "block", "features", "FLOPs", "parameters"], rows));
    terminal.out(
      `\nMemory: ${formatAmount(memory.weightBytes)}B of weights, ` +
        `${formatAmount(memory.activationBytesPerImage)}B of activations an image ` +
        `(${formatAmount(memory.liveBytesPerImage)}B of them live at once)`,
    );
  },
};
