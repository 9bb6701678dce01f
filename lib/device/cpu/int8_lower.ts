/**
 * Lowers the layers of a quantized network to operations of the kernels on integers: a byte per channel, two bytes for
 * the image.
 *
 * @module
 */

import type { Convolution, DepthwiseConvolution } from "../../network/network.ts";
import { areaOf, type Size } from "../../network/size.ts";
import { quadsOf, type Step, type StepOf } from "../../planner/plan.ts";
import { cornerShares, type QuantizedWeights, resizePlace } from "../../weights/quantized.ts";
import { canChain } from "../../weights/quantized_runs.ts";
import { writeOperation } from "./abi.ts";
import { type Int8Product, PRODUCTS } from "./int8_product.ts";
import { packDepthwise, packInt8, PANEL, stepsOf } from "./int8_weights.ts";
import { betweenPlaces, inputArguments, lowerWindow, outputArguments, type Place, type Schedule } from "./lower.ts";
import { vectorBytes } from "./pack.ts";
import type { MemoryLayout } from "./memory.ts";
import { forwardWindows, geometryKey } from "./windows.ts";

/** Bytes in a quad of channels. */
export const INT8_QUAD_BYTES = 4;
/** Bytes of a pixel of the image, for each channel. */
export const INT8_IMAGE_BYTES = 2;
/** Bytes by which copies and loads may extend beyond a sample's last pixel. */
const BEHIND = 32;

/** Lowers steps. */
export class Int8Lowering {
  readonly #layout: MemoryLayout;
  readonly #weights: QuantizedWeights;
  readonly #product: Int8Product;

  /** Creates a lowering for a network's weights and a way to multiply. */
  constructor(layout: MemoryLayout, weights: QuantizedWeights, product: Int8Product) {
    this.#layout = layout;
    this.#weights = weights;
    this.#product = product;
  }

  /** The operation that converts the image. */
  image(place: Place, schedule: Schedule): Uint8Array {
    const { size, channels } = place;
    const perStep = Math.fround(1 / this.#weights.imageScale);
    return writeOperation(
      "image-int8",
      { ...outputArguments(place), ...size, channels, perStep },
      schedule,
    );
  }

  /** A layer; `output` is missing where it has none, and `gates` except in an excitation. */
  step(
    step: Step,
    { input, gates, output, schedule }: { input: Place; gates?: Place; output?: Place; schedule: Schedule },
  ): Uint8Array {
    switch (step.kind) {
      case "convolution":
        return this.#convolution(step.layer, { input, output: output!, schedule });
      case "classifier":
        return this.#classifier(step, { input, schedule });
      case "max-pool":
        return lowerWindow("max-pool-int8", input, output!, { schedule });
      case "resize": {
        const [from, to] = [input.size, output!.size];
        const key = `corners ${[from, to].flatMap(({ height, width }) => [height, width])}`;
        const corners = this.#layout.remember(key, () => this.#layout.table(cornerTable(from, to)));
        return writeOperation("resize-int8", { ...betweenPlaces(input, output!), corners }, schedule);
      }
      case "depthwise":
        return this.#depthwise(step.layer, { input, output: output!, schedule });
      case "squeeze": {
        const multiplier = this.#vector(this.#weights.squeezes.get(step.layer.name)!);
        return writeOperation("squeeze-int8", { ...betweenPlaces(input, output!), multiplier }, schedule);
      }
      case "excitation": {
        const { multiplier, gates: table } = this.#weights.excitations.get(step.layer.name)!;
        return writeOperation("excitation-int8", {
          ...betweenPlaces(input, output!),
          gates: gates!.at,
          gatesBytes: gates!.bytes,
          table: this.#vector(table),
          multiplier: this.#vector(multiplier),
        }, schedule);
      }
    }
  }

  #convolution(
    layer: Convolution,
    { input, output, schedule }: { input: Place; output: Place; schedule: Schedule },
  ): Uint8Array {
    const { kernel, stride, name } = layer;
    const { weight, bias, multiplier } = this.#weights.convolutions.get(name)!;
    const shape = { inputs: input.channels, kernel };
    const product = productFor(weight, { ...shape, product: this.#product });
    const geometry = { kernel, stride, input: input.size, output: output.size };
    // Positions do not depend on channels.
    const { border, key, pixels, phases: [{ inPixels }] } = this.#layout.remember(
      `int8 windows ${geometryKey(geometry)}`,
      () => forwardWindows(geometry, { channels: 1, pitch: 1 }),
    );
    const pixelBytes = weight.BYTES_PER_ELEMENT * input.channels;
    const pitch = border > 0 ? pixelBytes : input.pitch;
    const steps = stepsOf(kernel * pixelBytes);
    const gap = (input.size.width + 2 * border) * pitch - 8 * steps;
    if (border > 0) this.#layout.needScratch(pixels * pixelBytes + BEHIND);
    const moves = Array.from({ length: kernel }, (_, run) => run === 0 ? 0 : gap);
    return writeOperation("convolve-int8", {
      ...inputArguments(input),
      pixelBytes,
      border,
      pitch,
      ...outputArguments(output),
      outChannels: output.channels,
      inPixels: this.#layout.remember(`int8 places ${key}`, () => this.#layout.table(inPixels)),
      pixels: areaOf(output.size),
      moves: this.#layout.remember(`moves ${moves}`, () => this.#layout.table(moves)),
      runs: kernel,
      steps,
      weights: this.#layout.keep(
        packInt8(weight, { ...shape, outputs: output.channels, paired: product === "paired" }),
      ),
      bias: this.#vector(bias),
      multiplier: this.#vector(multiplier),
      product: PRODUCTS[product],
    }, schedule);
  }

