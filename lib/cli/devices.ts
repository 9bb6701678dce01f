/**
 * `ranet devices`: what there is to run on.
 *
 * @module
 */

import { type AdapterDescription, describeAdapters } from "../device/open.ts";
import type { Call, Command, Terminal } from "./command.ts";
import { printable, table } from "./text.ts";

/** The command. */
export const devicesCommand: Command<never> = {
  name: "devices",
  summary: "list what there is to run on, with limits and features",
  usage: "[options]",
  operands: [0, 0],
  description: `Lists the WebGPU adapter, if there is one, and the CPU runner, and says which of them is used unless
--device asks for the other.`,
  options: {},
  examples: ["ranet devices", "ranet devices --json | jq '.[] | select(.chosen).name'"],
  async run({ json }: Call, { stdout }: Terminal): Promise<void> {
    const adapters = await describeAdapters();
    if (json) return stdout(JSON.stringify(adapters));
    const overview = table(
      [["device", "left"], ["--device", "left"], ["used", "left"]],
      adapters.map((
        { name, kind, chosen },
      ) => [name, kind, chosen ? "unless told otherwise" : `with --device ${kind}`]),
    );
    stdout([overview, ...adapters.filter(({ kind }) => kind === "gpu").map(details)].join("\n\n"));
  },
};

function details({ name, features, limits }: AdapterDescription): string {
  const rows = Object.entries(limits).map(([limit, value]) => [limit, value.toLocaleString("en")]);
  return `${printable(name)}

features: ${features.join(", ") || "none"}

${table([["limit", "left"], ["value", "right"]], rows)}`;
}
