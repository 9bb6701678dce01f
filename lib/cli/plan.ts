/**
 * `ranet plan`: lists the cost of each exit of an architecture.
 *
 * @module
 */

import { RanetError } from "../errors.ts";
import { BUNDLED_SPECS, readSpec, specPlace } from "../model/read_spec.ts";
import { isUrl } from "../io/place.ts";
import { shapeText, sizeOf } from "../network/size.ts";
import { bytes, large } from "../text/numbers.ts";
import { wrap } from "../text/wrap.ts";
import { type Call, type Command, type Terminal, UsageError } from "./command.ts";
import { change, type Costs, costsOf } from "./costs.ts";
import { table } from "./text.ts";
import { watchFile } from "./watch_file.ts";

/** The command. */
export const planCommand: Command<never> = {
  name: "plan",
  summary: "list an architecture's exits with their operations, parameters and memory",
  usage: "SPEC [options]",
  operands: [1, 1],
  description:
    `Prints each exit's place, features and cost. Costs add up: the cost of exit 3 includes everything that exits 1 and 2
compute. Operations are counted as in the authors' code. If layers are deferred until an exit needs
them, a second column shows the operations that are run. SPEC is a YAML file, its URL, a model's folder, or one of the bundled
specs:
${wrap(BUNDLED_SPECS.join(", ")).join("\n")}.`,
  options: {},
  flags: { watch: "print the table again, with the changes, whenever SPEC is saved; Ctrl-C stops" },
  examples: [
    "ranet plan specs/ranet-cifar10.yaml",
    "ranet plan my-ranet.yaml --watch",
    "ranet plan ranet-imagenet-c64 --json",
  ],
  async run({ operands: [source], flags, json }: Call, terminal: Terminal): Promise<void> {
    if (flags.has("watch")) return await watchPlan(source, { json }, terminal);
    const costs = costsOf(await readSpec(source));
    terminal.stdout(json ? JSON.stringify(costs) : asText(costs));
  },
};

/** Options of {@linkcode watchPlan}. */
export interface WatchPlanOptions {
  /** Whether to print a line of JSON each time, instead of a table. */
  readonly json: boolean;
  /** Stops watching. Default: only the end of the process does. */
  readonly signal?: AbortSignal;
}

/**
 * Prints the costs of a spec now and whenever it changes. Errors in the spec are printed and do not stop watching.
 *
 * @throws {UsageError} If the spec is not a file that can be watched.
 * @throws {RanetError} If there is no such file.
 */
export async function watchPlan(
  source: string,
  { json, signal }: WatchPlanOptions,
  { stdout, stderr }: Pick<Terminal, "stdout" | "stderr">,
): Promise<void> {
  if (BUNDLED_SPECS.includes(source) || isUrl(source)) {
    throw new UsageError(`Cannot watch ${source}: expected the path of a YAML file; ranet new creates one`);
  }
  // Keeps the scrollback of the terminal.
  const clear = !json && Deno.stdout.isTerminal() ? "\x1b[2J\x1b[H" : "";
  let shown = "";
  let costs: Costs | undefined;
  let before: Costs | undefined;
  await watchFile(await specPlace(source), { signal }, async () => {
    let state: Costs | { error: string };
    try {
      state = costsOf(await readSpec(source));
    } catch (error) {
      if (!(error instanceof RanetError)) throw error;
      state = { error: error.message };
    }
    const line = JSON.stringify(state);
    if (line === shown) return;
    shown = line;
    if (json) return stdout(line);
    if ("error" in state) return stderr(clear + state.error);
    if (line !== JSON.stringify(costs)) [before, costs] = [costs, state];
    stdout(clear + asText(state, before));
  });
}

function asText({ name, params, reweight, exits, memory }: Costs, before?: Costs): string {
  const lazy = exits.some(({ cumulativeFlops, cumulativeRunFlops }) => cumulativeRunFlops !== cumulativeFlops);
  const rows = exits.map((
    { exit, label, size, channels, cumulativeFlops, cumulativeRunFlops, cumulativeParams },
    k,
  ) => [
    exit,
    label,
    shapeText({ size: sizeOf(size), channels }),
    large(cumulativeFlops),
    ...lazy ? [large(cumulativeRunFlops)] : [],
    ...before ? [change(before.exits[k]?.cumulativeFlops, cumulativeFlops)] : [],
    large(cumulativeParams),
  ]);
  const changed = before && before.params !== params ? ` (${change(before.params, params)})` : "";
  const boosting = reweight === undefined
    ? ""
    : `Boosted exits: ${reweight} times the logits of the previous exit are added to an exit's.\n\n`;
  return `${name}

${boosting}${
    table([
      ["exit", "right"],
      ["after", "left"],
      ["features", "right"],
      ["multiply-adds", "right"],
      ...lazy ? [["run", "right"] as const] : [],
      ...before ? [["change", "right"] as const] : [],
      ["parameters", "right"],
    ], rows)
  }

parameters: ${params.toLocaleString("en")}${changed}

${
    table(
      [
        ["device", "left"],
        ["computes with", "left"],
        ["weights", "right"],
        ["activations of an image", "right"],
        ["in use at once", "right"],
      ],
      memory.devices.map(({ device, precision, weightBytes, activationBytesPerImage, liveBytesPerImage }) => [
        device === "cpu" ? "CPU" : "GPU",
        precision,
        bytes(weightBytes),
        bytes(activationBytesPerImage),
        bytes(liveBytesPerImage),
      ]),
    )
  }`;
}
