/**
 * Converts flags of the MSDNet authors' `main.py` (kalviny/MSDNet-PyTorch) to the parts of a spec that only MSDNets
 * have.
 *
 * @module
 */

import { cannotRead, type Flags, type FlagTable } from "../flags.ts";

/** The script's flags. */
export const MSDNET_FLAGS: FlagTable = {
  network: {
    "--arch": "msdnet",
    "--data": "cifar10",
    "--nBlocks": "1",
    "--base": "4",
    "--step": "1",
    // Without the flag, their code does the same as with lin_grow.
    "--stepmode": "lin_grow",
    "--nChannels": "32",
    "--growthRate": "6",
    "--grFactor": "1-2-4",
    "--bnFactor": "1-2-4",
    "--prune": "max",
    "--reduction": "0.5",
  },
  others: [
    ...["--save", "--eval", "--evaluate", "--evalmode", "--evaluate-from", "--print-freq", "-p", "--seed", "--gpu"],
    ...[
      "--data-root",
      "--workers",
      "-j",
      "--epochs",
      "--start-epoch",
      "--patience",
      "--batch-size",
      "-b",
      "--optimizer",
    ],
    ...["--lr", "--learning-rate", "--lr-type", "--decay-rate", "--momentum", "--alpha", "--beta1", "--beta2"],
    ...["--weight-decay", "--wd", "--trainer", "--depth", "-d", "--drop-rate", "--death-mode", "--death-rate"],
    ...["--growth-rate", "--bn-size", "--bottleneck"],
  ],
  switches: ["--resume", "--use-valid"],
};

/** The YAML lines for the flags. */
export function msdnetLines(flags: Flags): string[] {
  const growthFactors = flags.wholeList("--grFactor");
  const bottlenecks = flags.wholeList("--bnFactor");
  if (growthFactors.length !== bottlenecks.length) {
    throw cannotRead(
      `--bnFactor has ${bottlenecks.length} entries and --grFactor ${growthFactors.length}; expected the same number, one per scale`,
    );
  }
  const mode = flags.choice("--stepmode", ["even", "lin_grow"]) === "even" ? "even" : "linear";
  const blocks = flags.whole("--nBlocks");
  const scales = growthFactors.map((factor, s) =>
    `scale: ${s === 0 ? 1 : `1/${2 ** s}`}, growth_factor: ${factor}, bottleneck: ${bottlenecks[s]}`
  );
  return [
    "scales: # coarsest first",
    ...scales.toReversed().map((entry) => `  - { ${entry} }`),
    `channels: ${flags.whole("--nChannels")}`,
    `growth: ${flags.whole("--growthRate")}`,
    `layers: { mode: ${mode}, blocks: ${blocks}, base: ${flags.whole("--base")}, step: ${flags.whole("--step")} }`,
    `prune: ${flags.choice("--prune", ["min", "max"])}`,
    `reduction: ${flags.share("--reduction")}`,
  ];
}
