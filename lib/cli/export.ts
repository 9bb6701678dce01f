/**
 * `ranet export`: a model → the file format of other runtimes.
 *
 * @module
 */

import { DEFAULT_MODEL, loadModel } from "../model/model.ts";
import { exportOnnx, OPSET } from "../onnx/export.ts";
import { bytes } from "../text/numbers.ts";
import { count, required } from "./args.ts";
import { type Call, type Command, type Terminal, UsageError } from "./command.ts";
import { MODEL_OPTIONS } from "./run_on.ts";
import { writeFiles } from "../io/write_files.ts";

type ExportOption = "out" | "weights" | "key" | "exit";

/** The command. */
export const exportCommand: Command<ExportOption> = {
  name: "export",
  summary: "write a model as ONNX, for other runtimes",
  usage: "onnx [MODEL] --out FILE [options]",
  operands: [1, 2],
  description: `Writes the whole network into one file: input "image" (float32, batch × 3 × size × size, normalised as
the file's metadata say), outputs "exit1", "exit2", … (logits); the batch may have any size. MODEL is a bundled
model (default ${DEFAULT_MODEL}), a directory with spec.yaml and weights.safetensors, or a spec with --weights.`,
  options: {
    out: { value: "FILE", help: "the file, replaced if it exists" },
    weights: MODEL_OPTIONS.weights,
    key: MODEL_OPTIONS.key,
    exit: { value: "K", help: "cut the network at exit K, the only output then (default: all exits)" },
  },
  examples: [
    `ranet export onnx ${DEFAULT_MODEL} --out ranet.onnx`,
    "ranet export onnx ./my-model --exit 2 --out exit2.onnx",
  ],
  async run(call: Call<ExportOption>, { stdout, stderr }: Terminal): Promise<void> {
    const [format, source = DEFAULT_MODEL] = call.operands;
    if (format !== "onnx") throw new UsageError(`Cannot export ${JSON.stringify(format)}: expected onnx`);
    const out = required(call, "out");
    const { weights, key } = call.options;
    const exit = call.options.exit === undefined ? undefined : count("exit", call.options.exit);
    const model = await loadModel(source, { weights, key, onNote: stderr });
    const file = exportOnnx(model, { exit });
    await writeFiles([[out, file]]);

    const outputs = exit === undefined ? model.network.exits.map((_, k) => `exit${k + 1}`) : [`exit${exit}`];
    if (call.json) stdout(JSON.stringify({ name: model.name, file: out, outputs, opset: OPSET, bytes: file.length }));
    else stdout(`Wrote ${out} (${outputs.join(", ")}; opset ${OPSET}, ${bytes(file.length)})`);
  },
};
