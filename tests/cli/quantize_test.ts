/** `ranet quantize`, and what takes a model of 8 bits. */

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { readCalibrationFile } from "../../lib/calibration/calibration_file.ts";
import { AdaptiveExecutor } from "../../lib/executor/executor.ts";
import { exists } from "../../lib/io/exists.ts";
import { loadModel } from "../../lib/model/model.ts";
import { argmax } from "../../lib/softmax.ts";
import { randomNumbers } from "../quantized/random_model.ts";
import { ranet, withFolder } from "./ranet.ts";

const EXAMPLES = new URL("../../examples/", import.meta.url).pathname;
const MICRO = "ranet-cifar10-micro";

/** Pictures of noise in CIFAR's format, labelled with what the model's first exit says of them. */
async function writeNoise(path: string, count: number): Promise<void> {
  const random = randomNumbers(11);
  const pixels = new Uint8Array(count * 3072).map(() => Math.floor(256 * random()));
  const model = await loadModel(MICRO, { calibrated: false });
  const { mean, std } = model.spec.input;
  const images = Float32Array.from(pixels, (value, i) => {
    const channel = Math.floor(i / 1024) % 3;
    return (value / 255 - mean[channel]) / std[channel];
  });
  using executor = await AdaptiveExecutor.create(model, { device: "cpu" });
  const [logits] = await executor.forward(images);
  const records = new Uint8Array(count * 3073);
  for (let i = 0; i < count; i++) {
    records[i * 3073] = argmax(logits.subarray(i * 10, (i + 1) * 10));
    records.set(pixels.subarray(i * 3072, (i + 1) * 3072), i * 3073 + 1);
  }
  await Deno.writeFile(path, records);
}

Deno.test("quantize writes a model with thresholds and a card, which other commands take", async () => {
  await withFolder(async (folder) => {
    const data = `${folder}/test_batch.bin`;
    await writeNoise(data, 60);
    const out = `${folder}/q8`;
    const made = await ranet(
      "quantize",
      MICRO,
      "--data",
      data,
      "--out",
      out,
      "--images",
      "8",
      "--max-loss",
      "40%",
      "--json",
    );
    assertEquals(made.code, 0, made.notes);
    assertStringIncludes(made.notes, "Determined ranges from 8 images");
    const { exits, bytes, labelled, calibrations } = JSON.parse(made.out);
    assertEquals([exits.length, labelled], [(await loadModel(MICRO)).network.exits.length, 60]);
    assertEquals(exits[0].before, 1);
    assert(bytes < 70_000);
    assertEquals((await readCalibrationFile(`${out}/calibration.json`)).length, calibrations);
    assertMatch(await Deno.readTextFile(`${out}/card.md`), /\| exit \|.*8 bits/);

    const classified = await ranet("classify", `${EXAMPLES}ship.jpg`, "--model", out, "--device", "cpu", "--json");
    assertEquals(classified.code, 0, classified.notes);
    const budget = await ranet("classify", `${EXAMPLES}ship.jpg`, "--model", out, "--budget", "2M", "--device", "cpu");
    assertEquals(budget.code, 0, budget.notes);
    const again = await ranet("quantize", out, "--data", data, "--out", `${folder}/again`);
    assertEquals(again.code, 1);
    assertStringIncludes(again.notes, "it is already in 8 bits");
    const other = await ranet("classify", `${EXAMPLES}ship.jpg`, "--model", out, "--precision", "float16");
    assertEquals(other.code, 1);
    assertStringIncludes(other.notes, "its weights have 8 bits");
  });
});

Deno.test("a model that loses too much is not written", async () => {
  await withFolder(async (folder) => {
    const data = `${folder}/test_batch.bin`;
    await writeNoise(data, 200);
    const out = `${folder}/q8`;
    const made = await ranet("quantize", MICRO, "--data", data, "--out", out, "--images", "1", "--max-loss", "0.1%");
    assertEquals(made.code, 1);
    assertMatch(made.notes, /exit \d would lose [\d.]+ % of accuracy, from .* but at most 0\.1 % are allowed/);
    assertEquals(await exists(out), false);
  });
});

