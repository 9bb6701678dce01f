/**
 * Converts flags of the MSDNet authors' `main.py` (kalviny/MSDNet-PyTorch) to the parts of a spec that only MSDNets
 * have.
 *
 * @module
 */

import { cannotRead, type Flags, type FlagTable } from "../flags.ts";

/** Flags with a value that only the scripts of IMTA have (kalviny/IMTA, whose main_GE.py trains an MSDNet). */
const IMTA = ["--pretrained", "--priornet", "--switch-mode", "--gamma", "-T"];
/** Flags of "Learning to Weight Samples for Dynamic Early-exiting Networks" (LeapLabTHU/L2W-DEN). */
const LEARNED_WEIGHTS = [
  ...[
    "--train_url",
    "--data_url",
    "--finetune_from",
    "--evaluate_from",
    "--index_path",
    "--num_sample_valid",
    "--round",
  ],
  ...["--arch_config", "--world_size", "--rank", "--dist_url", "--dist_backend", "--target_p_index", "--epsilon"],
  ...["--meta_net_hidden_size", "--meta_net_num_layers", "--meta_net_input_type", "--meta_interval", "--meta_lr"],
  ...["--meta_weight_decay", "--constraint_dimension"],
];

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
    ...IMTA,
    ...LEARNED_WEIGHTS,
  ],
  switches: ["--resume", "--use-valid", "--use_valid", "--multiprocessing_distributed"],
};

/** The YAML lines for the flags. */
export function msdnetLines(flags: Flags): string[] {
  const growthFactors = flags.wholeList("--grFactor");
  const bottlenecks = flags.wholeList("--bnFactor");
  if (growthFactors.length !== bottlenecks.length) {
    throw cannotRead(
      `--bnFactor has ${bottlenecks.length} entries and --grFactor ${growthFactors.length}; expected the same ` +
        "number, one per scale",
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
