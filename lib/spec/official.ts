/**
 * The authors' command-line flags → a spec's YAML text.
 *
 * @module
 */

import { RanetError } from "../errors.ts";
import { CIFAR100_LABELS, CIFAR10_LABELS } from "./labels.ts";
import { parseSpec } from "./parse.ts";
import { ruledFusion, ruledTransitions, scaleIndices } from "./rules.ts";
import { suggest } from "../suggest.ts";
import { schemaLine, yamlList } from "./yaml_text.ts";

/** Flags that say what the network is, with the authors' defaults. */
const ARCHITECTURE_FLAGS = {
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
};

type Flag = keyof typeof ARCHITECTURE_FLAGS;
type Flags = Readonly<Record<Flag, string>>;

/** Flags of the training script that take a value and leave the network as it is. */
const OTHER_FLAGS = [
  ...["--save", "--evalmode", "--evaluate-from", "--print-freq", "-p", "--seed", "--gpu", "--data-root", "--workers"],
  ...["-j", "--epochs", "--start-epoch", "--batch-size", "-b", "--optimizer", "--lr", "--learning-rate", "--lr-type"],
  ...["--decay-rate", "--momentum", "--weight-decay", "--wd"],
];

/** The same, without a value. */
const SWITCHES = ["--resume", "--use-valid", "--bnAfter"];

/** What a data set implies. */
const DATA_SETS: Readonly<Record<string, DataSet>> = {
  cifar10: {
    stem: "conv3x3",
    classes: yamlList(CIFAR10_LABELS),
    input: "size: 32, mean: [0.4914, 0.4824, 0.4467], std: [0.2471, 0.2435, 0.2616]",
  },
  cifar100: {
    stem: "conv3x3",
    classes: yamlList(CIFAR100_LABELS),
    input: "size: 32, mean: [0.5071, 0.4867, 0.4408], std: [0.2675, 0.2565, 0.2761]",
  },
  ImageNet: {
    stem: "conv7x7-pool",
    classes: "1000",
    input: "size: 224, resize: 256, mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225]",
  },
};

interface DataSet {
  readonly stem: string;
  readonly classes: string;
  readonly input: string;
}

/** What {@linkcode specFromOfficialFlags} writes besides the architecture. */
export interface OfficialSpecOptions {
  /** Name of the architecture. Default: `ranet-` and the data set in lower case. */
  readonly name?: string;
  /** Path or URL of `ranet.schema.json`, as seen from where the text will be stored. Default: beside it. */
  readonly schema?: string;
}

/**
 * Writes the spec of a network that the authors' training code makes from these flags.
 *
 * @param flags A flag line as for their `main.py`; flags that do not change the network are passed over.
 * @param options Its name, and where editors find the schema.
 * @returns YAML text that {@linkcode parseSpec} accepts.
 * @throws {RanetError} If a flag is unknown or its value unusable, or the network could not work.
 *
 * @example
 * ```ts
 * import { specFromOfficialFlags } from "@ranet/ranet";
 *
 * console.log(specFromOfficialFlags("--arch RANet --data cifar10 --step 2 --stepmode lg"));
 * ```
 */
export function specFromOfficialFlags(flags: string, options: OfficialSpecOptions = {}): string {
  const values = readFlags(flags);
  choice(values, "--arch", ["RANet"]);
  const data = choice(values, "--data", Object.keys(DATA_SETS));
  const mode = choice(values, "--stepmode", ["even", "lg"]) === "lg" ? "lengthen" : "even";
  const compress = share(values, "--compress-factor");
  const reduction = share(values, "--reduction");
  const { name = `ranet-${data.toLowerCase()}`, schema = "./ranet.schema.json" } = options;
  const { stem, classes, input } = DATA_SETS[data];
  const { baseFeatures, subnetworks } = readSubnetworks(values);

  const changed = Object.entries(values).filter(([flag, value]) => value !== ARCHITECTURE_FLAGS[flag as Flag]);
  const shownFlags = changed.map(([flag, value]) => `${flag} ${value}`).join(" ") || "none, all defaults";
  const text = [
    schemaLine(schema),
    `# The authors' flags: ${shownFlags}`,
    `name: ${/^[a-z][a-z0-9-]*$/.test(name) ? name : JSON.stringify(name)}`,
    `input: { ${input} }`,
    `classes: ${classes}`,
    `stem: ${stem}`,
    "base_features: # coarsest first",
    ...baseFeatures.map((entry) => `  - { ${entry} }`),
    "subnetworks: # one per base feature; fusion and transitions by the authors' rules unless listed",
    ...subnetworks.map((entry) => `  - { ${entry} }`),
    `layers: { mode: ${mode}, step: ${whole(values["--step"], "--step")} }`,
    `compress: ${compress}`,
    `reduction: ${reduction}`,
    "",
  ].join("\n");
  parseSpec(text, { source: "of these flags" });
  return text;
}

