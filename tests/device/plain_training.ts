/**
 * Computes the steps of a training plan in float64, without optimisations: the reference for every device's kernels, and for
 * gradients without other references.
 *
 * @module
 */

import type { LossOptions } from "../../lib/device/trainer.ts";
import type { Convolution, View } from "../../lib/network/network.ts";
import { areaOf, type Size } from "../../lib/network/size.ts";
import type { ClassifierGradient, GradientView, TrainingPlan, TrainingStep } from "../../lib/planner/training_plan.ts";
import { EPSILON } from "../../lib/weights/fold.ts";
import type { SecondLabels } from "../../lib/device/trainer.ts";
import { activate, gateOf, gateSlope, slope } from "./activation.ts";

/** Tensors by name, in PyTorch's layouts. */
export type Numbers = Map<string, Float64Array>;

/** Runs steps on a batch. */
export class PlainTraining {
  /** One tensor per feature of the plan, `[sample][y][x][channel]` without padding. */
  readonly tensors: Float64Array[];
  /** Parameters and running statistics, which steps update. */
  readonly parameters: Numbers;
  /** Gradients of parameters, after the steps that compute them. */
  readonly gradients: Numbers = new Map();
  /** Mean and biased variance of the output of each convolution with batch norm, by the batch norm's name. */
  readonly statistics = new Map<string, { mean: Float64Array; variance: Float64Array }>();
  /** Sums of g and of g · x̂, by the batch norm's name. */
  readonly sums = new Map<string, { bias: Float64Array; weight: Float64Array }>();
  /** Logits of each exit, and later their gradients, `[sample][class]`. */
  readonly logits: Float64Array[] = [];
  /** Mean cross-entropy of each exit. */
  readonly losses: number[] = [];
  /** Number of correct answers of each exit. */
  readonly correct: number[] = [];
  readonly #plan: TrainingPlan;
  readonly #count: number;
  readonly #labels: ArrayLike<number>;
  readonly #second?: SecondLabels;
  readonly #loss: LossOptions;
  readonly #held?: readonly Float64Array[];

