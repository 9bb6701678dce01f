/**
 * `ranet devices`: lists the devices, and checks whether they compute correctly.
 *
 * @module
 */

import config from "../../deno.json" with { type: "json" };
import { type AdapterDescription, describeAdapters } from "../device/open.ts";
import { requireAdapter, titleOf } from "../device/webgpu/adapter.ts";
import { checksOf, type KernelCheckResult, openingFailure } from "../device/webgpu/check.ts";
import { RanetError } from "../errors.ts";
import type { Call, Command, Terminal } from "./command.ts";
import { Progress } from "./progress.ts";
import { large } from "../text/numbers.ts";
import { printable, table } from "./text.ts";

/** The command. */
export const devicesCommand: Command<never> = {
  name: "devices",
  summary: "list the devices with their limits and features, or check them",
  usage: "[options]",
  operands: [0, 0],
  description:
    `Lists the WebGPU adapter, if there is one, and the CPU runner, and shows which one is used by default: auto
uses an adapter if it works correctly.

With --check, all kernels of inference and training run on the adapter and on the CPU with several shapes. The output
is what a bug report should include; the exit code is 1 if results differ.`,
  options: {},
  flags: { check: "compare the adapter's results with the CPU runner's; takes a minute" },
  examples: [
    "ranet devices",
    "ranet devices --check",
    "ranet devices --json | jq '.[] | select(.chosen).name'",
  ],
  async run({ flags, json }: Call, { stdout }: Terminal): Promise<void> {
    if (flags.has("check")) return await check(json, stdout);
    const adapters = await describeAdapters();
    if (json) return stdout(JSON.stringify(adapters));
    const overview = table(
      [["device", "left"], ["--device", "left"], ["used", "left"]],
      adapters.map((adapter) => {
        const { kind, chosen, failure } = adapter;
        const used = chosen ? "by default" : `with --device ${kind}`;
        return [nameOf(adapter), kind, failure === undefined ? used : "never: it fails"];
      }),
    );
    stdout([overview, ...adapters.filter(({ kind }) => kind === "gpu").map(details)].join("\n\n"));
  },
};

function nameOf({ name, backend }: AdapterDescription): string {
  return backend === undefined ? name : titleOf({ name, backend });
}

function details(adapter: AdapterDescription): string {
  const { features, limits, failure, measured = [] } = adapter;
  const rows = Object.entries(limits).map(([limit, value]) => [limit, value.toLocaleString("en")]);
  const notes = [
    ...failure === undefined ? [] : [`It cannot be used: ${printable(failure)}`],
    ...measured.map(({ flops, quantized, smallestBatch }) =>
      `For ${large(flops)} multiply-adds per image${quantized ? " in 8 bits" : ""}, auto uses ${
        smallestBatch === undefined ? "the CPU" : `it for batches from ${smallestBatch} on`
      }, as measured.`
    ),
  ];
  return `${[printable(nameOf(adapter)), ...notes].join("\n\n")}

features: ${features.join(", ") || "none"}

${table([["limit", "left"], ["value", "right"]], rows)}`;
}

async function check(json: boolean, stdout: Terminal["stdout"]): Promise<void> {
  const adapter = await requireAdapter();
  const failure = await openingFailure(adapter);
  const results: KernelCheckResult[] = [];
  {
    const checks = failure === undefined ? checksOf(adapter) : [];
    using progress = new Progress("Checking", checks.length, { unit: "kernels" });
    for (const check of checks) {
      results.push(await check.run());
      progress.advance(1);
    }
  }
  const { vendor, architecture, device, isFallbackAdapter } = adapter.gpu.info;
  const about = {
    adapter: adapter.name,
    backend: adapter.backend,
    ...{ vendor, architecture, device, isFallbackAdapter },
    system: Deno.build.target,
    versions: { ranet: config.version, deno: Deno.version.deno },
    failure,
  };
  const wrong = results.filter(({ correct }) => !correct).length;
  if (json) {
    const kernels = results.map(({ correct, ...result }) => ({ ...result, right: correct }));
    stdout(JSON.stringify({ ...about, right: failure === undefined && wrong === 0, kernels }));
  } else {
    const rows = results.map(({ kernel, precision, error, failure, correct, fault }) => [
      kernel,
      precision,
      failure ?? [error.toExponential(1), fault].filter((part) => part !== undefined).join(", "),
      correct ? "yes" : "NO",
    ]);
    stdout(
      `${table([["kernel", "left"], ["weights", "left"], ["relative error", "left"], ["correct", "left"]], rows)}

\`\`\`
${printable(JSON.stringify(about))}
\`\`\``,
    );
  }
  if (failure !== undefined) throw new RanetError(failure);
  if (wrong > 0) {
    throw new RanetError(
      `${wrong} of ${results.length} kernels give wrong results on ${titleOf(adapter)}. Use --device cpu, and please ` +
        `report the output above.`,
    );
  }
}
