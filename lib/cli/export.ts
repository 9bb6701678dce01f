/**
 * `ranet export`: writes a model in the file format of other runtimes.
 *
 * @module
 */

import { join } from "node:path";
import { loadModel, type Model } from "../model/model.ts";
import { DEFAULT_MODEL } from "../model/read_spec.ts";
import { exportOnnx, OPSET, type Preparation, preparationOf } from "../onnx/export.ts";
import { transformersJsFiles } from "../onnx/transformers_js.ts";
import { bytes } from "../text/numbers.ts";
import { choice, count, required } from "./args.ts";
import { type Call, type Command, type Terminal, UsageError } from "./command.ts";
import { MODEL_OPTIONS } from "./run_on.ts";
import { writeFiles } from "../io/write_files.ts";

type ExportOption = "out" | "weights" | "key" | "precision" | "exit" | "batch" | "for";

/** The command. */
export const exportCommand: Command<ExportOption> = {
  name: "export",
  summary: "write a model as ONNX, for other runtimes",
  usage: "onnx [MODEL] --out PATH [options]",
  operands: [1, 2],
  description: `Writes the full network to one file: input "image" (float32, batch × channels × height × width,
normalised as described in the file's metadata), outputs "exit1", "exit2", … (logits); the batch size is free. MODEL
is a bundled model (default ${DEFAULT_MODEL}), a directory with spec.yaml and weights.safetensors or a .zip of one, or
a spec with --weights. An 8-bit model is written with QuantizeLinear and DequantizeLinear, so that runtimes can
compute it in integers. Most runtimes compute the complete file even if only one output is requested: to save work,
write one file per exit (--exit). --for transformers.js writes a folder with the network up to one exit, which that
library can load.`,
  options: {
    out: { value: "PATH", help: "the file, or with --for the folder; it is replaced if it exists" },
    weights: MODEL_OPTIONS.weights,
    key: MODEL_OPTIONS.key,
    precision: { value: "P", help: "int8: a bundled model's 8-bit weights (default: the model's own weights)" },
    exit: { value: "K", help: "write the network up to exit K, as the only output (default: all exits)" },
    batch: { value: "N", help: "fix the batch size, for runtimes that do not support a symbolic one" },
    for: { value: "LIBRARY", help: "transformers.js: write onnx/model.onnx, config.json and preprocessor_config.json" },
  },
  examples: [
    `ranet export onnx ${DEFAULT_MODEL} --out ranet.onnx`,
    `ranet export onnx ${DEFAULT_MODEL} --precision int8 --out ranet-int8.onnx`,
    "ranet export onnx ./my-model --exit 2 --out exit2.onnx",
  ],
  async run(call: Call<ExportOption>, { stdout, stderr }: Terminal): Promise<void> {
    const [format, source = DEFAULT_MODEL] = call.operands;
    if (format !== "onnx") throw new UsageError(`Cannot export ${JSON.stringify(format)}: expected onnx`);
    const out = required(call, "out");
    const { weights, key } = call.options;
    const given = call.options.precision;
    const precision = given === undefined ? undefined : choice("precision", given, ["float32", "int8"] as const);
    const exit = call.options.exit === undefined ? undefined : count("exit", call.options.exit);
    const batch = call.options.batch === undefined ? undefined : count("batch", call.options.batch);
    const library = call.options.for && choice("for", call.options.for, ["transformers.js"]);
    const model = await loadModel(source, { weights, key, precision, onNote: stderr });
    if (library) {
      if (batch !== undefined) throw new UsageError("Cannot use --batch with --for: transformers.js chooses the batch");
      const files = [...transformersJsFiles(model, { exit })].map(([name, file]) => [join(out, name), file] as const);
      await writeFiles(files);
      if (call.json) {
        stdout(JSON.stringify({
          name: model.name,
          files: files.map(([path]) => path),
          ...said(model, exit ?? model.network.exits.length),
        }));
      } else stdout(files.map(([path, file]) => `Wrote ${path} (${bytes(file.length)})`).join("\n"));
      return;
    }
    const file = exportOnnx(model, { exit, batch });
    await writeFiles([[out, file]]);

    const outputs = exit === undefined ? model.network.exits.map((_, k) => `exit${k + 1}`) : [`exit${exit}`];
    const facts = { name: model.name, file: out, outputs, opset: OPSET, bytes: file.length, ...said(model, exit) };
    if (call.json) stdout(JSON.stringify(facts));
    else stdout(`Wrote ${out} (${outputs.join(", ")}; opset ${OPSET}, ${bytes(file.length)})`);
  },
};

/** The contents of the file's metadata. */
function said(model: Model, exit: number | undefined): { readonly preparation: Preparation } {
  return { preparation: preparationOf(model, { exit }) };
}
