/**
 * Runs the network in a worker, by default on the device that `auto` chooses. `?device=cpu` and `?device=gpu` in its
 * URL select the device.
 *
 * @module
 */

/// <reference lib="dom" />

import {
  AdaptiveExecutor,
  decodeImage,
  DEFAULT_MODEL,
  type InputSpec,
  loadModel,
  type Model,
  toTensor,
} from "./library.ts";
import { inputLength } from "../lib/network/common.ts";
import { sizeOf } from "../lib/network/size.ts";
import type { ModelChange, Question, Report } from "./messages.ts";
import { thumbnail } from "./thumbnail.ts";

/** Longer side of shown pictures in pixels. */
const THUMBNAIL = 480;

const questions: (Question | ModelChange)[] = [];
let wake = (): void => {};
self.onmessage = ({ data }: MessageEvent<Question | ModelChange>): void => {
  // Questions to the previous model are dropped.
  if ("model" in data) questions.length = 0;
  questions.push(data);
  wake();
};
void run();

async function run(): Promise<void> {
  let executor: AdaptiveExecutor;
  try {
    executor = await open(await loadModel(DEFAULT_MODEL));
  } catch (error) {
    return report({ kind: "broken", message: (error as Error).message });
  }
  while (true) {
    const question = questions.shift();
    if (question && "model" in question) executor = await change(executor, question.model);
    else if (question) await answer(executor, question);
    else await new Promise<void>((resolve) => wake = resolve);
  }
}

/** Why it runs on the CPU although another device was requested. */
let reason: string | undefined;

async function open(model: Model): Promise<AdaptiveExecutor> {
  const wanted = new URL(location.href).searchParams.get("device");
  const device = wanted === "cpu" || wanted === "gpu" ? wanted : "auto";
  const executor = await AdaptiveExecutor.create(model, {
    device,
    batchSize: 1,
    onFallback: (message) => reason = message,
  });
  // The first run compiles and tests the kernels, which should not count as the first image's time.
  await executor.forward(new Float32Array(inputLength(model.spec.input)));
  await tellDevice(executor);
  return executor;
}

/** Switches to another model, unless it cannot be opened. */
async function change(before: AdaptiveExecutor, archive: Blob): Promise<AdaptiveExecutor> {
  try {
    const executor = await open(await loadModel(archive));
    before[Symbol.dispose]();
    return executor;
  } catch (error) {
    report({ kind: "broken", message: (error as Error).message });
    return before;
  }
}

async function tellDevice({ device }: AdaptiveExecutor): Promise<void> {
  report({ kind: "ready", device, hasWebGpu: Boolean(await navigator.gpu?.requestAdapter()), reason });
}

async function answer(executor: AdaptiveExecutor, { id, name, file, until }: Question): Promise<void> {
  try {
    const { input } = executor.model.spec;
    const { kind } = executor.device;
    const image = await decodeImage(new Uint8Array(await file.arrayBuffer()), { source: name });
    const tensor = toTensor(image, input);
    report({ kind: "image", id, thumbnail: await thumbnail(image, { side: THUMBNAIL }), seen: seenBy(input, tensor) });
    await answerByExits(executor, { id, until }, tensor);
    if (executor.device.kind !== kind) await tellDevice(executor);
  } catch (error) {
    report({ kind: "problem", id, message: (error as Error).message });
  }
}

async function answerByExits(
  executor: AdaptiveExecutor,
  { id, until }: Pick<Question, "id" | "until">,
  tensor: Float32Array,
): Promise<void> {
  const began = performance.now();
  for await (const { exit, label, confidence, flops } of executor.anytime(tensor)) {
    const milliseconds = performance.now() - began;
    report({ kind: "answer", id, answer: { exit, label, confidence, flops, milliseconds } });
    if (confidence >= until) return;
  }
}

/** The pixels from which a tensor was made. */
function seenBy({ size, mean, std }: InputSpec, tensor: Float32Array): ImageData {
  const { height, width } = sizeOf(size);
  const area = height * width;
  const image = new ImageData(width, height);
  for (let i = 0; i < area; i++) {
    for (let c = 0; c < 3; c++) {
      const own = c % mean.length; // grey is used for all three channels
      image.data[4 * i + c] = 255 * (tensor[own * area + i] * std[own] + mean[own]);
    }
    image.data[4 * i + 3] = 255;
  }
  return image;
}

function report(message: Report): void {
  self.postMessage(message);
}
