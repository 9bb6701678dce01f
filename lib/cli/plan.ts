/**
 * `ranet plan`: what each exit of an architecture costs.
 *
 * @module
 */

import { BUNDLED_SPECS, readSpec } from "../executor/model.ts";
import { buildNetwork } from "../network/build.ts";
import { buildPlan } from "../planner/build.ts";
import { QUAD_BYTES } from "../planner/plan.ts";
import type { Call, Command, Terminal } from "./command.ts";
import { bytes, large, table } from "./text.ts";

/** The command. */
export const planCommand: Command<never> = {
  name: "plan",
  summary: "list an architecture's exits with their operations, parameters and memory",
  usage: "SPEC [options]",
  operands: [1, 1],
  description: `Prints each exit's sub-network, block, features and cost. Costs add up: exit 3's include all that exits
1 and 2 computed. SPEC is a YAML file, its URL, or one of the bundled
${BUNDLED_SPECS.join(", ")}.`,
  options: {},
  examples: ["ranet plan specs/ranet-cifar10.yaml", "ranet plan ranet-imagenet-c64 --json"],
  async run({ operands: [source], json }: Call, { stdout }: Terminal): Promise<void> {
    const network = buildNetwork(await readSpec(source));
    const { name } = network.spec;
    const { weightQuads, sampleQuads, liveQuads } = buildPlan(network);
    const exits = network.exits.map(({ layers: _, ...exit }, k) => ({ exit: k + 1, ...exit }));
    const params = exits[exits.length - 1].cumulativeParams;
    const memory = {
      weightBytes: weightQuads.reduce((sum, quads) => sum + quads, 0) * QUAD_BYTES,
      activationBytesPerImage: sampleQuads * QUAD_BYTES,
      liveBytesPerImage: liveQuads * QUAD_BYTES,
    };
    if (json) return stdout(JSON.stringify({ name, params, exits, memory }));

    const rows = exits.map(({ exit, subnetwork, block, size, channels, cumulativeFlops, cumulativeParams }) => [
      exit,
      subnetwork,
      block,
      `${size}×${size}×${channels}`,
      large(cumulativeFlops),
      large(cumulativeParams),
    ]);
    stdout(`${name}

${
      table([
        ["exit", "right"],
        ["sub-network", "right"],
        ["block", "right"],
        ["features", "right"],
        ["multiply-adds", "right"],
        ["parameters", "right"],
      ], rows)
    }

parameters                ${params.toLocaleString("en")}
weights on the device     ${bytes(memory.weightBytes)}
activations of an image   ${bytes(memory.activationBytesPerImage)}, of which at most ${
      bytes(memory.liveBytesPerImage)
    } are in use at once`);
  },
};
