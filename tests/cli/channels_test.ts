/** Networks with other than three channels, from training to classification. */

import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { npy } from "../npy_writer.ts";
import { ranet, withFolder } from "./ranet.ts";

/** 24 grey images of 12×12 pixels in MNIST's format, alternately bright and dark. */
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

Deno.test("train, eval, export and classify accept a network with one channel", async () => {
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
    assertEquals(
      (await ranet(
        "eval",
        join(folder, "train-images-idx3-ubyte"),
        "--model",
        model,
        "--out",
        report,
        "--device",
        "cpu",
      )).code,
      0,
    );
  });
});

/** 24 arrays of six bands and 14×13 pixels, one file each in class folders. The classes differ in the last band. */
async function writeBands(folder: string): Promise<void> {
  const area = 14 * 13;
  for (let i = 0; i < 24; i++) {
    const label = ["dark", "bright"][i % 2];
    await Deno.mkdir(join(folder, label), { recursive: true });
    const data = Uint16Array.from({ length: 6 * area }, (_, k) => k < 5 * area ? 900 * i : i % 2 ? 60_000 : 3_000);
    await Deno.writeFile(join(folder, label, `${i}.npy`), npy([6, 14, 13], data));
  }
}

Deno.test("train, eval, calibrate and classify accept .npy files for a network with six channels", async () => {
  await withFolder(async (folder) => {
    const data = join(folder, "data");
    await writeBands(data);
    // Files that are not arrays are not samples.
    await Deno.copyFile(join(import.meta.dirname!, "../fixtures/images/cifar-cat.jpg"), join(data, "dark", "x.jpg"));
    const yaml = join(folder, "six.yaml");
    await Deno.writeTextFile(yaml, spec(6));
    const model = join(folder, "model");
    const run = async (...args: string[]) => {
      const { code, out, notes } = await ranet(...args, "--device", "cpu");
      assertEquals(code, 0, notes);
      return out;
    };
    await run("train", yaml, "--data", data, "--epochs", "30", "--batch", "8", "--out", model, "--threads", "1");
    const report = await run("eval", data, "--model", model, "--out", join(folder, "report"), "--json");
    assertMatch(report, /"samples": ?24\b/);
    assertMatch(await run("calibrate", data, "--model", model, "--accuracy", "0.9"), /0\.9|90/);
    for (const [name, label] of [["dark/0.npy", "dark"], ["bright/1.npy", "bright"]]) {
      const [answer] = JSON.parse(await run("classify", join(data, name), "--model", model, "--json"));
      assertEquals(answer.label, label);
    }
    const eight = join(folder, "eight");
    assertEquals((await ranet("quantize", model, "--data", data, "--out", eight)).code, 0);
    const [bright] = JSON.parse(await run("classify", join(data, "bright/1.npy"), "--model", eight, "--json"));
    assertEquals(bright.label, "bright");
    const wrong = join(folder, "wrong.npy");
    await Deno.writeFile(wrong, npy([4, 14, 13], new Uint8Array(4 * 14 * 13)));
    const { code, notes } = await ranet("classify", wrong, "--model", model, "--device", "cpu");
    assertEquals(code, 1);
    assertStringIncludes(notes, "it has 4 channels, expected the network's 6; choose the channels of the array");
  });
});

Deno.test("networks with other numbers of channels refuse images and name the expected arrays", async () => {
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
      "--batch",
      "8",
      "--device",
      "cpu",
    );
    assertEquals(code, 1);
    assertStringIncludes(notes, "the network takes 6 channels, and images have 3, or 1 if grey. Use arrays");
  });
});