  #depthwise(
    { name, kernel, stride }: DepthwiseConvolution,
    { input, output, schedule }: { input: Place; output: Place; schedule: Schedule },
  ): Uint8Array {
    const { weight, bias, multiplier } = this.#weights.convolutions.get(name)!;
    return writeOperation("depthwise-int8", {
      ...betweenPlaces(input, output),
      kernel,
      stride,
      weights: this.#layout.keep(packDepthwise(weight, { channels: output.channels, taps: kernel ** 2 })),
      bias: this.#vector(bias, PANEL),
      multiplier: this.#vector(multiplier, PANEL),
    }, schedule);
  }

  #classifier(
    { layer: { name, pool, classes } }: StepOf<"classifier">,
    { input, schedule }: { input: Place; schedule: Schedule },
  ): Uint8Array {
    const { weight, bias, steps, reweight = 0 } = this.#weights.classifiers.get(name)!;
    const quads = quadsOf(input.channels);
    // Space for a thread's means.
    this.#layout.needScratch(16 * quads);
    const rows = new Float32Array(classes * 4 * quads);
    for (let out = 0; out < classes; out++) {
      rows.set(weight.subarray(out * input.channels, (out + 1) * input.channels), out * 4 * quads);
    }
    return writeOperation("classify-int8", {
      ...inputArguments(input),
      poolHeight: pool.height,
      poolWidth: pool.width,
      quads,
      channels: input.channels,
      classes,
      weights: this.#vector(rows),
      bias: this.#vector(bias),
      steps: this.#vector(steps.map((step) => step / areaOf(pool))),
      reweight,
    }, schedule);
  }

  /** Keeps numbers, with zeros up to a multiple of `lanes`. */
  #vector(numbers: Float32Array | Int32Array, lanes = 4): number {
    const padded = new Uint8Array(vectorBytes(numbers.length, lanes));
    padded.set(new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength));
    return this.#layout.keep(padded);
  }
}

/** The way in which a layer's products are computed. */
function productFor(
  weight: Int8Array | Int16Array,
  { product, ...shape }: { readonly inputs: number; readonly kernel: number; readonly product: Int8Product },
): keyof typeof PRODUCTS {
  if (weight instanceof Int16Array) return "wide";
  return product === "chained" && !canChain(weight, shape) ? "fused" : product;
}

/**
 * Four words for each pixel of a resized feature: the index of the top left corner; distances to the right and lower
 * corners; shares of the upper corners; shares of the lower ones. Each of the last three contains two numbers of 16
 * bits.
 */
function cornerTable(from: Size, to: Size): number[] {
  const line = (side: keyof Size) =>
    Array.from({ length: to[side] }, (_, i) => resizePlace(i, { inSize: from[side], outSize: to[side] }));
  const columns = line("width");
  return line("height").flatMap((row) =>
    columns.flatMap((column) => {
      const [a, b, c, d] = cornerShares(row.share, column.share);
      return [
        row.before * from.width + column.before,
        (row.after - row.before) * from.width * 2 ** 16 + column.after - column.before,
        b * 2 ** 16 + a,
        d * 2 ** 16 + c,
      ];
    })
  );
}
