/**
 * `ranet import`: converts a checkpoint of the authors' training code to a model's directory.
 *
 * @module
 */

import { basename, join, resolve } from "node:path";
import { RanetError } from "../errors.ts";
import { listFolder } from "../io/list_folder.ts";
import { createModel, type Model } from "../model/model.ts";
import { isDirectory } from "../model/read_spec.ts";
import { readWeightsFile } from "../model/weights_file.ts";
import { buildNetwork } from "../network/build.ts";
import { bytes } from "../text/numbers.ts";
import { specFromOfficialFlags } from "../spec/official.ts";
import { parseSpec } from "../spec/parse.ts";
import { parameterNames } from "../weights/check.ts";
import { weightsMetadata } from "../weights/metadata.ts";
import { writeSafetensors } from "../weights/safetensors.ts";
import { choice, required } from "./args.ts";
import { CLASS_OPTIONS, type ClassOption, wantedClasses } from "./class_options.ts";
import { type Call, type Command, type Terminal, UsageError } from "./command.ts";
import { convertModel, type Dtype, storedAs } from "./convert.ts";
import { schemaSeenFrom } from "./schema_link.ts";
import { refuseSource } from "./write_model.ts";
import { checkWritable, writeFiles } from "../io/write_files.ts";

type ImportOption = "args" | ClassOption | "key" | "out" | "name" | "dtype";

/** The command. */
export const importCommand: Command<ImportOption> = {
  name: "import",
  summary: "convert a checkpoint of the authors' PyTorch code to a model, or halve the size of a model's weights",
  usage: "CHECKPOINT --args FLAGS --out DIR [options]  |  DIR --out DIR --dtype float16",
  operands: [1, 1],
  description:
    `Reads a checkpoint written by torch.save (.pth.tar; zip or legacy format) or a safetensors file, and writes
DIR/spec.yaml and DIR/weights.safetensors. Python is not needed, and no code in the file is run. Prefixes of wrappers
(module., _orig_mod., model.) are removed from names. If tensors do not fit the flags, they are listed and nothing is
written.

A network for other classes than those of --data keeps its input and first layer: specify its classes with --classes, or
--classes-from the data set on which it was trained (they are sorted as in torchvision's ImageFolder).

With a model's directory, such as one written by train: copies it with its temperatures and thresholds.`,
  options: {
    args: { value: "FLAGS", help: "the flags with which main.py was run, in quotes" },
    ...CLASS_OPTIONS,
    key: {
      value: "K",
      help: "key of the state_dict (default: state_dict, or the only key with tensors)",
    },
    out: { value: "DIR", help: "the model's directory; it is created if missing, and existing files are replaced" },
    name: { value: "NAME", help: "the model's name (default: after its directory)" },
    dtype: { value: "TYPE", help: "float32 (default), or float16: halves the size of matrices; vectors stay float32" },
  },
  examples: [
    'ranet import checkpoint.pth.tar --args "--arch RANet --step 2 --stepmode lg" --out my-model',
    'ranet import checkpoint.pth.tar --args "--arch msdnet --nBlocks 5 --nChannels 16" --out my-msdnet',
    'ranet import best.pth.tar --args "--arch msdnet --nBlocks 5" --classes-from photos --out pets',
    "ranet import my-model --dtype float16 --out my-model-half",
    "ranet classify photo.jpg --model ./my-model",
  ],
  async run(call: Call<ImportOption>, { stdout, stderr }: Terminal): Promise<void> {
    const [source] = call.operands;
    const isModel = await isDirectory(source);
    const flags = isModel ? "" : required(call, "args");
    const out = required(call, "out");
    const dtype = choice<Dtype>("dtype", call.options.dtype ?? "float32", ["float32", "float16"]);
    await refuseSource(source, out);
    const files = { spec: join(out, "spec.yaml"), weights: join(out, "weights.safetensors") };
    if (isModel) {
      await checkWritable(Object.values(files));
      await checkModelFolder(source);
      for (const name of ["args", "classes", "classes-from", "key", "name"] as const) {
        if (call.options[name] !== undefined) throw new UsageError(`Cannot use --${name} with a model's directory`);
      }
      const { model, bytes } = await convertModel(source, { out, dtype });
      return tell(call, stdout, { ...files, model, bytes });
    }
    const name = call.options.name ?? nameAfter(out);
    const text = specFromOfficialFlags(flags, {
      name,
      schema: schemaSeenFrom(files.spec),
      ...await wantedClasses(call.options, { stderr }),
    });
    const spec = parseSpec(text);
    await checkWritable(Object.values(files));
    const tensors = await readWeightsFile(source, {
      expected: parameterNames(buildNetwork(spec)),
      key: call.options.key,
      onNote: stderr,
    });
    const model = createModel(spec, tensors, { source });
    const weights = writeSafetensors(tensors, { metadata: weightsMetadata(spec), dtype: storedAs(dtype) });
    await writeFiles([[files.weights, weights], [files.spec, new TextEncoder().encode(text)]]);
    tell(call, stdout, { ...files, model, bytes: weights.length });
  },
};

/** Prints what was written. */
function tell(
  { json }: Call<ImportOption>,
  stdout: Terminal["stdout"],
  { spec, weights, model, bytes: size }: {
    readonly spec: string;
    readonly weights: string;
    readonly model: Model;
    readonly bytes: number;
  },
): void {
  const { name, network: { exits }, tensors } = model;
  const params = exits[exits.length - 1].cumulativeParams;
  if (json) return stdout(JSON.stringify({ name, spec, weights, tensors: tensors.size, params, bytes: size }));
  stdout(`Wrote ${spec}
Wrote ${weights} (${tensors.size} tensors, ${params.toLocaleString("en")} parameters, ${bytes(size)})`);
}

/** A valid model name from a folder's name; undefined if no character can be used. */
function nameAfter(folder: string): string | undefined {
  return basename(resolve(folder)).toLowerCase().replaceAll(/[^a-z0-9]+/g, "-").replaceAll(/^-|-$/g, "") || undefined;
}

/** Refuses folders of other programs, and says what to use instead. */
async function checkModelFolder(path: string): Promise<void> {
  const { files } = await listFolder(path);
  if (files.includes("spec.yaml")) return;
  const refuse = (reason: string): never => {
    throw new RanetError(`Cannot import ${JSON.stringify(path)}: ${reason}`);
  };
  if (files.some((name) => name.endsWith(".distcp"))) {
    refuse(
      "it is a distributed checkpoint. Convert it: python -m torch.distributed.checkpoint.format_utils dcp_to_torch " +
        `${path} weights.pth`,
    );
  }
  const checkpoints = files.filter((name) => /\.(pth?|tar|ckpt|safetensors|bin)$/i.test(name));
  const checkpoint = checkpoints.find((name) => !/optimizer|scheduler|scaler|sampler|random/i.test(name));
  refuse(
    `it contains no spec.yaml, as a model's directory does${
      checkpoint === undefined ? "" : `. Use a checkpoint in it, such as ${join(path, checkpoint)}`
    }`,
  );
}
