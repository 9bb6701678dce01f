/**
 * Runs a plan in plain TypeScript: the oracle that kernels are tested against, and the fallback without an adapter.
 *
 * @module
 */

import type { ClassifierStep, ConvolutionStep, MaxPoolStep, Plan, ResizeStep, Step } from "../planner/plan.ts";
import { quadsOf } from "../planner/plan.ts";
import { confidence } from "./confidence.ts";
import { imageToArena } from "./layout.ts";
import { type DeviceInfo, NO_EXIT, type Runner, type StageRange, type StageResults } from "./runner.ts";

/** Runs a plan on the CPU. */
export class CpuRunner implements Runner {
  /** What it runs on. */
  readonly device: DeviceInfo = { kind: "cpu", name: "CPU runner" };
  /** Most samples in a batch. */
  readonly capacity: number;
  readonly #plan: Plan;
  readonly #weights: readonly Float32Array[];
  /** One arena per sample, each behind its own zeros. */
  readonly #arenas: Float32Array[];
  #remaining: number[] = [];
  #exits: number[] = [];

  /** Prepares a plan with its packed weights. */
  constructor(plan: Plan, weights: readonly Float32Array[], options: { capacity: number }) {
    this.#plan = plan;
    this.#weights = weights;
    this.capacity = options.capacity;
    this.#arenas = Array.from(
      { length: options.capacity },
      () => new Float32Array(4 * (plan.zeroQuads + plan.sampleQuads)),
    );
  }

  /** Starts a batch. */
  load(images: Float32Array, count: number): void {
    const length = images.length / count;
    for (let i = 0; i < count; i++) {
      const image = images.subarray(i * length, (i + 1) * length);
      this.#arenas[i].set(imageToArena(image, this.#plan.image), 4 * (this.#plan.zeroQuads + this.#plan.image.offset));
    }
    this.#exits = new Array<number>(count).fill(NO_EXIT);
    this.#remaining = Array.from({ length: count }, (_, i) => i);
  }

  /** Runs stages on the batch. */
  run({ from, to, thresholds }: StageRange): Promise<StageResults> {
    const classes = this.#plan.network.spec.classes.length;
    const logits: Float32Array[] = [];
    for (let stage = from; stage < to; stage++) {
      const stageLogits = new Float32Array(this.#exits.length * classes);
      logits.push(stageLogits);
      for (const sample of this.#remaining) {
        const sampleLogits = stageLogits.subarray(sample * classes, (sample + 1) * classes);
        for (const step of this.#plan.stages[stage].flat()) this.#step(step, this.#arenas[sample], sampleLogits);
      }
      if (!thresholds) continue;
      this.#remaining = this.#remaining.filter((sample) => {
        const leaves =
          confidence(stageLogits.subarray(sample * classes, (sample + 1) * classes)) >= thresholds[stage - from];
        if (leaves) this.#exits[sample] = stage;
        return !leaves;
      });
    }
    return Promise.resolve({ logits, exits: this.#exits.map((exit) => exit === NO_EXIT ? to - 1 : exit) });
  }

  /** Nothing to give back. */
  [Symbol.dispose](): void {}

  #step(step: Step, arena: Float32Array, logits: Float32Array): void {
    const start = 4 * this.#plan.zeroQuads;
    switch (step.kind) {
      case "convolution":
        return convolve(step, arena, start, this.#weights[step.weights.buffer]);
      case "max-pool":
        return maxPool(step, arena, start);
      case "resize":
        return resize(step, arena, start);
      case "classifier":
        return classify(step, arena, start, this.#weights[step.weights.buffer], logits);
    }
  }
}

/** Four pixels × four channels at a time, so that each number read serves four products. */
function convolve(step: ConvolutionStep, arena: Float32Array, start: number, weights: Float32Array): void {
  const { input, output, layer: { kernel } } = step;
  const pixels = output.size ** 2;
  const inChannels = input.channels;
  const inStart = start + 4 * input.offset;
  const rowPitch = 4 * quadsOf(output.channels);
  const tapPitch = 4 * quadsOf(inChannels) * rowPitch;
  const bias = 4 * step.weights.offset + kernel ** 2 * tapPitch;
  const outStart = start + 4 * output.offset + output.channel;
  const outPitch = 4 * output.pitch;
  // Addresses do not depend on the output channel: worked out once for four pixels.
  const addresses = new Int32Array(4 * kernel ** 2);
  const sums = new Float64Array(16);
  for (let pixel = 0; pixel < pixels; pixel += 4) {
    for (let p = 0; p < 4; p++) {
      tapAddresses(step, Math.min(pixel + p, pixels - 1), inStart, addresses.subarray(p * kernel ** 2));
    }
    for (let channel = 0; channel < output.channels; channel += 4) {
      const w = 4 * step.weights.offset + channel;
      tile(arena, weights, addresses, { inChannels, rowPitch, tapPitch, w, bias: bias + channel }, sums);
      const lastPixel = Math.min(4, pixels - pixel);
      const lastChannel = Math.min(4, output.channels - channel);
      for (let p = 0; p < lastPixel; p++) {
        const out = outStart + (pixel + p) * outPitch + channel;
        for (let c = 0; c < lastChannel; c++) arena[out + c] = Math.max(0, sums[4 * p + c]);
      }
    }
  }
}

/** Where each tap of an output pixel reads; 0, the arena's zeros, outside the feature. */
function tapAddresses(step: ConvolutionStep, pixel: number, inStart: number, addresses: Int32Array): void {
  const { input, output, layer: { kernel, stride } } = step;
  const top = Math.floor(pixel / output.size) * stride - (kernel >> 1);
  const left = pixel % output.size * stride - (kernel >> 1);
  for (let ky = 0, tap = 0; ky < kernel; ky++) {
    for (let kx = 0; kx < kernel; kx++, tap++) {
      const [y, x] = [top + ky, left + kx];
      const inside = y >= 0 && x >= 0 && y < input.size && x < input.size;
      addresses[tap] = inside ? inStart + (y * input.size + x) * 4 * input.pitch : 0;
    }
  }
}

function tile(
  arena: Float32Array,
  weights: Float32Array,
  addresses: Int32Array,
  at: { inChannels: number; rowPitch: number; tapPitch: number; w: number; bias: number },
  sums: Float64Array,
): void {
  const { inChannels, rowPitch, tapPitch, bias } = at;
  const taps = addresses.length / 4;
  let [s00, s01, s02, s03] = weights.subarray(bias, bias + 4);
  let [s10, s11, s12, s13] = [s00, s01, s02, s03];
  let [s20, s21, s22, s23] = [s00, s01, s02, s03];
  let [s30, s31, s32, s33] = [s00, s01, s02, s03];
  for (let tap = 0; tap < taps; tap++) {
    const a0 = addresses[tap];
    const a1 = addresses[taps + tap];
    const a2 = addresses[2 * taps + tap];
    const a3 = addresses[3 * taps + tap];
    for (let k = 0, w = at.w + tap * tapPitch; k < inChannels; k++, w += rowPitch) {
      const w0 = weights[w];
      const w1 = weights[w + 1];
      const w2 = weights[w + 2];
      const w3 = weights[w + 3];
      const x0 = arena[a0 + k];
      const x1 = arena[a1 + k];
      const x2 = arena[a2 + k];
      const x3 = arena[a3 + k];
      s00 += x0 * w0;
      s01 += x0 * w1;
      s02 += x0 * w2;
      s03 += x0 * w3;
      s10 += x1 * w0;
      s11 += x1 * w1;
      s12 += x1 * w2;
      s13 += x1 * w3;
      s20 += x2 * w0;
      s21 += x2 * w1;
      s22 += x2 * w2;
      s23 += x2 * w3;
      s30 += x3 * w0;
      s31 += x3 * w1;
      s32 += x3 * w2;
      s33 += x3 * w3;
    }
  }
  sums[0] = s00;
  sums[1] = s01;
  sums[2] = s02;
  sums[3] = s03;
  sums[4] = s10;
  sums[5] = s11;
  sums[6] = s12;
  sums[7] = s13;
  sums[8] = s20;
  sums[9] = s21;
  sums[10] = s22;
  sums[11] = s23;
  sums[12] = s30;
  sums[13] = s31;
  sums[14] = s32;
  sums[15] = s33;
}

function maxPool({ input, output }: MaxPoolStep, arena: Float32Array, start: number): void {
  for (let y = 0; y < output.size; y++) {
    for (let x = 0; x < output.size; x++) {
      for (let channel = 0; channel < output.channels; channel++) {
        let largest = -Infinity;
        for (let v = Math.max(0, 2 * y - 1); v <= Math.min(input.size - 1, 2 * y + 1); v++) {
          for (let u = Math.max(0, 2 * x - 1); u <= Math.min(input.size - 1, 2 * x + 1); u++) {
            const at = start + 4 * (input.offset + (v * input.size + u) * input.pitch) + input.channel + channel;
            largest = Math.max(largest, arena[at]);
          }
        }
        arena[start + 4 * (output.offset + (y * output.size + x) * output.pitch) + output.channel + channel] = largest;
      }
    }
  }
}

function resize({ input, output }: ResizeStep, arena: Float32Array, start: number): void {
  const scale = output.size > 1 ? (input.size - 1) / (output.size - 1) : 0;
  for (let y = 0; y < output.size; y++) {
    const top = Math.floor(y * scale);
    const bottom = Math.min(top + 1, input.size - 1);
    const dy = y * scale - top;
    for (let x = 0; x < output.size; x++) {
      const left = Math.floor(x * scale);
      const right = Math.min(left + 1, input.size - 1);
      const dx = x * scale - left;
      for (let channel = 0; channel < output.channels; channel++) {
        const at = (v: number, u: number) =>
          arena[start + 4 * (input.offset + (v * input.size + u) * input.pitch) + input.channel + channel];
        const upper = at(top, left) * (1 - dx) + at(top, right) * dx;
        const lower = at(bottom, left) * (1 - dx) + at(bottom, right) * dx;
        arena[start + 4 * (output.offset + (y * output.size + x) * output.pitch) + output.channel + channel] =
          upper * (1 - dy) + lower * dy;
      }
    }
  }
}

function classify(
  step: ClassifierStep,
  arena: Float32Array,
  start: number,
  weights: Float32Array,
  logits: Float32Array,
): void {
  const { input, layer: { pool, classes } } = step;
  const rowPitch = 4 * quadsOf(input.channels);
  for (let out = 0; out < classes; out++) {
    const w = 4 * step.weights.offset + out * rowPitch;
    let sum = 0;
    for (let y = 0; y < pool; y++) {
      for (let x = 0; x < pool; x++) {
        const at = start + 4 * (input.offset + (y * input.size + x) * input.pitch);
        for (let k = 0; k < input.channels; k++) sum += arena[at + k] * weights[w + k];
      }
    }
    logits[out] = sum / pool ** 2 + weights[4 * step.weights.offset + classes * rowPitch + out];
  }
}
