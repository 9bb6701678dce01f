/**
 * Converts flags of the RANet authors' `main.py` to the parts of a spec that only RANets have.
 *
 * @module
 */

import { cannotRead, type Flags, type FlagTable } from "../flags.ts";
import { yamlList } from "../yaml_text.ts";
import { ruledFusion, ruledTransitions, scaleIndices } from "./rules.ts";

/** The script's flags. */
export const RANET_FLAGS: FlagTable = {
  network: {
    "--arch": "RANet",
    "--data": "cifar10",
    "--nBlocks": "2",
    "--block-step": "2",
    "--nChannels": "16",
    "--growthRate": "6",
    "--grFactor": "4-2-1",
    "--bnFactor": "4-2-1",
    "--scale-list": "1-2-3",
    "--step": "4",
    "--stepmode": "even",
    "--compress-factor": "0.25",
    "--reduction": "0.5",
  },
  others: [
    ...["--save", "--evalmode", "--evaluate-from", "--print-freq", "-p", "--seed", "--gpu", "--data-root", "--workers"],
    ...["-j", "--epochs", "--start-epoch", "--batch-size", "-b", "--optimizer", "--lr", "--learning-rate", "--lr-type"],
    ...["--decay-rate", "--momentum", "--weight-decay", "--wd"],
  ],
  switches: ["--resume", "--use-valid", "--bnAfter"],
};

/** The YAML lines for the flags. */
export function ranetLines(flags: Flags): string[] {
  const mode = flags.choice("--stepmode", ["even", "lg", "lin_grow"]) === "even" ? "even" : "lengthen";
  const compress = flags.share("--compress-factor");
  const reduction = flags.share("--reduction");
  const { baseFeatures, subnetworks } = readSubnetworks(flags);
  return [
    "base_features: # coarsest first",
    ...baseFeatures.map((entry) => `  - { ${entry} }`),
    "subnetworks: # one per base feature; fusion and transitions by the authors' rules unless listed",
    ...subnetworks.map((entry) => `  - { ${entry} }`),
    `layers: { mode: ${mode}, step: ${flags.whole("--step")} }`,
    `compress: ${compress}`,
    `reduction: ${reduction}`,
  ];
}

/** The flow-style entries of `base_features` and `subnetworks`. */
function readSubnetworks(flags: Flags): { baseFeatures: string[]; subnetworks: string[] } {
  const scaleList = flags.wholeList("--scale-list");
  const growthFactors = flags.wholeList("--grFactor");
  const bottlenecks = flags.wholeList("--bnFactor");
  for (const [flag, list] of [["--grFactor", growthFactors], ["--bnFactor", bottlenecks]] as const) {
    if (list.length !== scaleList.length) {
      throw cannotRead(
        `${flag} has ${list.length} entries and --scale-list ${scaleList.length}; expected the same number, one per ` +
          "sub-network",
      );
    }
  }
  if (scaleList.some((index, s) => index < scaleList[s - 1])) {
    throw cannotRead(
      `--scale-list is ${flags.text("--scale-list")}, expected the coarsest first: no index below the previous one`,
    );
  }
  const channels = flags.whole("--nChannels");
  const growth = flags.whole("--growthRate");
  const blocks = flags.whole("--nBlocks");
  const blockStep = flags.whole("--block-step");

  // The authors' code halves the resolution once wherever the index changes, independently of the difference.
  const steps = scaleIndices(scaleList);
  const blocksBefore: number[] = [];
  const subnetworks = scaleList.map((scaleIndex, s) => {
    const blockCount = blocks + s * blockStep;
    const entry = [
      `blocks: ${blockCount}`,
      `growth: ${growth * growthFactors[s]}`,
      `bottleneck: ${bottlenecks[s]}`,
    ];
    if (scaleIndex !== steps[s]) {
      // With `auto`, scales would be numbered without gaps.
      entry.push(`fusion: ${yamlList(ruledFusion(scaleIndex, blocksBefore))}`);
      entry.push(`transitions: ${yamlList(ruledTransitions(scaleIndex, blockCount))}`);
    }
    blocksBefore.push(blockCount);
    return entry.join(", ");
  });
  const baseFeatures = steps.map((step, s) => {
    const divisor = 2 ** (steps[steps.length - 1] - step);
    return `scale: ${divisor === 1 ? "1" : `1/${divisor}`}, channels: ${channels * growthFactors[s]}`;
  });
  return { baseFeatures, subnetworks };
}
