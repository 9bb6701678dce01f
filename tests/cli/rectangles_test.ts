/** Networks with rectangular inputs, from training to classification. */

import { assertEquals, assertLess, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { AdaptiveExecutor, loadModel } from "../../mod.ts";
import { randomArray, relativeError } from "../fixtures.ts";
import { npy } from "../npy_writer.ts";
import { ranet, withFolder } from "./ranet.ts";

const [HEIGHT, WIDTH] = [12, 31];

const SPEC = `
name: plates
input: { size: [${HEIGHT}, ${WIDTH}] }
classes: [left, right]
base_features: [{ scale: 1, channels: 4 }]
subnetworks: [{ blocks: 1, growth: 4 }]
layers: { step: 1 }
head: { channels: 4 }
`;

/** 24 images that are bright at one end, as IDX files. */
async function writeIdx(folder: string): Promise<void> {
  const count = 24;
  const images = new Uint8Array(16 + count * HEIGHT * WIDTH);
  const labels = new Uint8Array(8 + count);
  [0x803, count, HEIGHT, WIDTH].forEach((value, i) => new DataView(images.buffer).setUint32(4 * i, value));
  [0x801, count].forEach((value, i) => new DataView(labels.buffer).setUint32(4 * i, value));
  for (let i = 0; i < count; i++) {
    labels[8 + i] = i % 2;
    for (let row = 0; row < HEIGHT; row++) {
      const start = 16 + (i * HEIGHT + row) * WIDTH + (i % 2 ? 24 : 2);
      images.fill(200 + i, start, start + 5);
    }
  }
  await Deno.writeFile(join(folder, "train-images-idx3-ubyte"), images);
  await Deno.writeFile(join(folder, "train-labels-idx1-ubyte"), labels);
}

Deno.test("plan, train, eval, classify and export accept a network with a rectangular input", async () => {
  await withFolder(async (folder) => {
    await writeIdx(folder);
    const yaml = join(folder, "plates.yaml");
    await Deno.writeTextFile(yaml, SPEC);
    const model = join(folder, "model");
    const cpu = ["--device", "cpu"];
    const run = async (...args: string[]) => {
      const { code, out, notes } = await ranet(...args);
      assertEquals(code, 0, notes);
      return out;
    };
    assertStringIncludes(await run("plan", yaml), `${HEIGHT}×${WIDTH}×`);
    assertEquals(JSON.parse(await run("plan", yaml, "--json")).exits[0].size, [HEIGHT, WIDTH]);
    assertStringIncludes(await run("spec", yaml), `${HEIGHT}×${WIDTH}, from images resized to ${HEIGHT}×${WIDTH}`);
    assertStringIncludes(await run("diff", "ranet-cifar10-micro", yaml), `input.size: 32 → [${HEIGHT}, ${WIDTH}]`);
    const training = ["--data", folder, "--steps", "3", "--batch", "8", "--out", model, "--threads", "1", ...cpu];
    await run("train", yaml, ...training);
    await run(
      "eval",
      join(folder, "train-images-idx3-ubyte"),
      "--model",
      model,
      "--out",
      join(folder, "report"),
      ...cpu,
    );
    const photo = join(import.meta.dirname!, "../fixtures/images/cifar-cat.jpg");
    const [answer] = JSON.parse(await run("classify", photo, "--model", model, "--json", ...cpu));
    assertEquals(["left", "right"].includes(answer.label), true);

    const images = randomArray(2 * 3 * HEIGHT * WIDTH, 1);
    const input = join(folder, "input.npy");
    await Deno.writeFile(input, npy([2, 3, HEIGHT, WIDTH], images));
    const { exits: [exit] } = JSON.parse(await run("forward", input, "--model", model, "--json", ...cpu));
    using executor = await AdaptiveExecutor.create(await loadModel(model), { device: "cpu", batchSize: 2 });
    const [expected] = await executor.forward(images);
    assertLess(relativeError(exit.logits.flat(), expected), 1e-6);
    await Deno.writeFile(input, npy([2, 3, WIDTH, HEIGHT], images));
    const turned = await ranet("forward", input, "--model", model, ...cpu);
    assertStringIncludes(turned.notes, `expected an array of N×3×${HEIGHT}×${WIDTH}, found 2×3×${WIDTH}×${HEIGHT}`);

    const out = join(folder, "for-js");
    const exported = JSON.parse(await run("export", "onnx", model, "--for", "transformers.js", "--out", out, "--json"));
    assertEquals([exported.preparation.size, exported.preparation.resize], [[HEIGHT, WIDTH], [HEIGHT, WIDTH]]);
    const { size, crop_size } = JSON.parse(await Deno.readTextFile(join(out, "preprocessor_config.json")));
    assertEquals([size, crop_size], [{ height: HEIGHT, width: WIDTH }, { height: HEIGHT, width: WIDTH }]);
  });
});
