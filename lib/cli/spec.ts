/**
 * `ranet spec`.
 *
 * @module
 */

import { readSpec } from "../executor/model.ts";
import { specFromOfficialFlags } from "../spec/official.ts";
import { parseSpec } from "../spec/parse.ts";
import { type Command, UsageError } from "./command.ts";
import { writeWhole } from "./files.ts";

/** Where editors find the schema: wherever this library is. */
export const SCHEMA_URL: string = new URL("../../specs/ranet.schema.json", import.meta.url).href;

/** Checks a spec, or writes one for the authors' flags. */
export const spec: Command = {
  usage: 'SPEC | --from-official "FLAGS" [--out FILE]',
  summary: "Check a spec, or write the one for a line of the authors' flags.",
  options: {
    "from-official": { value: '"FLAGS"', help: 'flags of the authors\' code: "--step 2 --stepmode lg"' },
    out: { value: "FILE", help: "write the YAML there instead of printing it" },
  },
  details: `With --json, prints the architecture with every default filled in.

  ranet spec my-variant.yaml
  ranet spec --from-official "--data ImageNet --step 8 --growthRate 16 --nChannels 32 \\
    --scale-list 1-2-3-4 --grFactor 4-2-2-1 --bnFactor 4-2-2-1" --out imagenet.yaml`,
  positional: [0, 1],
  async run({ positional: [source], options, json }, terminal) {
    const flags = options["from-official"];
    if ((source === undefined) === (flags === undefined)) throw new UsageError("expected SPEC or --from-official");
    if (options.out !== undefined && flags === undefined) throw new UsageError("--out goes with --from-official");
    const text = flags === undefined ? undefined : specFromOfficialFlags(flags, { schema: SCHEMA_URL });
    const architecture = text === undefined ? await readSpec(source) : parseSpec(text);
    if (text !== undefined && options.out !== undefined) {
      await writeWhole([[options.out, new TextEncoder().encode(text)]]);
      terminal.note(`wrote ${options.out}`);
    }
    if (json) terminal.out(JSON.stringify(architecture, null, 2));
    else if (text === undefined) {
      terminal.out(`${source} is a valid spec of ${architecture.name}: ranet plan ${source} shows its exits.`);
    } else if (options.out === undefined) terminal.out(text.trimEnd());
  },
};
