/** Networks of other than three channels, from training to an answer. */

import { assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { ranet, withFolder } from "./ranet.ts";

/** 24 grey images of 12×12 pixels as MNIST's files have them, bright and dark in turn. */
async function writeIdx(folder: string): Promise<void> {
  const [count, size] = [24, 12];
  const images = new Uint8Array(16 + count * size ** 2);
  const labels = new Uint8Array(8 + count);
  [0x803, count, size, size].forEach((value, i) => new DataView(images.buffer).setUint32(4 * i, value));
  [0x801, count].forEach((value, i) => new DataView(labels.buffer).setUint32(4 * i, value));
  for (let i = 0; i < count; i++) {
    labels[8 + i] = i % 2;
    images.fill(i % 2 ? 220 - i : 30 + i, 16 + i * size ** 2, 16 + (i + 1) * size ** 2);
  }
  await Deno.writeFile(join(folder, "train-images-idx3-ubyte"), images);
  await Deno.writeFile(join(folder, "train-labels-idx1-ubyte"), labels);
}

const spec = (channels: number) => `
name: bands
input: { size: 12, channels: ${channels} }
classes: [dark, bright]
base_features: [{ scale: 1, channels: 4 }]
subnetworks: [{ blocks: 1, growth: 4 }]
layers: { step: 1 }
head: { channels: 4 }
`;

Deno.test("a network of grey images is trained, evaluated, exported, and asked for a photo", async () => {
  await withFolder(async (folder) => {
    await writeIdx(folder);
    const yaml = join(folder, "grey.yaml");
    await Deno.writeTextFile(yaml, spec(1));
    const model = join(folder, "model");
    const device = ["--device", "cpu", "--threads", "1"];
    const trained = await ranet(
      "train",
      yaml,
      "--data",
      folder,
      "--steps",
      "3",
      "--batch",
      "8",
      "--out",
      model,
      ...device,
    );
    assertEquals(trained.code, 0, trained.notes);
    const photo = join(import.meta.dirname!, "../fixtures/images/cifar-cat.jpg");
    const { code, out, notes } = await ranet("classify", photo, "--model", model, "--device", "cpu", "--json");
    assertEquals(code, 0, notes);
    assertEquals(["dark", "bright"].includes(JSON.parse(out)[0].label), true);
    assertEquals((await ranet("export", "onnx", model, "--out", join(folder, "grey.onnx"))).code, 0);
    const report = join(folder, "report");
    assertEquals((await ranet("eval", folder, "--model", model, "--out", report, "--device", "cpu")).code, 0);
  });
});

Deno.test("networks of other channels say that they take tensors, where an image is given", async () => {
  await withFolder(async (folder) => {
    await writeIdx(folder);
    const yaml = join(folder, "six.yaml");
    await Deno.writeTextFile(yaml, spec(6));
    const { code, notes } = await ranet(
      "train",
      yaml,
      "--data",
      folder,
      "--out",
      join(folder, "model"),
      "--device",
      "cpu",
    );
    assertEquals(code, 1);
    assertStringIncludes(notes, "the network takes 6 channels, and images have 3, or 1 of grey; give it tensors");
  });
});
