/** Tests `ranet quantize`, and commands that read 8-bit models. */

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

/** Writes noise images in CIFAR's format, labelled with the predictions of the model's first exit. */
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

Deno.test("quantize writes a model with thresholds and a card that other commands accept", async () => {
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
    const both = await ranet(
      ...["eval", data, "--model", out, "--model", MICRO, "--out", `${folder}/report`, "--device", "cpu", "--json"],
    );
    assertEquals(both.code, 0, both.notes);
    const { models } = JSON.parse(both.out);
    assertEquals(models.map(({ name }: { name: string }) => name), [`${MICRO} (${out})`, MICRO]);
    const again = await ranet("quantize", out, "--data", data, "--out", `${folder}/again`);
    assertEquals(again.code, 1);
    assertStringIncludes(again.notes, "it is already in 8 bits");
    const other = await ranet("classify", `${EXAMPLES}ship.jpg`, "--model", out, "--precision", "float16");
    assertEquals(other.code, 1);
    assertStringIncludes(other.notes, "its weights have 8 bits");
  });
});

Deno.test("quantize writes nothing if the model loses too much accuracy", async () => {
  await withFolder(async (folder) => {
    const data = `${folder}/test_batch.bin`;
    await writeNoise(data, 200);
    const out = `${folder}/q8`;
    const made = await ranet("quantize", MICRO, "--data", data, "--out", out, "--images", "1", "--max-loss", "0.1%");
    assertEquals(made.code, 1);
    assertMatch(made.notes, /exit \d would lose [\d.]+ % of accuracy, from .* but at most 0\.10 % is allowed/);
    assertStringIncludes(made.notes, "One image is 0.50 % of them: use more images with labels");
    assertEquals(await exists(out), false);
  });
});

Deno.test("quantize accepts images without labels, and refuses --max-loss for them", async () => {
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

Deno.test("quantize refuses --max-loss with too few labels before it quantizes", async () => {
  await withFolder(async (folder) => {
    const data = `${folder}/test_batch.bin`;
    await writeNoise(data, 10);
    const made = await ranet("quantize", MICRO, "--data", data, "--out", `${folder}/q8`, "--max-loss", "1%");
    assertEquals(made.code, 1);
    assertStringIncludes(made.notes, "has only 10 images with labels, but 20 are needed");
    assertEquals(await exists(`${folder}/q8`), false);
  });
});

Deno.test("quantize removes temperatures and thresholds of a model that it replaces", async () => {
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

Deno.test("quantize refuses to overwrite its own input", async () => {
  await withFolder(async (folder) => {
    const made = await ranet("quantize", folder, "--data", EXAMPLES, "--out", `${folder}/.`);
    assertEquals(made.code, 2);
    assertStringIncludes(made.notes, "which would be overwritten");
    const weights = `${folder}/weights.safetensors`;
    await Deno.writeTextFile(weights, "");
    const other = await ranet("quantize", MICRO, "--weights", weights, "--data", EXAMPLES, "--out", folder);
    assertEquals(other.code, 2);
    assertStringIncludes(other.notes, "which would be overwritten");
    await Deno.symlink(folder, `${folder}/link`);
    const linked = await ranet("quantize", folder, "--data", EXAMPLES, "--out", `${folder}/link`);
    assertEquals(linked.code, 2);
    assertStringIncludes(linked.notes, "which would be overwritten");
  });
  // A folder may have the name of the bundled model that it is made from.
  const named = await ranet("quantize", MICRO, "--data", "/nothere", "--out", MICRO);
  assertStringIncludes(named.notes, "/nothere");
});

Deno.test("quantize does not count labels of unreadable images", async () => {
  await withFolder(async (folder) => {
    const data = `${folder}/photos`;
    for (const name of ["cat", "ship"]) {
      await Deno.mkdir(`${data}/${name}`, { recursive: true });
      await Deno.copyFile(`${EXAMPLES}${name}.jpg`, `${data}/${name}/0.jpg`);
      for (let i = 1; i < 12; i++) await Deno.writeTextFile(`${data}/${name}/${i}.jpg`, "damaged");
    }
    const args = ["quantize", MICRO, "--data", data, "--skip-bad", "--out", `${folder}/q8`];
    const promised = await ranet(...args, "--max-loss", "1%");
    assertEquals(promised.code, 1);
    assertStringIncludes(promised.notes, "has only 2 images with labels, but 20 are needed");
    const made = await ranet(...args);
    assertEquals(made.code, 0, made.notes);
    assertStringIncludes(await Deno.readTextFile(`${folder}/q8/card.md`), "Accuracy was not compared");
  });
});

Deno.test("--precision int8 uses a bundled model's 8-bit weights; for other models, the error suggests quantize", async () => {
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
