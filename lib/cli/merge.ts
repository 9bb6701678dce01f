/**
 * `ranet merge`: combines the shards of a long run.
 *
 * @module
 */

import { dirname, join } from "node:path";
import { RanetError } from "../errors.ts";
import { withFile } from "../io/files.ts";
import { mergeLogits } from "../report/logits_shards.ts";
import { mergeResults } from "../results/results_file.ts";
import { makeFolder } from "../io/folders.ts";
import { writeStaged } from "../io/write_files.ts";
import { required } from "./args.ts";
import type { Call, Command, Terminal } from "./command.ts";
import { printable } from "./text.ts";

/** The command. */
export const mergeCommand: Command<"out"> = {
  name: "merge",
  summary: "combine the shards of a classify or an eval",
  usage: "PART… --out WHOLE",
  operands: [1, Infinity],
  description: `Merges the results of classify --shard (files) or eval --shard (folders) into WHOLE. Both
may be named by a pattern in quotes. The result is byte for byte what one run without shards writes on the same kind
of machine. After merging eval's folders, run the same eval without --shard for the report, or calibrate --logits for
thresholds.

Refuses shards that are missing, duplicated or unfinished, or that differ in model, weights, thresholds, version or
input. Warns if shards come from devices that round differently.`,
  options: { out: { value: "WHOLE", help: "the file or folder to write" } },
  examples: ["ranet merge results/*.jsonl --out results.jsonl", "ranet merge part-* --out report"],
  async run(call: Call<"out">, { stdout, stderr }: Terminal): Promise<void> {
    const { operands, json } = call;
    const out = required(call, "out");
    const { expandPattern } = await import("./inputs.ts");
    const parts = (await Promise.all(operands.map(expandPattern))).flat();
    const folders = await Promise.all(
      parts.map(async (part) => (await withFile(part, () => Deno.stat(part))).isDirectory),
    );
    if (folders.some((folder) => folder !== folders[0])) {
      throw new RanetError("Cannot merge files together with folders: expected the parts of one run");
    }
    const written = folders[0] ? await mergeEvaluations(parts, out, stderr) : [await mergeFiles(parts, out, stderr)];
    stdout(json ? JSON.stringify({ written }) : written.map((path) => `wrote ${printable(path)}`).join("\n"));
  },
};

function mergeEvaluations(
  parts: readonly string[],
  out: string,
  warn: (message: string) => void,
): Promise<string[]> {
  return mergeLogits(parts.map((part) => join(part, "cache")), join(out, "cache"), { warn });
}

/** Writes the file completely or not at all, without holding it in memory. */
async function mergeFiles(
  parts: readonly string[],
  out: string,
  warn: (message: string) => void,
): Promise<string> {
  await makeFolder(dirname(out));
  await writeStaged(out, async (file) => {
    const writer = file.writable.getWriter();
    const encoder = new TextEncoder();
    await mergeResults(parts, (text) => writer.write(encoder.encode(text)), { warn });
    await writer.close();
  });
  return out;
}