  constructor(plan: TrainingPlan, options: {
    parameters: ReadonlyMap<string, { data: ArrayLike<number> }>;
    images: ArrayLike<number>;
    labels: ArrayLike<number>;
    second?: SecondLabels;
    loss: LossOptions;
    /** Logits as other exits see them. Default: the logits themselves, with the same gradients. */
    held?: readonly Float64Array[];
  }) {
    this.#plan = plan;
    this.#labels = options.labels;
    this.#second = options.second;
    this.#loss = options.loss;
    this.#held = options.held;
    this.#count = options.labels.length;
    this.parameters = new Map([...options.parameters].map(([name, { data }]) => [name, Float64Array.from(data)]));
    this.tensors = plan.features.map(({ size, channels }) => new Float64Array(this.#count * areaOf(size) * channels));
    const { size, channels } = plan.features[0];
    const area = areaOf(size);
    for (let i = 0; i < options.images.length; i++) {
      const pixel = i % area;
      const channel = Math.floor(i / area) % channels;
      const sample = Math.floor(i / area / channels);
      this.tensors[0][(sample * area + pixel) * channels + channel] = options.images[i];
    }
  }

  /** Runs the forward and backward pass. */
  run(): void {
    for (const step of [...this.#plan.forward, ...this.#plan.backward]) this.step(step);
  }

  /** Runs one step. */
  step(step: TrainingStep): void {
    switch (step.kind) {
      case "convolution": {
        const { reads: [input], writes: [output] } = step;
        const weight = this.parameters.get(`${step.name}.weight`)!;
        const bias = this.parameters.get(`${step.name}.bias`);
        this.#each(output, (sample, y, x, out) => {
          let sum = bias?.[out] ?? 0;
          this.#window(step, input, { sample, y, x }, (at, tap, channel) => {
            sum += this.tensors[input.feature][at] * weight[this.#weightAt(step, out, channel, tap)];
          });
          this.#set(output, [sample, y, x, out], activate(sum, step.activation));
        });
        break;
      }
      case "dropout":
        // The seed is 0.
        this.#each(step.output, (sample, y, x, k) => {
          const hash = mixed(mixed(mixed(step.exit) ^ sample) ^ k);
          const factor = hash < Math.floor(step.share * 2 ** 32) ? 0 : 1 / (1 - step.share);
          this.#set(step.output, [sample, y, x, k], factor * this.#get(step.output, sample, y, x, k));
        });
        break;
      case "depthwise": {
        const { reads: [input], writes: [output] } = step;
        const weight = this.parameters.get(`${step.name}.weight`)!;
        this.#each(output, (sample, y, x, k) => {
          let sum = 0;
          this.#window(step, input, { sample, y, x }, (at, tap, channel) => {
            if (channel === k) sum += this.tensors[input.feature][at] * weight[k * step.kernel ** 2 + tap];
          });
          this.#set(output, [sample, y, x, k], activate(sum, step.activation));
        });
        break;
      }
      case "squeeze": {
        const { reads: [input], writes: [output] } = step;
        this.#each(output, (sample, y, x, k) => this.#set(output, [sample, y, x, k], 0));
        this.#each(input, (sample, y, x, k) => {
          const share = this.#get(input, sample, y, x, k) / areaOf(this.#size(input));
          this.#set(output, [sample, 0, 0, k], this.#get(output, sample, 0, 0, k) + share);
        });
        break;
      }
      case "excitation": {
        const { reads: [input, gates], writes: [output], gate } = step;
        this.#each(output, (sample, y, x, k) => {
          const factor = gateOf(this.#get(gates, sample, 0, 0, k), gate);
          this.#set(output, [sample, y, x, k], this.#get(input, sample, y, x, k) * factor);
        });
        break;
      }
      case "norm-statistics": {
        const { channels } = step.input;
        const n = this.#count * areaOf(this.#size(step.input));
        const mean = new Float64Array(channels);
        const variance = new Float64Array(channels);
        this.#each(step.input, (...at) => mean[at[3]] += this.#get(step.input, ...at) / n);
        this.#each(step.input, (...at) => variance[at[3]] += (this.#get(step.input, ...at) - mean[at[3]]) ** 2 / n);
        this.statistics.set(step.layer.norm, { mean, variance });
        const runningMean = this.parameters.get(`${step.layer.norm}.running_mean`)!;
        const runningVariance = this.parameters.get(`${step.layer.norm}.running_var`)!;
        for (let k = 0; k < channels; k++) {
          runningMean[k] += 0.1 * (mean[k] - runningMean[k]);
          runningVariance[k] += 0.1 * (variance[k] * n / (n - 1) - runningVariance[k]);
        }
        break;
      }
      case "norm": {
        const { norm, activation } = step.layer;
        const weight = this.parameters.get(`${norm}.weight`)!;
        const bias = this.parameters.get(`${norm}.bias`)!;
        const { mean, variance } = step.statistics === "batch" ? this.statistics.get(norm)! : {
          mean: this.parameters.get(`${norm}.running_mean`)!,
          variance: this.parameters.get(`${norm}.running_var`)!,
        };
        this.#each(step.output, (sample, y, x, k) => {
          const value = this.#get(step.input, sample, y, x, k);
          const normed = (value - mean[k]) / Math.sqrt(variance[k] + EPSILON) * weight[k] + bias[k];
          this.#set(step.output, [sample, y, x, k], activate(normed, activation));
        });
        break;
      }
      case "max-pool": {
        const { reads: [input], writes: [output] } = step;
        this.#each(output, (...at) => this.#set(output, at, this.tensors[input.feature][this.#largest(input, ...at)]));
        break;
      }
      case "resize": {
        const { reads: [input], writes: [output] } = step;
        this.#each(output, (sample, y, x, k) => {
          let sum = 0;
          for (const [v, u, share] of this.#corners(input, output, y, x)) {
            sum += share * this.#get(input, sample, v, u, k);
          }
          this.#set(output, [sample, y, x, k], sum);
        });
        break;
      }
      case "classifier": {
        const { name, classes, pool, reads: [input] } = step;
        const weight = this.parameters.get(`${name}.weight`)!;
        const bias = this.parameters.get(`${name}.bias`)!;
        const logits = this.logits[step.exit] = new Float64Array(this.#count * classes);
        for (let sample = 0; sample < this.#count; sample++) {
          const means = this.#pooled(input, pool, sample);
          for (let c = 0; c < classes; c++) {
            const boost = step.reweight === undefined
              ? 0
              : step.reweight * this.#seen(step.exit - 1)[sample * classes + c];
            logits[sample * classes + c] = means.reduce(
              (sum, v, k) => sum + v * weight[c * means.length + k],
              bias[c] + boost,
            );
          }
        }
        break;
      }
      case "loss":
        this.#lossOf(step.exit);
        break;
      case "classifier-gradient":
        this.#classifierGradient(step);
        break;
      case "norm-sums": {
        const bias = new Float64Array(step.input.channels);
        const weight = new Float64Array(step.input.channels);
        this.#each(step.input, (...at) => {
          const { g, normed } = this.#throughNorm(step, at);
          bias[at[3]] += g;
          weight[at[3]] += g * normed;
        });
        this.sums.set(step.layer.norm, { bias, weight });
        this.gradients.set(`${step.layer.norm}.bias`, bias);
        this.gradients.set(`${step.layer.norm}.weight`, weight);
        break;
      }
      case "norm-gradient": {
        const n = this.#count * areaOf(this.#size(step.input));
        const { bias, weight } = this.sums.get(step.layer.norm)!;
        const { variance } = this.statistics.get(step.layer.norm)!;
        const gamma = this.parameters.get(`${step.layer.norm}.weight`)!;
        this.#each(step.input, (...at) => {
          const k = at[3];
          const { g, normed } = this.#throughNorm(step, at);
          const value = gamma[k] * (g - bias[k] / n - normed * weight[k] / n) / Math.sqrt(variance[k] + EPSILON);
          this.#set(step.input, at, value);
        });
        break;
      }
      case "relu-gradient":
        this.#each(step.gradient, (...at) => {
          if (this.#get(step.output, ...at) > 0) return;
          this.#set(step.gradient, at, 0);
        });
        break;
      case "weight-gradient": {
        const { layer, input, gradient } = step;
        const weight = new Float64Array(this.parameters.get(`${layer.name}.weight`)!.length);
        const bias = new Float64Array(gradient.channels);
        this.#each(gradient, (sample, y, x, out) => {
          const g = this.#get(gradient, sample, y, x, out);
          bias[out] += g;
          this.#window(layer, input, { sample, y, x }, (at, tap, channel) => {
            weight[this.#weightAt(layer, out, channel, tap)] += g * this.tensors[input.feature][at];
          });
        });
        this.gradients.set(`${layer.name}.weight`, weight);
        if (layer.bias) this.gradients.set(`${layer.name}.bias`, bias);
        break;
      }
      case "input-gradient": {
        const { layer, gradient, result } = step;
        const weight = this.parameters.get(`${layer.name}.weight`)!;
        this.#begin(result);
        this.#each(gradient, (sample, y, x, out) => {
          const g = this.#get(gradient, sample, y, x, out);
          this.#window(layer, result, { sample, y, x }, (at, tap, channel) => {
            this.tensors[result.feature][at] += g * weight[this.#weightAt(layer, out, channel, tap)];
          });
        });
        break;
      }
      case "depthwise-weight-gradient": {
        const { layer, input, gradient } = step;
        const weight = new Float64Array(this.parameters.get(`${layer.name}.weight`)!.length);
        this.#each(gradient, (sample, y, x, k) => {
          const g = this.#get(gradient, sample, y, x, k);
          this.#window(layer, input, { sample, y, x }, (at, tap, channel) => {
            if (channel === k) weight[k * layer.kernel ** 2 + tap] += g * this.tensors[input.feature][at];
          });
        });
        this.gradients.set(`${layer.name}.weight`, weight);
        break;
      }
      case "depthwise-input-gradient": {
        const { layer, gradient, result } = step;
        const weight = this.parameters.get(`${layer.name}.weight`)!;
        this.#begin(result);
        this.#each(gradient, (sample, y, x, k) => {
          const g = this.#get(gradient, sample, y, x, k);
          this.#window(layer, result, { sample, y, x }, (at, tap, channel) => {
            if (channel === k) this.tensors[result.feature][at] += g * weight[k * layer.kernel ** 2 + tap];
          });
        });
        break;
      }
      case "squeeze-gradient":
        this.#begin(step.result);
        this.#each(step.result, (sample, y, x, k) => {
          const share = this.#get(step.gradient, sample, 0, 0, k) / areaOf(this.#size(step.result));
          this.#set(step.result, [sample, y, x, k], this.#get(step.result, sample, y, x, k) + share);
        });
        break;
      case "excitation-gradient": {
        const { input, gates, gradient, result, gatesResult, layer: { gate } } = step;
        this.#begin(result);
        this.#begin(gatesResult);
        this.#each(gradient, (sample, y, x, k) => {
          const g = this.#get(gradient, sample, y, x, k);
          const from = this.#get(gates, sample, 0, 0, k);
          const before = this.#get(result, sample, y, x, k);
          this.#set(result, [sample, y, x, k], before + g * gateOf(from, gate));
          const more = g * this.#get(input, sample, y, x, k) * gateSlope(from, gate);
          this.#set(gatesResult, [sample, 0, 0, k], this.#get(gatesResult, sample, 0, 0, k) + more);
        });
        break;
      }
      case "max-pool-gradient":
        this.#begin(step.result);
        this.#each(step.gradient, (sample, y, x, k) => {
          const { feature, offset } = step.result;
          const from = this.#largest({ ...step.input }, sample, y, x, k);
          // The same pixel and channel of the gradient, whose tensor may have a different number of channels.
          const pixel = Math.floor(from / this.#plan.features[step.input.feature].channels);
          const at = pixel * this.#plan.features[feature].channels + offset + k;
          this.tensors[feature][at] += this.#get(step.gradient, sample, y, x, k);
        });
        break;
      case "resize-gradient":
        this.#begin(step.result);
        this.#each(step.gradient, (sample, y, x, k) => {
          for (const [v, u, share] of this.#corners(step.result, step.gradient, y, x)) {
            const at = this.#at(step.result, sample, v, u, k);
            this.tensors[step.result.feature][at] += share * this.#get(step.gradient, sample, y, x, k);
          }
        });
        break;
      case "zero":
        this.#each(step.output, (...at) => this.#set(step.output, at, 0));
        break;
      default:
        step satisfies never;
    }
  }

  #size({ feature }: View): Size {
    return this.#plan.features[feature].size;
  }

  #at({ feature, offset }: View, sample: number, y: number, x: number, k: number): number {
    const { size, channels } = this.#plan.features[feature];
    return ((sample * size.height + y) * size.width + x) * channels + offset + k;
  }

  #get(range: View, sample: number, y: number, x: number, k: number): number {
    return this.tensors[range.feature][this.#at(range, sample, y, x, k)];
  }

  #set(range: View, at: [sample: number, y: number, x: number, k: number], value: number): void {
    this.tensors[range.feature][this.#at(range, ...at)] = value;
  }

  #each(range: View, visit: (sample: number, y: number, x: number, k: number) => void): void {
    const { height, width } = this.#size(range);
    for (let sample = 0; sample < this.#count; sample++) {
      for (let y = 0; y < height; y++) {
        for (let x = 0; x < width; x++) {
          for (let k = 0; k < range.channels; k++) visit(sample, y, x, k);
        }
      }
    }
  }

  #begin(result: GradientView): void {
    if (!result.accumulate) this.step({ kind: "zero", output: result });
  }

  /** The numbers of `range` on which an output pixel of a convolution depends. */
  #window(
    { kernel, stride }: { kernel: number; stride: number },
    range: View,
    { sample, y, x }: { sample: number; y: number; x: number },
    visit: (at: number, tap: number, channel: number) => void,
  ): void {
    const { height, width } = this.#size(range);
    for (let tap = 0; tap < kernel ** 2; tap++) {
      const v = y * stride + Math.floor(tap / kernel) - (kernel >> 1);
      const u = x * stride + tap % kernel - (kernel >> 1);
      if (v < 0 || u < 0 || v >= height || u >= width) continue;
      for (let k = 0; k < range.channels; k++) visit(this.#at(range, sample, v, u, k), tap, k);
    }
  }

  #weightAt(
    { kernel, reads: [{ channels }] }: Pick<Convolution, "kernel" | "reads">,
    out: number,
    input: number,
    tap: number,
  ): number {
    return (out * channels + input) * kernel ** 2 + tap;
  }

  /** Index of the first of a window's largest numbers. */
  #largest(range: View, sample: number, y: number, x: number, k: number): number {
    const { height, width } = this.#size(range);
    let best = -1;
    for (let v = Math.max(0, 2 * y - 1); v <= Math.min(height - 1, 2 * y + 1); v++) {
      for (let u = Math.max(0, 2 * x - 1); u <= Math.min(width - 1, 2 * x + 1); u++) {
        const at = this.#at(range, sample, v, u, k);
        if (best < 0 || this.tensors[range.feature][at] > this.tensors[range.feature][best]) best = at;
      }
    }
    return best;
  }

  /** The pixels of `from` and their shares, from which a pixel of `to` is interpolated. */
  #corners(from: View, to: View, y: number, x: number): [v: number, u: number, share: number][] {
    const [before, after] = [this.#size(from), this.#size(to)];
    const scale = (before: number, after: number) => after > 1 ? (before - 1) / (after - 1) : 0;
    const [down, across] = [scale(before.height, after.height), scale(before.width, after.width)];
    const [top, left] = [Math.floor(y * down), Math.floor(x * across)];
    const [bottom, right] = [Math.min(top + 1, before.height - 1), Math.min(left + 1, before.width - 1)];
    const [dy, dx] = [y * down - top, x * across - left];
    return [
      [top, left, (1 - dy) * (1 - dx)],
      [top, right, (1 - dy) * dx],
      [bottom, left, dy * (1 - dx)],
      [bottom, right, dy * dx],
    ];
  }

  #pooled(input: View, pool: Size, sample: number): number[] {
    return Array.from({ length: input.channels }, (_, k) => {
      let sum = 0;
      for (let y = 0; y < pool.height; y++) {
        for (let x = 0; x < pool.width; x++) sum += this.#get(input, sample, y, x, k);
      }
      return sum / areaOf(pool);
    });
  }

  /** An exit's logits as other exits see them. */
  #seen(exit: number): Float64Array {
    return (this.#held ?? this.logits)[exit];
  }

  #lossOf(exit: number): void {
    const logits = this.logits[exit];
    const classes = logits.length / this.#count;
    const { exits, labelSmoothing, distillation } = this.#loss;
    const isTaught = distillation !== undefined && exit < exits.length - 1;
    const { weight, temperature } = isTaught ? distillation : { weight: 0, temperature: 1 };
    this.losses[exit] = 0;
    this.correct[exit] = 0;
    for (let sample = 0; sample < this.#count; sample++) {
      const own = logits.subarray(sample * classes, (sample + 1) * classes);
      const most = Math.max(...own);
      const logs = logSoftmax(own);
      const soft = logSoftmax(own.map((value) => value / temperature));
      const teacher = this.#seen(exits.length - 1).subarray(sample * classes, (sample + 1) * classes);
      const wanted = isTaught ? logSoftmax(teacher.map((value) => value / temperature)) : soft;
      if (own.indexOf(most) === this.#labels[sample]) this.correct[exit]++;
      const share = this.#second?.shares[sample] ?? 0;
      own.forEach((_, c) => {
        const shown = (1 - share) * Number(c === this.#labels[sample]) +
          share * Number(c === this.#second?.labels[sample]);
        const target = labelSmoothing / classes + (1 - labelSmoothing) * shown;
        const divergence = temperature ** 2 * Math.exp(wanted[c]) * (wanted[c] - soft[c]);
        this.losses[exit] += (weight * divergence - (1 - weight) * target * logs[c]) / this.#count;
        const gradient = (1 - weight) * (Math.exp(logs[c]) - target) +
          weight * temperature * (Math.exp(soft[c]) - Math.exp(wanted[c]));
        own[c] = exits[exit] * gradient / this.#count;
      });
    }
  }

  #classifierGradient(step: ClassifierGradient): void {
    const { layer: { name, classes, pool, exit }, input, result } = step;
    const weight = this.parameters.get(`${name}.weight`)!;
    const weightGradient = new Float64Array(weight.length);
    const biasGradient = new Float64Array(classes);
    if (result) this.#begin(result);
    for (let sample = 0; sample < this.#count; sample++) {
      const means = this.#pooled(input, pool, sample);
      for (let c = 0; c < classes; c++) {
        const g = this.logits[exit][sample * classes + c];
        biasGradient[c] += g;
        for (let k = 0; k < input.channels; k++) {
          weightGradient[c * input.channels + k] += g * means[k];
          if (!result) continue;
          for (let pixel = 0; pixel < areaOf(pool); pixel++) {
            const at = this.#at(result, sample, Math.floor(pixel / pool.width), pixel % pool.width, k);
            this.tensors[result.feature][at] += g * weight[c * input.channels + k] / areaOf(pool);
          }
        }
      }
    }
    this.gradients.set(`${name}.weight`, weightGradient);
    this.gradients.set(`${name}.bias`, biasGradient);
  }

  /** The gradient of the activation's input, and the normalised input. */
  #throughNorm(
    { layer, input, gradient }: Extract<TrainingStep, { kind: "norm-sums" | "norm-gradient" }>,
    at: [sample: number, y: number, x: number, k: number],
  ): { g: number; normed: number } {
    const k = at[3];
    const { mean, variance } = this.statistics.get(layer.norm)!;
    const normed = (this.#get(input, ...at) - mean[k]) / Math.sqrt(variance[k] + EPSILON);
    const weight = this.parameters.get(`${layer.norm}.weight`)!;
    const bias = this.parameters.get(`${layer.norm}.bias`)!;
    const share = slope(normed * weight[k] + bias[k], layer.activation);
    return { g: share * this.#get(gradient, ...at), normed };
  }
}

function logSoftmax(logits: Float64Array): Float64Array {
  const most = Math.max(...logits);
  const sum = logits.reduce((total, value) => total + Math.exp(value - most), 0);
  return logits.map((value) => value - most - Math.log(sum));
}

/** Murmur3's 32-bit finaliser, and a constant. */
function mixed(bits: number): number {
  bits = Math.imul(bits ^ bits >>> 16, 0x85ebca6b);
  bits = Math.imul(bits ^ bits >>> 13, 0xc2b2ae35);
  return ((bits ^ bits >>> 16) + 0x6d2b79f5) >>> 0;
}
