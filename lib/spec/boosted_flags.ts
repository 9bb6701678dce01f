/**
 * The flags of the boosted networks' scripts (Yu et al., "Boosted Dynamic Neural Networks", AAAI 2023; the repository
 * SHI-Labs/Boosted-Dynamic-Networks), which use the flags of RANet and MSDNet with a few other names.
 *
 * @module
 */

import { cannotRead, type Flags, type FlagTable, splitWord } from "./flags.ts";

/** Flag of the factor for the logits of earlier exits, and its default. */
const REWEIGHT = "--ensemble_reweight";
const DEFAULT_REWEIGHT = "1.0";

/** Flags that only these scripts have, with and without a value. */
const OWN = {
  values: [
    ...[REWEIGHT, "--dataset", "--result_dir", "--tensorboard_dir", "--checkpoint", "--save_suffix", "--val_workers"],
    ...["--lr_f", "--lr_milestones", "--dist_backend", "--local_rank"],
  ],
  switches: ["--flat_curve", "--loss_equal", "--distributed"],
};
/** Those flags that other scripts also have, for networks that are not boosted. */
const COMMON = ["--dist_backend", "--local_rank", "--distributed", "--checkpoint"];
/** Flags that the script has for every network. */
const SHARED = ["--base", "--prune", "--bottleneck", "--block-step", "--scale-list", "--compress-factor"];

/** Values with another name in the other scripts. */
const DATA_SETS: Readonly<Record<string, string>> = { imagenet: "ImageNet" };
const ARCHS: Readonly<Record<string, string>> = { ranet: "RANet", msdnet_ge: "msdnet" };

/** Translates the words of a flag line to those of the other scripts. */
export function translateWords(words: readonly string[]): string[] {
  const translations: Readonly<Record<string, Readonly<Record<string, string>>>> = {
    "--dataset": DATA_SETS,
    "--arch": ARCHS,
  };
  const names: Readonly<Record<string, string>> = { "--dataset": "--data" };
  return words.map((word, i) => {
    const [flag, attached] = splitWord(word);
    if (attached !== undefined && flag in translations) {
      return `${names[flag] ?? flag}=${translations[flag][attached] ?? attached}`;
    }
    return translations[words[i - 1]]?.[word] ?? names[word] ?? word;
  });
}

/** Adds the flags of these scripts to a script's table, if the flag line `words` is for one of them. */
export function withBoosting({ network, others, switches }: FlagTable, words: readonly string[]): FlagTable {
  const signs = [...OWN.values, ...OWN.switches].filter((flag) => !COMMON.includes(flag));
  const isBoosted = words.some((word) => signs.includes(splitWord(word)[0]));
  const shared = isBoosted ? SHARED.filter((flag) => !(flag in network)) : [];
  return {
    network: { ...network, [REWEIGHT]: isBoosted ? DEFAULT_REWEIGHT : "" },
    others: [...others, ...OWN.values.filter((flag) => flag !== REWEIGHT), ...shared],
    switches: [...switches, ...OWN.switches],
  };
}

/** The YAML line for boosted exits. */
export function boostedLines(flags: Flags): string[] {
  const value = flags.text(REWEIGHT);
  if (value === "") return [];
  const factors = value.split(",").map(Number);
  if (!factors.every((factor) => factor >= 0 && factor === factors[0])) {
    throw cannotRead(
      `${REWEIGHT} is ${JSON.stringify(value.slice(0, 64))}, expected one number for all exits, such as 0.5`,
    );
  }
  return [`exits: { boosted: true, reweight: ${factors[0]} }`];
}
