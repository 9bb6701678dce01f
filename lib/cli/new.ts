/**
 * `ranet new`: a commented spec to edit.
 *
 * @module
 */

import { RanetError } from "../errors.ts";
import { BUNDLED_SPECS, DEFAULT_MODEL, readSpec } from "../model/read_spec.ts";
import { documentOf } from "../spec/document.ts";
import { resolveSpec } from "../spec/parse.ts";
import { specTemplate } from "../spec/template.ts";
import { wrap } from "../text/wrap.ts";
import type { Call, Command, Terminal } from "./command.ts";
import { CLASS_OPTIONS, type ClassOption, wantedClasses } from "./class_options.ts";
import { exists } from "../io/exists.ts";
import { schemaSeenFrom } from "./schema_link.ts";
import { writeFiles } from "../io/write_files.ts";

type NewOption = "from" | ClassOption | "out";

/** The command. */
export const newCommand: Command<NewOption> = {
  name: "new",
  summary: "write a commented spec to edit: an architecture of your own, without code",
  usage: "NAME [options]",
  operands: [1, 1],
  description: `Writes a copy of an architecture that contains and explains every key. Keys that have their default
value are commented out. NAME consists of lower-case letters, digits and hyphens. docs/guide.md explains what to do
next.`,
  options: {
    from: {
      value: "SPEC",
      help: `architecture to copy (default ${DEFAULT_MODEL}): a YAML file, its URL, a model's folder, or one of\n${
        wrap(BUNDLED_SPECS.join(", "), 90).join("\n")
      }`,
    },
    ...CLASS_OPTIONS,
    out: { value: "FILE", help: "file to write (default NAME.yaml)" },
  },
  flags: { force: "replace FILE if it exists" },
  examples: [
    "ranet new my-ranet",
    "ranet new pets --classes cat,dog,neither",
    "ranet new pets --classes-from photos",
    "ranet new tiny --from ranet-cifar10-micro --out specs/tiny.yaml",
    "ranet plan my-ranet.yaml --watch",
  ],
  async run({ operands: [name], options, flags, json }: Call<NewOption>, { stdout, stderr }: Terminal): Promise<void> {
    const { from = DEFAULT_MODEL } = options;
    const classes = await wantedClasses(options, { stderr });
    const document = { ...documentOf(await readSpec(from)), name, ...classes };
    const spec = resolveSpec(document, { source: `named ${JSON.stringify(name)}` });
    const { out = `${name}.yaml` } = options;
    if (!flags.has("force") && await exists(out)) {
      throw new RanetError(
        `Cannot write ${JSON.stringify(out)}: it already exists and may contain your work. Choose another NAME or ` +
          "--out FILE, or replace it with --force.",
      );
    }
    const heading = [
      `Made from ${
        from.replaceAll(/\s+/g, " ")
      } by \`ranet new\`; the guide is docs/guide.md. To see what a change costs:`,
      "`ranet plan FILE --watch` while you edit, and `ranet diff A B` for two specs.",
    ];
    heading.push("Keys after a # show their default values: remove the # to set them.");
    const text = specTemplate(spec, { schema: schemaSeenFrom(out), heading });
    await writeFiles([[out, new TextEncoder().encode(text)]]);
    stdout(json ? JSON.stringify({ name, file: out }) : `Wrote ${out}. Next: ranet plan ${out} --watch`);
  },
};