/** The flow-style entries of `base_features` and `subnetworks`. */
function readSubnetworks(values: Flags): { baseFeatures: string[]; subnetworks: string[] } {
  const scaleList = wholeList(values, "--scale-list");
  const growthFactors = wholeList(values, "--grFactor");
  const bottlenecks = wholeList(values, "--bnFactor");
  for (const [flag, list] of [["--grFactor", growthFactors], ["--bnFactor", bottlenecks]] as const) {
    if (list.length !== scaleList.length) {
      throw cannotRead(
        `${flag} has ${list.length} entries and --scale-list ${scaleList.length}; give as many, one per sub-network`,
      );
    }
  }
  if (scaleList.some((index, s) => index < scaleList[s - 1])) {
    throw cannotRead(
      `--scale-list is ${values["--scale-list"]}, expected coarsest first: no index below the one before`,
    );
  }
  const channels = whole(values["--nChannels"], "--nChannels");
  const growth = whole(values["--growthRate"], "--growthRate");
  const blocks = whole(values["--nBlocks"], "--nBlocks");
  const blockStep = whole(values["--block-step"], "--block-step");

  // The authors' code halves the resolution once wherever the index changes, by however much.
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
      // `auto` would number the scales without gaps.
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

function readFlags(line: string): Flags {
  const values: Record<Flag, string> = { ...ARCHITECTURE_FLAGS };
  const words = line.replaceAll(/\\\r?\n/g, " ").match(/"[^"]*"|'[^']*'|\S+/g) ?? [];
  const tokens = words.map((word) => word.replace(/^(["'])(.*)\1$/s, "$2"));
  for (let i = 0; i < tokens.length; i++) {
    const [flag, attached] = split(tokens[i]);
    if (SWITCHES.includes(flag)) continue;
    if (!isArchitectureFlag(flag) && !OTHER_FLAGS.includes(flag)) throw unknownFlag(flag);
    const value = attached ?? tokens[++i];
    if (value === undefined || (attached === undefined && value.startsWith("--"))) {
      throw cannotRead(`${flag} has no value`);
    }
    if (isArchitectureFlag(flag)) values[flag] = value;
  }
  return values;
}

/** `--flag=value` in two. */
function split(token: string): [flag: string, value?: string] {
  const equals = token.indexOf("=");
  return equals < 0 ? [token] : [token.slice(0, equals), token.slice(equals + 1)];
}

function isArchitectureFlag(flag: string): flag is Flag {
  return Object.hasOwn(ARCHITECTURE_FLAGS, flag);
}

function unknownFlag(flag: string): RanetError {
  const known = [...Object.keys(ARCHITECTURE_FLAGS), ...OTHER_FLAGS, ...SWITCHES];
  const nearest = suggest(flag, known);
  const advice = nearest === undefined
    ? `those of the network are ${Object.keys(ARCHITECTURE_FLAGS).join(" ")}`
    : `did you mean ${nearest}?`;
  return cannotRead(`${JSON.stringify(flag.slice(0, 64))} is none of the authors' flags; ${advice}`);
}

function choice(values: Flags, flag: Flag, known: readonly string[]): string {
  const value = values[flag];
  if (known.includes(value)) return value;
  throw cannotRead(`${flag} is ${JSON.stringify(value.slice(0, 64))}, expected ${known.join(" or ")}`);
}

function whole(value: string, flag: Flag): number {
  if (/^\d{1,4}$/.test(value)) return Number(value);
  throw cannotRead(`${flag} is ${JSON.stringify(value.slice(0, 64))}, expected a whole number from 0 to 9999`);
}

function wholeList(values: Flags, flag: Flag): number[] {
  return values[flag].split("-").map((value) => whole(value, flag));
}

function share(values: Flags, flag: Flag): number {
  const value = values[flag];
  if (/^\d*\.?\d+$/.test(value)) return Number(value);
  throw cannotRead(`${flag} is ${JSON.stringify(value.slice(0, 64))}, expected a number such as 0.5`);
}

function cannotRead(problem: string): RanetError {
  return new RanetError(`Cannot read the authors' flags: ${problem}`);
}
