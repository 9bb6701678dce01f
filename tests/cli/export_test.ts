import { assertEquals, assertLess, assertStringIncludes } from "@std/assert";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { exportOnnx } from "../../lib/onnx/export.ts";
import { AdaptiveExecutor, loadModel } from "../../mod.ts";
import { randomArray, relativeError } from "../fixtures.ts";
import { ranet, withFolder } from "./ranet.ts";

const outputsOf = async (path: string) => (await InferenceSession.create(path)).outputNames;

Deno.test("export onnx writes a file that ONNX Runtime loads", () =>
  withFolder(async (folder) => {
    const out = `${folder}/new/r.onnx`;
    const whole = await ranet("export", "onnx", "ranet-cifar10", "--out", out, "--json");
    assertEquals([whole.code, whole.notes], [0, ""]);
    const names = [1, 2, 3, 4, 5, 6].map((k) => `exit${k}`);
    const { size } = await Deno.stat(out);
    const { preparation, ...facts } = JSON.parse(whole.out);
    assertEquals(facts, { name: "ranet-cifar10", file: out, outputs: names, opset: 17, bytes: size });
    const { resize, resampling, crop, channels, range, layout, classes, temperatures } = preparation;
    assertEquals([resize, resampling, crop], [32, "bilinear, antialiased, as Pillow", "centre"]);
    assertEquals([channels, range, layout, classes[8]], ["RGB", [0, 1], "NCHW", "ship"]);
    assertEquals(temperatures, (await loadModel("ranet-cifar10")).temperatures);
    assertEquals(await outputsOf(out), names);

    // Overwrites the file with the default model.
    const short = await ranet("export", "onnx", "--exit", "2", "--out", out, "--json");
    assertEquals(JSON.parse(short.out).preparation.temperatures, [temperatures[1]]);
    const [, kept] = /temperatures..(\[[\d.]+\])/s.exec(await Deno.readTextFile(out)) ?? [];
    assertEquals(kept, `[${temperatures[1]}]`);
    const cut = await ranet("export", "onnx", "--exit", "2", "--out", out);
    assertEquals(cut.code, 0);
    assertStringIncludes(cut.out, `Wrote ${out} (exit2; opset 17, `);
    assertEquals(await outputsOf(out), ["exit2"]);
    assertEquals([...Deno.readDirSync(`${folder}/new`)].map(({ name }) => name), ["r.onnx"]);
  }));

Deno.test("export onnx --precision int8 uses a bundled model's 8-bit weights and their temperatures", () =>
  withFolder(async (folder) => {
    const [name, out] = ["ranet-cifar10-micro", `${folder}/r.onnx`];
    const made = await ranet("export", "onnx", name, "--precision", "int8", "--out", out, "--json");
    assertEquals(made.code, 0, made.notes);
    const model = await loadModel(name, { precision: "int8" });
    assertEquals(JSON.parse(made.out).preparation.temperatures, model.temperatures);
    assertEquals(await Deno.readFile(out), exportOnnx(model));
    const none = await ranet("export", "onnx", name, "--precision", "float16", "--out", out);
    assertEquals(none.code, 2);
    assertStringIncludes(none.notes, "expected float32, int8");
  }));

Deno.test("export onnx --batch fixes the batch size", () =>
  withFolder(async (folder) => {
    const out = `${folder}/r.onnx`;
    const args = ["export", "onnx", "ranet-cifar10-micro", "--out", out, "--batch", "3", "--exit", "1"];
    assertEquals((await ranet(...args)).code, 0);
    const session = await InferenceSession.create(out);
    const shapes = [...session.inputMetadata, ...session.outputMetadata].map((port) => port.isTensor && port.shape);
    assertEquals(shapes, [[3, 3, 32, 32], [3, 10]]);
    await session.release();
  }));

Deno.test("export onnx --for transformers.js writes the folder that transformers.js expects, with one exit", () =>
  withFolder(async (folder) => {
    const model = "ranet-cifar10-micro";
    const out = `${folder}/${model}`;
    const args = ["export", "onnx", model, "--for", "transformers.js", "--out", out];
    const { code, out: text } = await ranet(...args, "--json");
    const read = async (name: string) => JSON.parse(await Deno.readTextFile(`${out}/${name}`));
    assertEquals([code, JSON.parse(text).files.length], [0, 3]);
    const [config, processor] = [await read("config.json"), await read("preprocessor_config.json")];
    assertEquals([config.id2label[8], config.label2id.ship, config.num_labels], ["ship", 8, 10]);
    assertEquals([processor.size, processor.crop_size], [{ shortest_edge: 32 }, { height: 32, width: 32 }]);
    assertEquals([processor.do_normalize, processor.rescale_factor, processor.resample], [true, 1 / 255, 2]);

    const session = await InferenceSession.create(`${out}/onnx/model.onnx`);
    assertEquals([session.inputNames, session.outputNames], [["pixel_values"], ["logits"]]);
    const loaded = await loadModel(model);
    using executor = await AdaptiveExecutor.create(loaded, { device: "cpu", batchSize: 1 });
    const image = randomArray(3 * 32 * 32, 5);
    const { logits } = await session.run({ pixel_values: new Tensor("float32", image, [1, 3, 32, 32]) });
    const expected = (await executor.forward(image)).at(-1)!;
    assertLess(relativeError(logits.data as Float32Array, expected), 1e-4);
    await session.release();
    assertEquals((await ranet(...args, "--batch", "2")).code, 2);
    assertEquals((await ranet("export", "onnx", "--for", "keras", "--out", out)).code, 2);
  }));

Deno.test("export writes nothing if it fails", () =>
  withFolder(async (folder) => {
    const out = ["--out", `${folder}/r.onnx`];
    const without = await ranet("export", "onnx", "ranet-cifar100", ...out);
    assertEquals(without.code, 1);
    assertStringIncludes(without.notes, "it has no weights. Specify them, or a");
    const late = await ranet("export", "onnx", "--exit", "7", ...out);
    assertEquals(late.code, 1);
    assertStringIncludes(late.notes, "from 1 to 6");
    assertEquals([...Deno.readDirSync(folder)], []);
    await Deno.mkdir(`${folder}/r.onnx`);
    const occupied = await ranet("export", "onnx", ...out);
    assertEquals(occupied.code, 1);
    assertStringIncludes(occupied.notes, "Cannot write");
  }));

Deno.test("export reports wrong usage", async () => {
  for (const [args, note] of [[["tflite", "--out", "x"], "expected onnx"], [["onnx"], "--out"]] as const) {
    const { code, notes } = await ranet("export", ...args);
    assertEquals(code, 2);
    assertStringIncludes(notes, note);
  }
});
