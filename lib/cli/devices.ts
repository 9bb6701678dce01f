/**
 * `ranet devices`.
 *
 * @module
 */

import { describeAdapters } from "../device/open.ts";
import type { Command } from "./command.ts";

/** Limits that decide what can run. */
const SHOWN_LIMITS = ["maxBufferSize", "maxStorageBufferBindingSize", "maxComputeInvocationsPerWorkgroup"];

/** Lists what there is to run on. */
export const devices: Command = {
  usage: "",
  summary: "List what there is to run on, and what would be used.",
  options: {},
  details: "--json lists every limit.",
  positional: [0, 0],
  async run({ json }, terminal) {
    const adapters = await describeAdapters();
    if (json) return terminal.out(JSON.stringify(adapters, null, 2));
    for (const { name, kind, features, limits, chosen } of adapters) {
      terminal.out(`${chosen ? "→" : " "} ${name} (--device ${kind})`);
      if (kind === "cpu") continue;
      terminal.out(`    features: ${features.join(", ")}`);
      for (const limit of SHOWN_LIMITS) terminal.out(`    ${limit}: ${limits[limit]}`);
    }
    terminal.out("\n→ is what --device auto takes.");
  },
};
