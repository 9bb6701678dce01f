/**
 * Compares training steps with PyTorch in float64 (tests/fixtures/training/make.ts says which numbers were kept).
 *
 * @module
 */

import { assertEquals, assertLess } from "@std/assert";
import { type ArchitectureSpec, decodeImage } from "../mod.ts";
import { buildNetwork, parseSpec, specFromOfficialFlags } from "../spec.ts";
import { readCheckpoint, readSafetensors } from "../weights.ts";
import { inputSize } from "../lib/network/common.ts";
import { areaOf } from "../lib/network/size.ts";
import { openTrainer } from "../lib/device/open_trainer.ts";
import type { Tensor } from "../lib/weights/tensor.ts";
import { gpuTest } from "./gpu.ts";

const FOLDER = new URL("./fixtures/training/", import.meta.url);

/** The images already have the network's input size. */
async function readBatch(
  rows: readonly string[],
  { folder, input }: { folder: URL; input: ArchitectureSpec["input"] },
): Promise<{ images: Float32Array; labels: Uint32Array }> {
  const size = inputSize(input);
  const area = areaOf(size);
  const images = new Float32Array(rows.length * 3 * area);
  const labels = new Uint32Array(rows.length);
  for (const [i, row] of rows.entries()) {
    const [path, label] = row.split(",");
    labels[i] = Number(label);
    const { width, height, data } = await decodeImage(await Deno.readFile(new URL(path, folder)), { source: path });
    assertEquals({ height, width }, size);
    for (let channel = 0; channel < 3; channel++) {
      for (let pixel = 0; pixel < area; pixel++) {
        const value = data[4 * pixel + channel] / 255;
        images[(3 * i + channel) * area + pixel] = (value - input.mean[channel]) / input.std[channel];
      }
    }
  }
  return { images, labels };
}

/** The L2 norm of the error relative to that of the expected values, over the kept numbers of all tensors. */
class Share {
  #error = 0;
  #norm = 0;

  add(actual: number, expected: number): void {
    this.#error += (actual - expected) ** 2;
    this.#norm += expected ** 2;
  }

  get value(): number {
    return Math.sqrt(this.#error / this.#norm);
  }
}

/** Visits the kept numbers of tensors with `full` length. */
function forKept(
  kept: ReadonlyMap<string, Tensor>,
  full: ReadonlyMap<string, Tensor>,
  visit: (name: string, i: number, value: number) => void,
): void {
  for (const [name, { data }] of kept) {
    const step = Math.ceil(full.get(name)!.data.length / data.length);
    data.forEach((value, j) => visit(name, j * step, value));
  }
}

async function check(name: string, device: "cpu" | "gpu"): Promise<void> {
  const folder = new URL(`${name}/`, FOLDER);
  const read = (file: string) => Deno.readFileSync(new URL(file, folder));
  const expected = JSON.parse(new TextDecoder().decode(read("expect.json")));
  const spec = parseSpec(specFromOfficialFlags(expected.flags));
  const network = buildNetwork(spec);
  const init = readCheckpoint(read("init.pth.tar"), { source: name });
  const { rate, momentum, nesterov, weight_decay: weightDecay, decay, label_smoothing: labelSmoothing = 0 } =
    expected.optimizer;
  using trainer = await openTrainer(network, { tensors: init, momentum: new Map() }, {
    device,
    batchSize: expected.batch,
    optimizer: { kind: "sgd", momentum, nesterov, weightDecay, decay },
    loss: { exits: network.exits.map(() => 1), labelSmoothing },
    emaDecay: 0,
    gradients: "plain",
    train: "all",
  });
  const rows = new TextDecoder().decode(read("train.csv")).trim().split("\n");
  for (let step = 0; step < expected.steps; step++) {
    const own = rows.slice(step * expected.batch, (step + 1) * expected.batch);
    const { images, labels } = await readBatch(own, { folder, input: spec.input });
    const { losses } = await trainer.step(images, labels, { learningRate: rate });
    expected.trace[step].exits.forEach((loss: number, exit: number) => {
      assertLess(Math.abs(losses[exit] / loss - 1), step === 0 ? 1e-6 : 1e-4, `step ${step + 1}, exit ${exit + 1}`);
    });
    if (step > 0) continue;
    const gradients = readSafetensors(read("gradients-step-1.safetensors"), { source: name }).tensors;
    const velocities = (await trainer.read()).momentum;
    const share = new Share();
    // The first velocity is the gradient plus weight decay.
    forKept(gradients, velocities, (name, i, gradient) => {
      const { shape, data } = init.get(name)!;
      const decayed = decay === "all" || shape.length > 1 ? weightDecay * data[i] : 0;
      share.add(velocities.get(name)!.data[i] - decayed, gradient);
    });
    assertLess(share.value, 1e-4);
  }
  const after = readSafetensors(read(`after-step-${expected.steps}.safetensors`), { source: name }).tensors;
  const { tensors } = await trainer.read();
  const share = new Share();
  forKept(after, tensors, (name, i, value) => {
    const before = init.get(name)!.data[i];
    share.add(tensors.get(name)!.data[i] - before, value - before);
  });
  assertLess(share.value, 5e-3);
}

for (const name of ["cifar10-small", "imagenet-small"]) {
  Deno.test(`${name}: losses, gradients and updates agree with PyTorch (CPU)`, () => check(name, "cpu"));
  gpuTest(`${name}: losses, gradients and updates agree with PyTorch`, () => check(name, "gpu"));
}
