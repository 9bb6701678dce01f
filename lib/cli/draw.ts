/**
 * `ranet draw`: draws an architecture.
 *
 * @module
 */

import { drawNetwork } from "../drawing/draw.ts";
import { layOut } from "../drawing/layout.ts";
import { readSpec } from "../model/read_spec.ts";
import { buildNetwork } from "../network/build.ts";
import type { Call, Command, Terminal } from "./command.ts";
import { writeFiles } from "../io/write_files.ts";

/** The command. */
export const drawCommand: Command<"out"> = {
  name: "draw",
  summary: "draw an architecture as in the paper, as SVG for light and dark pages",
  usage: "SPEC [--out FILE]",
  operands: [1, 1],
  description: `Draws the network as SVG. Base features are at the side; each sub-network of a RANet, or scale of
an MSDNet, is a row of blocks. Coloured arrows show what one row reads from another. Green numbers are exits, with the
multiply-adds up to each. SPEC is a YAML file, its URL, a model's folder, or a bundled name.`,
  options: {
    out: {
      value: "FILE",
      help: "write the SVG to this file, replacing it if it exists, instead of to standard output",
    },
  },
  examples: [
    "ranet draw ranet-cifar10 --out ranet-cifar10.svg",
    "ranet draw my-ranet.yaml --json | jq .exits  # positions in pixels, and costs",
  ],
  async run({ operands: [source], options: { out }, json }: Call<"out">, { stdout }: Terminal): Promise<void> {
    const network = buildNetwork(await readSpec(source));
    const svg = drawNetwork(network);
    if (out !== undefined) await writeFiles([[out, new TextEncoder().encode(svg)]]);
    if (json) stdout(JSON.stringify({ name: network.spec.name, file: out, ...layOut(network) }));
    else stdout(out === undefined ? svg.trimEnd() : `Wrote ${out}`);
  },
};