Deno.test("images without labels give ranges, and accuracy cannot be promised", async () => {
  await withFolder(async (folder) => {
    await Deno.mkdir(`${folder}/photos`);
    for (const name of ["cat", "ship"]) await Deno.copyFile(`${EXAMPLES}${name}.jpg`, `${folder}/photos/${name}.jpg`);
    const args = ["quantize", MICRO, "--data", `${folder}/photos`, "--out", `${folder}/q8`];
    const made = await ranet(...args);
    assertEquals(made.code, 0, made.notes);
    assertStringIncludes(made.notes, "is read as images without labels");
    assertStringIncludes(await Deno.readTextFile(`${folder}/q8/card.md`), "Accuracy was not compared");
    assertEquals(await exists(`${folder}/q8/calibration.json`), false);
    const promised = await ranet(...args, "--max-loss", "1%");
    assertEquals(promised.code, 1);
    assertStringIncludes(promised.notes, "has no labels, which are needed to measure accuracy");
  });
});

Deno.test("a promise that too few labels can keep is refused before a pass", async () => {
  await withFolder(async (folder) => {
    const data = `${folder}/test_batch.bin`;
    await writeNoise(data, 10);
    const made = await ranet("quantize", MICRO, "--data", data, "--out", `${folder}/q8`, "--max-loss", "1%");
    assertEquals(made.code, 1);
    assertStringIncludes(made.notes, "has only 10 images with labels, but 20 are needed");
    assertEquals(await exists(`${folder}/q8`), false);
  });
});

Deno.test("temperatures and thresholds of the model that was there before are taken away", async () => {
  await withFolder(async (folder) => {
    const data = `${folder}/test_batch.bin`;
    await writeNoise(data, 30);
    const out = `${folder}/q8`;
    const first = await ranet("quantize", MICRO, "--data", data, "--out", out, "--images", "8", "--max-loss", "100%");
    assertEquals([first.code, await exists(`${out}/temperatures.json`)], [0, true], first.notes);
    await Deno.mkdir(`${folder}/photos`);
    await Deno.copyFile(`${EXAMPLES}ship.jpg`, `${folder}/photos/ship.jpg`);
    const second = await ranet("quantize", MICRO, "--data", `${folder}/photos`, "--out", out);
    assertEquals(second.code, 0, second.notes);
    assertEquals(Array.from(Deno.readDirSync(out), ({ name }) => name).sort(), [
      "card.md",
      "spec.yaml",
      "weights.safetensors",
    ]);
    await loadModel(out);
  });
});

Deno.test("a model is not overwritten by its own copy", async () => {
  await withFolder(async (folder) => {
    const made = await ranet("quantize", folder, "--data", EXAMPLES, "--out", `${folder}/.`);
    assertEquals(made.code, 2);
    assertStringIncludes(made.notes, "which would be overwritten");
    const weights = `${folder}/weights.safetensors`;
    const other = await ranet("quantize", MICRO, "--weights", weights, "--data", EXAMPLES, "--out", folder);
    assertEquals(other.code, 2);
    assertStringIncludes(other.notes, "which would be overwritten");
  });
});

Deno.test("--precision int8 takes a bundled model's 8-bit weights, and says how others get some", async () => {
  await withFolder(async (folder) => {
    const bundled = await ranet("classify", `${EXAMPLES}ship.jpg`, "--precision", "int8", "--device", "cpu", "--json");
    assertEquals(bundled.code, 0, bundled.notes);
    assertStringIncludes(bundled.out, `"label":"ship"`);
    const spec = await Deno.readTextFile(new URL(`../../specs/${MICRO}.yaml`, import.meta.url));
    await Deno.writeTextFile(`${folder}/spec.yaml`, spec);
    await Deno.copyFile(
      new URL(`../../weights/${MICRO}.safetensors`, import.meta.url),
      `${folder}/weights.safetensors`,
    );
    const own = await ranet("classify", `${EXAMPLES}ship.jpg`, "--model", folder, "--precision", "int8");
    assertEquals(own.code, 1);
    assertStringIncludes(own.notes, "ranet quantize MODEL --data DATASET --out DIR");
  });
});
