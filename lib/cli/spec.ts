/**
 * `ranet spec`: checks a spec, or writes the spec for the authors' flags.
 *
 * @module
 */

import { readSpec } from "../model/read_spec.ts";
import type { ArchitectureSpec } from "../network/architecture.ts";
import { inputSize } from "../network/common.ts";
import { sizeOf, sizeText } from "../network/size.ts";
import { specFromOfficialFlags } from "../spec/official.ts";
import { parseSpec } from "../spec/parse.ts";
import { type Call, type Command, type Terminal, UsageError } from "./command.ts";
import { schemaSeenFrom } from "./schema_link.ts";
import { table } from "./text.ts";
import { writeFiles } from "../io/write_files.ts";

type SpecOption = "from-official" | "out";

/** The command. */
export const specCommand: Command<SpecOption> = {
  name: "spec",
  summary: "check a spec, or write the spec for the authors' flags",
  usage: "SPEC | --from-official FLAGS [--out FILE]",
  operands: [0, 1],
  description:
    `With SPEC (a YAML file, its URL, a model's folder, or a bundled name): checks it and prints it with all defaults and
rules filled in.

With --from-official: writes the YAML for the command-line flags of the RANet authors' main.py, or with --arch msdnet of
the MSDNet authors' main.py.`,
  options: {
    "from-official": { value: "FLAGS", help: "the flags in quotes; omitted flags have the authors' defaults" },
    out: {
      value: "FILE",
      help: "write the YAML to this file, replacing it if it exists, instead of to standard output",
    },
  },
  examples: [
    "ranet spec my-ranet.yaml",
    'ranet spec --from-official "--arch RANet --data cifar10 --step 2 --stepmode lg" --out my.yaml',
    "ranet spec ranet-cifar10 --json | jq .subnetworks",
  ],
  async run({ operands: [source], options, json }: Call<SpecOption>, { stdout }: Terminal): Promise<void> {
    const { "from-official": flags, out } = options;
    if ((source === undefined) === (flags === undefined)) {
      throw new UsageError("Cannot run spec: expected either SPEC or --from-official FLAGS");
    }
    if (flags === undefined) {
      if (out !== undefined) throw new UsageError("Cannot use --out without --from-official");
      const spec = await readSpec(source);
      return stdout(json ? JSON.stringify(spec) : asText(spec));
    }
    const schema = out === undefined ? undefined : schemaSeenFrom(out);
    const text = specFromOfficialFlags(flags, { schema });
    if (out !== undefined) await writeFiles([[out, new TextEncoder().encode(text)]]);
    if (json) stdout(JSON.stringify(parseSpec(text)));
    else stdout(out === undefined ? text.trimEnd() : `Wrote ${out}`);
  },
};

/** Formats a spec: lists of mappings as tables, other keys as lines. */
function asText({ name, classes, input, ...keys }: ArchitectureSpec): string {
  const lines: [string, string][] = [
    [
      "input",
      `${sizeText(inputSize(input))}, from images resized to ${
        typeof input.resize === "number" ? input.resize : sizeText(sizeOf(input.resize))
      }`,
    ],
    ["classes", String(classes.length)],
  ];
  const tables: string[] = [];
  for (const [key, value] of Object.entries(keys)) {
    const isTable = Array.isArray(value) && typeof value[0] === "object";
    if (isTable) tables.push(`${wordsOf(key)}\n${tableOf(value)}`);
    else lines.push([wordsOf(key), shown(value)]);
  }
  const width = Math.max(...lines.map(([key]) => key.length)) + 2;
  return `${name} is valid

${lines.map(([key, value]) => key.padEnd(width) + value).join("\n")}

${tables.join("\n\n")}`;
}

/** `baseFeatures` → `base features`. */
function wordsOf(key: string): string {
  return key.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

function listed(value: unknown): string {
  return Array.isArray(value) ? value.join(", ") || "none" : String(value);
}

/** Formats a value, a mapping as its keys and values. */
function shown(value: unknown): string {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return listed(value);
  return Object.entries(value).map(([key, one]) => `${wordsOf(key)} ${listed(one)}`).join(", ");
}

function tableOf(entries: readonly Readonly<Record<string, unknown>>[]): string {
  const columns = [...new Set(entries.flatMap(Object.keys))];
  const rows = entries.map((
    entry,
    i,
  ) => [i + 1, ...columns.map((column) => column in entry ? listed(entry[column]) : "")]);
  return table([["", "right"], ...columns.map((column) => [wordsOf(column), "right"] as const)], rows);
}
