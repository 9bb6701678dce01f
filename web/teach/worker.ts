/**
 * Reads photos, trains, and tries models in a worker. `?device=cpu` and `?device=gpu` in its URL select the device, as
 * in the Classify tab.
 *
 * @module
 */

/// <reference lib="dom" />

import { AdaptiveExecutor, decodeImage, type DeviceChoice, loadModel, readCalibrations, toTensor } from "../library.ts";
import { toPixels } from "../../lib/data/preprocess.ts";
import { exportOnnx } from "../train_library.ts";
import { thumbnail } from "../thumbnail.ts";
import { bestThresholds } from "./thresholds.ts";
import type { Reply, Request } from "./messages.ts";
import { type Course, learn, prepare } from "./teacher.ts";

/** Input size of the trained networks, and size of thumbnails, in pixels. */
const [SEEN, THUMBNAIL] = [32, 112];

/** A model that is being tried. */
interface Trial {
  readonly executor: AdaptiveExecutor;
  readonly thresholds: readonly number[];
}

let course: Course | undefined;
let stop = new AbortController();
let trial: Promise<Trial> | undefined;
/** Photos are processed one after another. */
let reading: Promise<unknown> = Promise.resolve();
/** Images to try are also processed one after another. */
let trying: Promise<unknown> = Promise.resolve();

self.onmessage = ({ data }: MessageEvent<Request>): void => {
  switch (data.kind) {
    case "read":
      reading = reading.then(() => read(data));
      return;
    case "train":
      void teach(data);
      return;
    case "stop":
      return stop.abort();
    case "open":
      trying = trying.then(() => open(data));
      return;
    case "try":
      trying = trying.then(() => tryOut(data));
      return;
  }
};

function reply(message: Reply): void {
  self.postMessage(message);
}

async function read({ id, name, file }: Extract<Request, { kind: "read" }>): Promise<void> {
  try {
    const image = await decodeImage(new Uint8Array(await file.arrayBuffer()), { source: name });
    const pixels = new Uint8ClampedArray(toPixels(image, { size: SEEN, resize: SEEN }));
    reply({ kind: "photo", id, pixels, thumbnail: await thumbnail(image, { side: THUMBNAIL, type: "image/webp" }) });
  } catch (error) {
    reply({ kind: "unread", id, message: messageOf(error) });
  }
}

async function teach({ lesson, goOn }: Extract<Request, { kind: "train" }>): Promise<void> {
  stop = new AbortController();
  try {
    if (!goOn || !course?.moment) course = await prepare(lesson);
    const { recipe: { length, batch }, training } = course;
    const epochs = "epochs" in length ? length.epochs : 1;
    const perEpoch = Math.floor(training.size / batch) + Number(training.size % batch > 1);
    const taught = await learn(course, {
      device: deviceChoice(),
      signal: stop.signal,
      onDevice: ({ name }) => reply({ kind: "started", device: name, steps: epochs * perEpoch, epochs }),
      onFallback: (message) => reply({ kind: "note", message }),
      onStep: ({ step }) => reply({ kind: "step", step }),
      onEpoch: (epoch) => reply({ kind: "epoch", epoch }),
    });
    reply({ kind: "trained", ...taught });
  } catch (error) {
    reply({ kind: "failed", message: messageOf(error) });
  }
}

async function open({ archive, name }: Extract<Request, { kind: "open" }>): Promise<void> {
  try {
    const model = await loadModel(archive);
    const before = trial;
    const executor = await AdaptiveExecutor.create(model, {
      device: deviceChoice(),
      batchSize: 1,
      onFallback: () => {},
    });
    const thresholds = bestThresholds(await readCalibrations(archive), model.network);
    trial = Promise.resolve({ executor, thresholds });
    (await before)?.executor[Symbol.dispose]();
    const costs = model.network.exits.map(({ cumulativeFlops }) => cumulativeFlops);
    // The file is prepared in advance, because browsers only allow downloads that start directly after a click.
    const onnx = new Blob([new Uint8Array(exportOnnx(model))]);
    reply({ kind: "opened", model: { classes: model.spec.classes, costs, thresholds }, onnx });
  } catch (error) {
    reply({ kind: "not opened", message: `${name}: ${messageOf(error)}` });
  }
}

/** Computes exits until one reaches its threshold. */
async function tryOut({ id, image, name }: Extract<Request, { kind: "try" }>): Promise<void> {
  try {
    if (!trial) return;
    const { executor, thresholds } = await trial;
    const pixels = image instanceof Blob
      ? await decodeImage(new Uint8Array(await image.arrayBuffer()), { source: name })
      : image;
    const began = performance.now();
    for await (const answer of executor.anytime(toTensor(pixels, executor.model.spec.input))) {
      const { exit, label, confidence, flops } = answer;
      const left = confidence >= thresholds[exit - 1];
      const milliseconds = performance.now() - began;
      reply({ kind: "answer", id, answer: { exit, label, confidence, flops, milliseconds }, left });
      if (left) return;
    }
  } catch (error) {
    reply({ kind: "not tried", id, message: messageOf(error) });
  }
}

function deviceChoice(): DeviceChoice {
  const wanted = new URL(location.href).searchParams.get("device");
  return wanted === "cpu" || wanted === "gpu" ? wanted : "auto";
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
