/**
 * `ranet import`.
 *
 * @module
 */

import { readBoundedFile } from "../data/files.ts";
import { RanetError } from "../errors.ts";
import { createModel } from "../executor/model.ts";
import { specFromOfficialFlags } from "../spec/official.ts";
import { parseSpec } from "../spec/parse.ts";
import { readCheckpoint } from "../weights/checkpoint.ts";
import { writeSafetensors } from "../weights/safetensors.ts";
import { type Command, readChoice, UsageError } from "./command.ts";
import { writeWhole } from "./files.ts";
import { formatAmount } from "./format.ts";
import { SCHEMA_URL } from "./spec.ts";

const MAX_CHECKPOINT_BYTES = 2 ** 32;

/** Turns a checkpoint of the authors' PyTorch code into a model directory. */
export const importCheckpoint: Command = {
  usage: 'CHECKPOINT --args "FLAGS" --out DIR [--dtype float32|float16]',
  summary: "Turn a checkpoint of the authors' PyTorch code into a model directory.",
  options: {
    args: { value: '"FLAGS"', help: "the flags it was trained with" },
    out: { value: "DIR", help: "where spec.yaml and weights.safetensors go" },
    dtype: { value: "float32|float16", help: "how convolutions and linear layers are stored (default float32)" },
  },
  details:
    `Reads the zip and the older container; nothing in the file is executed. Tensors that are missing, unexpected or
misshapen are listed, and then nothing is written.

  ranet import checkpoint.pth.tar --args "--arch RANet --data cifar10 --step 2 --stepmode lg" --out my-model
  ranet classify photo.jpg --model my-model`,
  positional: [1, 1],
  async run({ positional: [path], options, json }, terminal) {
    const { args: flags, out } = options;
    if (flags === undefined || out === undefined) throw new UsageError(`expected ${importCheckpoint.usage}`);
    const dtype = readChoice(options.dtype, ["float32", "float16"], "dtype");
    const text = specFromOfficialFlags(flags, { schema: SCHEMA_URL });
    const spec = parseSpec(text);
    const tensors = readCheckpoint(await readBoundedFile(path, MAX_CHECKPOINT_BYTES), { source: path });
    const { network } = createModel(spec, tensors, { source: path });
    // Batch norm and biases are few and want their precision.
    const weights = writeSafetensors(tensors, {
      metadata: { spec: spec.name },
      dtype: (_, { shape }) => dtype === "float16" && shape.length > 1 ? "F16" : "F32",
    });
    const created = await makeDirectory(out);
    try {
      await writeWhole([[`${out}/spec.yaml`, new TextEncoder().encode(text)], [`${out}/weights.safetensors`, weights]]);
    } catch (error) {
      if (created) await Deno.remove(created, { recursive: true });
      throw error;
    }
    const params = network.exits.at(-1)!.cumulativeParams;
    const result = { out, name: spec.name, params, tensors: tensors.size, exits: network.exits.length };
    terminal.out(
      json
        ? JSON.stringify(result, null, 2)
        : `${out}: ${spec.name}, ${formatAmount(params)} parameters, ${result.exits} exits`,
    );
  },
};

/** Makes a directory; returns the outermost one that was not there before. */
async function makeDirectory(path: string): Promise<string | undefined> {
  const parts = path.split("/");
  let created: string | undefined;
  try {
    for (let i = 1; i <= parts.length; i++) {
      const parent = parts.slice(0, i).join("/");
      if (parent === "") continue;
      try {
        await Deno.mkdir(parent);
        created ??= parent;
      } catch (error) {
        if (!(error instanceof Deno.errors.AlreadyExists) || !(await Deno.stat(parent)).isDirectory) throw error;
      }
    }
  } catch (error) {
    if (created) await Deno.remove(created, { recursive: true });
    throw new RanetError(`Cannot write to ${JSON.stringify(path)}: ${(error as Error).message}`);
  }
  return created;
}
