/**
 * Converts the authors' command-line flags to a spec's YAML text.
 *
 * @module
 */

import { boostedLines, translateWords, withBoosting } from "./boosted_flags.ts";
import type { Family } from "../network/families.ts";
import { FAMILY_NAMES, partsOf } from "./families.ts";
import { cannotRead, Flags, splitWord, wordsOf } from "./flags.ts";
import { CIFAR10_LABELS } from "./labels.ts";
import { parseSpec } from "./parse.ts";
import { schemaLine, yamlList, yamlScalar } from "./yaml_text.ts";
import { expectObject, expectString } from "../text/expect.ts";

/** Settings for each data set. */
const DATA_SETS: Readonly<Record<string, DataSet>> = {
  cifar10: {
    stem: "conv3x3",
    classes: yamlList(CIFAR10_LABELS),
    input: "size: 32, mean: [0.4914, 0.4824, 0.4467], std: [0.2471, 0.2435, 0.2616]",
  },
  cifar100: {
    stem: "conv3x3",
    classes: "cifar100",
    input: "size: 32, mean: [0.5071, 0.4867, 0.4408], std: [0.2675, 0.2565, 0.2761]",
  },
  ImageNet: {
    stem: "conv7x7-pool",
    classes: "imagenet",
    input: "size: 224, resize: 256, mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225]",
  },
};

interface DataSet {
  readonly stem: string;
  readonly classes: string;
  readonly input: string;
}

/** Options of {@linkcode specFromOfficialFlags}. */
export interface OfficialSpecOptions {
  /** Name of the architecture. Default: `ranet-` or `msdnet-` followed by the data set in lower case. */
  readonly name?: string;
  /** Labels in the order of the logits, or their number, if the network has other classes. Default: the data set's. */
  readonly classes?: number | "imagenet" | readonly string[];
  /** Path or URL of `ranet.schema.json`, relative to the stored text. Default: beside it. */
  readonly schema?: string;
}

/**
 * Writes the spec of the network that the authors' training code builds from these flags.
 *
 * @param flags A flag line as for their `main.py`, with `--arch RANet` (default) or `--arch msdnet`, or for the boosted networks'
 * scripts, such as `--arch ranet --dataset cifar100 --stepmode lin_grow --ensemble_reweight 0.5`; flags that do not
 * affect the network are ignored.
 * @param options Its name, and where editors find the schema.
 * @returns YAML text that {@linkcode parseSpec} accepts.
 * @throws {RanetError} If a flag is unknown or its value invalid, or the network is invalid.
 *
 * @example
 * ```ts
 * import { specFromOfficialFlags } from "@ranet/ranet/spec";
 *
 * console.log(specFromOfficialFlags("--arch RANet --data cifar10 --step 2 --stepmode lg"));
 * ```
 */
export function specFromOfficialFlags(flags: string, options: OfficialSpecOptions = {}): string {
  expectString("specFromOfficialFlags", { flags });
  expectObject("specFromOfficialFlags", { options });
  const given = wordsOf(flags).map((word) => word === "-a" ? "--arch" : word);
  const words = translateWords(given);
  const family = familyOf(words);
  const { flags: table, lines } = partsOf(family).script;
  const values = new Flags(words, withBoosting(table, given));
  const data = values.choice("--data", Object.keys(DATA_SETS));
  const { name = `${family}-${data.toLowerCase()}`, schema = "./ranet.schema.json" } = options;
  const { stem, classes: usual, input } = DATA_SETS[data];
  const { classes = usual } = options;
  const text = [
    schemaLine(schema),
    `# The authors' flags: ${values.changed() || "none, all defaults"}`,
    ...family === FAMILY_NAMES[0] ? [] : [`family: ${family}`],
    `name: ${/^[a-z][a-z0-9-]*$/.test(name) ? name : JSON.stringify(name)}`,
    `input: { ${input} }`,
    `classes: ${typeof classes === "object" ? yamlList(classes.map(yamlScalar)) : classes}`,
    `stem: ${stem}`,
    ...lines(values),
    ...boostedLines(values),
    "",
  ].join("\n");
  parseSpec(text, { source: "of these flags" });
  return text;
}

/** The family of the last `--arch`. */
function familyOf(words: readonly string[]): Family {
  const archs = words.flatMap((word, i) => {
    const [flag, value = words[i + 1]] = splitWord(word);
    return flag === "--arch" && value !== undefined && !value.startsWith("--") ? [value] : [];
  });
  const known = FAMILY_NAMES.map((family) => partsOf(family).script.arch);
  const arch = archs.at(-1) ?? known[0];
  const family = FAMILY_NAMES[known.indexOf(arch)];
  if (family) return family;
  if (arch === "IMTA_MSDNet") {
    throw cannotRead(
      "--arch is IMTA_MSDNet, whose exits also read the results of earlier exits, which is not supported. Use the " +
        "checkpoint from which it was trained (main_GE.py) and --arch msdnet_ge",
    );
  }
  throw cannotRead(`--arch is ${JSON.stringify(arch.slice(0, 64))}, expected ${known.join(" or ")}`);
}
