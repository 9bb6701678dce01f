/**
 * Selects images that left at the first exit, and images that needed the last.
 *
 * @module
 */

import type { Dataset } from "../data/dataset.ts";
import { toTensor } from "../data/preprocess.ts";
import { exitsTaken } from "../calibration/thresholds.ts";
import { type CommonSpec, inputSize } from "../network/common.ts";
import { areaOf, sidesOf, sizeOf } from "../network/size.ts";
import type { Outcomes } from "./logits_file.ts";
import type { ClassPictures, Mistake, Picture } from "./model_report.ts";

/** Number of easy and of hard images shown per class. */
const SHOWN = 4;
/** Most mistakes shown. */
const MOST_MISTAKES = 24;
/** Most classes shown. */
const MOST_CLASSES = 40;
/** Largest side of a shown image in pixels. Larger images are scaled down. */
const MOST_PIXELS = 96;

/**
 * Selects for each class the images with the highest confidence at the first exit, and those with the lowest among the
 * images that reach the last exit.
 */
export async function pickPictures(
  dataset: Dataset,
  outcomes: Outcomes,
  options: { readonly thresholds: readonly number[]; readonly spec: CommonSpec },
): Promise<ClassPictures[]> {
  const { thresholds, spec } = options;
  const exits = exitsTaken(thresholds, outcomes.confidences);
  const first = outcomes.confidences[0];
  const surest = Array.from(exits.keys()).sort((a, b) => first[b] - first[a]);
  const show = (samples: readonly number[]) =>
    Promise.all(samples.map(async (sample): Promise<Picture> => {
      const { image } = await dataset.read(outcomes.indexes[sample]);
      const predicted = outcomes.predictions[exits[sample]][sample];
      const correct = predicted === outcomes.labels[sample];
      return { uri: await toPng(image, spec), predicted: spec.classes[predicted], correct };
    }));
  const found: ClassPictures[] = [];
  for (const [label, name] of spec.classes.slice(0, MOST_CLASSES).entries()) {
    const own = surest.filter((sample) => outcomes.labels[sample] === label);
    const easy = await show(own.filter((sample) => exits[sample] === 0).slice(0, SHOWN));
    const last = thresholds.length - 1;
    const hard = await show(own.filter((sample) => exits[sample] === last).reverse().slice(0, SHOWN));
    found.push({ label: name, easy, hard });
  }
  return found;
}

/** Selects the misclassified images with the highest confidence, of all classes. */
export async function pickMistakes(
  dataset: Dataset,
  outcomes: Outcomes,
  options: { readonly thresholds: readonly number[]; readonly spec: CommonSpec },
): Promise<Mistake[]> {
  const { thresholds, spec } = options;
  const { labels, predictions, confidences, indexes } = outcomes;
  const exits = exitsTaken(thresholds, confidences);
  const confidence = (sample: number) => confidences[exits[sample]][sample];
  const wrong = Array.from(exits.keys()).filter((sample) => predictions[exits[sample]][sample] !== labels[sample]);
  const worst = wrong.sort((a, b) => confidence(b) - confidence(a)).slice(0, MOST_MISTAKES);
  return await Promise.all(worst.map(async (sample): Promise<Mistake> => {
    const { image } = await dataset.read(indexes[sample]);
    return {
      uri: await toPng(image, spec),
      predicted: spec.classes[predictions[exits[sample]][sample]],
      label: spec.classes[labels[sample]],
      confidence: confidence(sample),
      exit: exits[sample] + 1,
    };
  }));
}

/** An image as the network receives it, as a data URI. */
async function toPng(image: Parameters<typeof toTensor>[0], { input }: CommonSpec): Promise<string> {
  const { height, width } = inputSize(input);
  const share = Math.min(1, MOST_PIXELS / Math.max(height, width));
  const shrunk = (side: number) => Math.max(1, Math.round(share * side));
  const size = { height: shrunk(height), width: shrunk(width) };
  const area = areaOf(size);
  const resize = sizeOf(input.resize);
  const covered = {
    height: Math.round(size.height * resize.height / height),
    width: Math.round(size.width * resize.width / width),
  };
  const planes = toTensor(image, {
    size: sidesOf(size),
    resize: sidesOf(covered),
    mean: [0, 0, 0],
    std: [1, 1, 1],
  });
  const pixels = new Uint8ClampedArray(4 * area).fill(255);
  planes.forEach((value, i) => pixels[4 * (i % area) + Math.floor(i / area)] = 255 * value);
  const { default: init, encode } = await import("@jsquash/png/codec/pkg/squoosh_png.js");
  // @ts-ignore: TypeScript has no source phase imports yet
  await init(await import.source("@jsquash/png/codec/pkg/squoosh_png_bg.wasm") as WebAssembly.Module);
  const bytes: Uint8Array = encode(new Uint8Array(pixels.buffer), size.width, size.height, 8);
  return `data:image/png;base64,${bytes.toBase64()}`;
}
