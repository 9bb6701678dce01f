/**
 * Progressive image sizes: the first epochs use smaller images, whose steps take less time (Tan and Le,
 * "EfficientNetV2: Smaller Models and Faster Training", ICML 2021, section 4).
 *
 * @module
 */

import { planeResizer } from "../data/preprocess.ts";
import { RanetError } from "../errors.ts";
import type { ArchitectureSpec } from "../network/architecture.ts";
import { buildNetwork } from "../network/build.ts";
import { inputSize } from "../network/common.ts";
import { layerParameters } from "../network/cost.ts";
import type { Network } from "../network/network.ts";
import { areaOf, isSameSize, sidesOf, type Size, sizeText } from "../network/size.ts";
import { changeSpec } from "../spec/change.ts";
import type { Recipe, SizeStage } from "./recipe.ts";

/**
 * The scale of the images in an epoch: that of the first stage that has not ended. A stage ends after
 * round(`until` · epochs) epochs.
 *
 * @param sizes The stages.
 * @param epoch The epoch, from 0.
 * @param epochs Epochs in the run.
 */
export function scaleAt(sizes: readonly SizeStage[], epoch: number, epochs: number): number {
  return sizes.find((stage) => epoch < endOf(stage, epochs))?.scale ?? 1;
}

/** The last epoch of a stage, counted from 1. */
function endOf({ until }: SizeStage, epochs: number): number {
  return Math.round(until * epochs);
}

/**
 * The stages with smaller images in a run: the last epoch of each, counted from 1, and the images' size. Stages without
 * an epoch are left out.
 */
export function stagesOf(
  sizes: readonly SizeStage[],
  { epochs, full }: { readonly epochs: number; readonly full: Size },
): { readonly until: number; readonly size: Size }[] {
  return sizes.map((stage) => ({ until: endOf(stage, epochs), size: scaledSize(full, stage.scale) }))
    .filter(({ until }, i, all) => until > (all[i - 1]?.until ?? 0));
}

/** Height and width of scaled images. */
export function scaledSize({ height, width }: Size, scale: number): Size {
  return { height: Math.max(1, Math.round(scale * height)), width: Math.max(1, Math.round(scale * width)) };
}

/**
 * An architecture's network for images of another size.
 *
 * @throws {RanetError} If it cannot take images of that size with the same parameters.
 */
export function networkAt(spec: ArchitectureSpec, size: Size): Network {
  const network = buildNetwork(spec);
  if (isSameSize(inputSize(spec.input), size)) return network;
  const sides = sidesOf(size);
  const scaled = buildNetwork(changeSpec(spec, { input: { size: sides, resize: sides } }));
  if (shapes(scaled) === shapes(network)) return scaled;
  throw new RanetError(`Cannot use images of ${sizeText(size)} pixels: parameters would have other shapes`);
}

/**
 * Checks that a network takes images of all sizes of a recipe.
 *
 * @throws {RanetError} If it does not; the message says which scale works.
 */
export function checkSizes({ name, sizes }: Pick<Recipe, "name" | "sizes">, spec: ArchitectureSpec): void {
  const full = inputSize(spec.input);
  const works = (scale: number): boolean => {
    try {
      networkAt(spec, scaledSize(full, scale));
      return true;
    } catch (error) {
      if (error instanceof RanetError) return false;
      throw error;
    }
  };
  sizes.forEach(({ scale }, i) => {
    if (works(scale)) return;
    let percent = Math.ceil(100 * scale);
    while (percent < 100 && !works(percent / 100)) percent++;
    throw new RanetError(
      `Cannot use recipe ${name}: sizes[${i}].scale: expected at least ${percent / 100} for ${spec.name}, ` +
        `whose images have ${sizeText(full)} pixels, found ${scale} (${sizeText(scaledSize(full, scale))})`,
    );
  });
}

/**
 * Creates a function that scales all planes of a batch, `N × channels × height × width`, in floating point, with the
 * filter for photos.
 *
 * @param from Height and width.
 * @param to The new height and width.
 */
export function batchResizer(from: Size, to: Size): (images: Float32Array) => Float32Array {
  if (isSameSize(from, to)) return (images) => images;
  const sides = sidesOf(to);
  const resize = planeResizer(from, { size: sides, resize: sides });
  const [area, scaled] = [areaOf(from), areaOf(to)];
  return (images) => {
    const out = new Float32Array(images.length / area * scaled);
    for (let plane = 0; plane * area < images.length; plane++) {
      out.set(resize(images.subarray(plane * area, (plane + 1) * area)), plane * scaled);
    }
    return out;
  };
}

/**
 * Work of the remaining steps of a run, in steps of the current epoch: as many multiply-adds take as much time.
 *
 * @param at `step`: steps taken; `steps`: those of the whole run; `perEpoch`: those of an epoch.
 */
export function remainingWork(
  { sizes }: Pick<Recipe, "sizes">,
  spec: ArchitectureSpec,
  { step, steps, perEpoch }: { readonly step: number; readonly steps: number; readonly perEpoch: number },
): number {
  const epochs = Math.ceil(steps / perEpoch);
  const flops = (scale: number) =>
    networkAt(spec, scaledSize(inputSize(spec.input), scale)).exits.at(-1)!.cumulativeFlops;
  const costs = new Map([...sizes.map(({ scale }) => scale), 1].map((scale) => [scale, flops(scale)]));
  const cost = (epoch: number) => costs.get(scaleAt(sizes, epoch, epochs))!;
  const first = Math.floor(step / perEpoch);
  let work = 0;
  for (let epoch = first; epoch < epochs; epoch++) {
    const taken = Math.min(steps, (epoch + 1) * perEpoch) - Math.max(step, epoch * perEpoch);
    work += taken * cost(epoch) / cost(first);
  }
  return work;
}

/** Names and shapes of all parameters. */
function shapes(network: Network): string {
  return network.exits.flatMap(({ layers }) => layers).flatMap(layerParameters)
    .map(({ name, shape }) => `${name} ${shape}`).join();
}
