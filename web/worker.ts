/**
 * Runs the network off the page's thread: on WebGPU where the browser has it, else on the CPU. With `?device=cpu` in its
 * URL always on the CPU.
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
  type RgbImage,
  toTensor,
} from "./library.ts";
import type { Question, Report } from "./messages.ts";

/** Longer side of the pictures that the page shows. */
const THUMBNAIL = 480;

const questions: Question[] = [];
let wake = (): void => {};
self.onmessage = ({ data }: MessageEvent<Question>): void => {
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
    if (question) executor = await answer(executor, question);
    else await new Promise<void>((resolve) => wake = resolve);
  }
}

async function open(model: Model): Promise<AdaptiveExecutor> {
  const start = async (device: "gpu" | "cpu"): Promise<AdaptiveExecutor> => {
    const executor = await AdaptiveExecutor.create(model, { device, capacity: 1 });
    // The first run makes the pipelines: not to be counted as the first image's time.
    await executor.forward(new Float32Array(3 * model.spec.input.size ** 2));
    return executor;
  };
  const forced = new URL(location.href).searchParams.get("device") === "cpu";
  let executor: AdaptiveExecutor;
  let reason: string | undefined;
  try {
    const hasGpu = !forced && Boolean(await navigator.gpu?.requestAdapter());
    executor = await start(hasGpu ? "gpu" : "cpu");
  } catch (error) {
    reason = (error as Error).message;
    executor = await start("cpu");
  }
  report({ kind: "ready", device: executor.device, reason });
  return executor;
}

/** Answers, and returns what to go on with: another executor where the GPU was lost. */
async function answer(executor: AdaptiveExecutor, { id, name, file }: Question): Promise<AdaptiveExecutor> {
  try {
    const { model } = executor;
    const { input } = model.spec;
    const image = await decodeImage(new Uint8Array(await file.arrayBuffer()), { source: name });
    const tensor = toTensor(image, input);
    report({ kind: "image", id, thumbnail: await thumbnail(image), seen: seenBy(input, tensor) });
    try {
      await answerByExits(executor, id, tensor);
    } catch (error) {
      if (executor.device.kind === "cpu") throw error;
      executor[Symbol.dispose]();
      executor = await open(model);
      await answerByExits(executor, id, tensor);
    }
  } catch (error) {
    report({ kind: "problem", id, message: (error as Error).message });
  }
  return executor;
}

async function answerByExits(executor: AdaptiveExecutor, id: number, tensor: Float32Array): Promise<void> {
  const began = performance.now();
  for await (const { exit, label, confidence, flops } of executor.anytime(tensor)) {
    const milliseconds = performance.now() - began;
    report({ kind: "answer", id, answer: { exit, label, confidence, flops, milliseconds } });
  }
}

async function thumbnail({ data, width, height }: RgbImage): Promise<Blob> {
  const scale = Math.min(1, THUMBNAIL / Math.max(width, height));
  const [resizeWidth, resizeHeight] = [width, height].map((side) => Math.max(1, Math.round(side * scale)));
  const pixels = new Uint8ClampedArray(data);
  for (let i = 3; i < pixels.length; i += 4) pixels[i] = 255; // the network does not see transparency either
  const bitmap = await createImageBitmap(new ImageData(pixels, width, height), {
    resizeWidth,
    resizeHeight,
    resizeQuality: "high",
  });
  const canvas = new OffscreenCanvas(resizeWidth, resizeHeight);
  canvas.getContext("2d")!.drawImage(bitmap, 0, 0);
  bitmap.close();
  return await canvas.convertToBlob();
}

/** The pixels of which a tensor was made. */
function seenBy({ size, mean, std }: InputSpec, tensor: Float32Array): ImageData {
  const image = new ImageData(size, size);
  for (let i = 0; i < size ** 2; i++) {
    for (let c = 0; c < 3; c++) image.data[4 * i + c] = 255 * (tensor[c * size ** 2 + i] * std[c] + mean[c]);
    image.data[4 * i + 3] = 255;
  }
  return image;
}

function report(message: Report): void {
  self.postMessage(message);
}
