/**
 * Runs a plan on WebGPU, with one submission and one read-back for any number of stages. With thresholds, a gate kernel
 * after every exit decides on the GPU which samples continue.
 *
 * @module
 */

import { RanetError } from "../../errors.ts";
import { halfBits } from "../../weights/half.ts";
import { areQuantized, type RunnableWeights } from "../../weights/runnable.ts";
import { areaOf } from "../../network/size.ts";
import { type Plan, QUAD_BYTES, type Region, type Wave } from "../../planner/plan.ts";
import { MAX_WAVE } from "../../planner/waves.ts";
import { type Adapter, titleOf } from "./adapter.ts";
import { argumentBytes, ARGUMENTS, encodeArguments } from "./arguments.ts";
import { type Dispatch, dispatchOf, largestBatch, longestLoop, MAX_TURNS } from "./dispatch.ts";
import { OpenAdapter } from "./device.ts";
import type { Kernel } from "./kernels.ts";
import { writeImage } from "./image.ts";
import type { Precision } from "../precision.ts";
import type { AdapterTraits } from "./tiles.ts";
import { bindBuffers } from "./pipelines.ts";
import { imageSteps } from "./steps.ts";
import { byWeightBuffer, layOutWeights, packWeights, type WeightLayout } from "./weights.ts";
import { type DeviceInfo, NO_EXIT, type Runner, type StageRange, type StageResults } from "../runner.ts";

/** The largest alignment of uniforms that a device may require. */
const ALIGNMENT = 256;

/** Stride of the gates' arguments in bytes. */
const GATE_BYTES = ALIGNMENT;

/** Workgroup size of the gate. */
const GATE_LANES = 64;

/** Stride of the waves' arguments in bytes, large enough for any kernel. */
const WAVE_BYTES = ALIGNMENT *
  Math.ceil(MAX_WAVE * Math.max(...Object.values(ARGUMENTS).map(argumentBytes)) / ALIGNMENT);

/** A wave, ready to be encoded. */
interface Command {
  readonly pipeline: GPUComputePipeline;
  readonly bindings: GPUBindGroup;
  readonly dispatch: Dispatch;
}

/** The commands for batches of one size. */
interface Launches {
  /** For each stage, once its pipelines are compiled. */
  readonly commands: readonly Promise<readonly Command[]>[];
  /** Arguments of all waves. */
  readonly args: Uint8Array<ArrayBuffer>;
  /** Resolves once the kernels have passed the self-test; immediately if there is none. */
  readonly checked: Promise<void>;
}

/** Checks that a device computes these kernels correctly, before they are used. Throws if it does not. */
export type KernelCheck = (device: OpenAdapter, kernels: readonly Kernel[]) => Promise<void>;

/** Runs a plan on a WebGPU device of its own. */
export class WebGpuRunner implements Runner {
  /** The device that it runs on. */
  readonly device: DeviceInfo;
  /** Most samples in a batch: fewer than requested if the adapter's limits do not allow more. */
  readonly batchSize: number;
  readonly #plan: Plan;
  readonly #weights: WeightLayout;
  /** For 8-bit models: converts the images to steps. */
  readonly #toSteps?: (images: Float32Array) => Float32Array;
  /** The factor of each boosted exit. */
  readonly #reweights: readonly (number | undefined)[];
  /** For each stage the plan's waves, split by weight buffer. */
  readonly #stages: readonly (readonly Wave[])[];
  readonly #device: OpenAdapter;
  readonly #traits: AdapterTraits;
  readonly #check?: KernelCheck;
  readonly #buffers: {
    readonly arena: GPUBuffer;
    readonly images: GPUBuffer;
    readonly remaining: GPUBuffer;
    readonly logits: GPUBuffer;
    readonly waveArgs: GPUBuffer;
    readonly gateArgs: GPUBuffer;
    readonly readback: GPUBuffer;
    readonly weights: readonly GPUBuffer[];
  };
  /** One bind group per weight buffer. */
  readonly #waveGroups: readonly GPUBindGroup[];
  readonly #gate: Promise<GPUComputePipeline>;
  readonly #gateGroup: GPUBindGroup;
  /** Commands by batch size. */
  readonly #launches = new Map<number, Launches>();
  #current?: Launches;
  #count = 0;
  /** Whether the batch's images are in the arena. */
  #isLoaded = true;

  /**
   * Opens a device and uploads a plan with its weights.
   *
   * @param weights Its weights; for `float16` they must be rounded to it.
   * @param options `check`: called with kernels before their first use.
   * @throws {RanetError} If the device cannot be opened or has too little memory.
   */
  static async create(
    plan: Plan,
    weights: RunnableWeights,
    options: { batchSize: number; precision?: Precision; adapter: Adapter; check?: KernelCheck },
  ): Promise<WebGpuRunner> {
    const { adapter, precision = "float32", batchSize, check } = options;
    const device = await OpenAdapter.open(adapter, { precision });
    try {
      return await WebGpuRunner.on(device, plan, weights, { batchSize, check });
    } catch (error) {
      device[Symbol.dispose]();
      throw error;
    }
  }

  /**
   * Uploads a plan with its weights to an open device, which the runner then owns.
   *
   * @param options `traits`: the traits by which kernels are chosen. Default: the adapter's.
   * @throws {RanetError} If it has too little memory.
   */
  static async on(
    device: OpenAdapter,
    plan: Plan,
    weights: RunnableWeights,
    options: { batchSize: number; traits?: AdapterTraits; check?: KernelCheck },
  ): Promise<WebGpuRunner> {
    const { gpu, adapter } = device;
    const { traits = adapter.traits, check } = options;
    const batchSize = batchSizeOf(plan, device, { ...options, traits });
    gpu.pushErrorScope("out-of-memory");
    gpu.pushErrorScope("validation");
    const runner = new WebGpuRunner(device, plan, weights, { batchSize, traits, check });
    const [invalid, outOfMemory] = [await gpu.popErrorScope(), await gpu.popErrorScope()];
    if (!invalid && !outOfMemory) return runner;
    const reason = invalid?.message ?? (outOfMemory!.message || "out of memory");
    const advice = invalid || batchSize === 1 ? "" : ". A smaller batch may fit";
    throw new RanetError(`Cannot prepare ${plan.network.spec.name} on ${titleOf(adapter)}: ${reason}${advice}`, {
      code: invalid ? "device" : "too-large",
      remedy: { device: "cpu" },
    });
  }

  private constructor(
    device: OpenAdapter,
    plan: Plan,
    weights: RunnableWeights,
    options: { batchSize: number; traits: AdapterTraits; check?: KernelCheck },
  ) {
    const { gpu, kernels, precision, adapter } = device;
    const { batchSize } = options;
    this.device = { kind: "gpu", name: adapter.name };
    this.batchSize = batchSize;
    this.#plan = plan;
    this.#weights = layOutWeights(plan, weights);
    if (areQuantized(weights)) this.#toSteps = (images) => imageSteps(images, weights);
    const layers = areQuantized(weights) ? weights.classifiers : weights;
    this.#reweights = plan.network.exits.map(({ layers: all }) =>
      all.flatMap((layer) => layer.kind === "classifier" ? [layers.get(layer.name)?.reweight] : [])[0]
    );
    this.#stages = plan.stages.map((waves) => waves.flatMap((wave) => byWeightBuffer(wave, this.#weights)));
    this.#device = device;
    this.#traits = options.traits;
    this.#check = options.check;

    const { STORAGE, UNIFORM, COPY_DST, COPY_SRC, MAP_READ } = GPUBufferUsage;
    const buffer = (label: string, size: number, usage: number) => gpu.createBuffer({ label, size, usage });
    const waves = this.#stages.flat().length;
    const exits = plan.stages.length;
    const logitsBytes = 4 * exits * batchSize * plan.network.spec.classes.length;
    const remainingBytes = 4 * (1 + 2 * batchSize);
    this.#buffers = {
      arena: buffer("arena", QUAD_BYTES * (plan.zeroQuads + batchSize * plan.sampleQuads), STORAGE | COPY_DST),
      images: buffer("images", batchSize * imageBytes(plan.image), COPY_SRC | COPY_DST),
      remaining: buffer("remaining", remainingBytes, STORAGE | COPY_DST | COPY_SRC),
      logits: buffer("logits", logitsBytes, STORAGE | COPY_SRC),
      waveArgs: buffer("wave arguments", waves * WAVE_BYTES, UNIFORM | COPY_DST),
      gateArgs: buffer("gate arguments", exits * GATE_BYTES, UNIFORM | COPY_DST),
      readback: buffer("read-back", logitsBytes + remainingBytes, MAP_READ | COPY_DST),
      weights: packWeights(this.#weights, weights).map((values, i) => {
        const stored = precision === "float16" ? Uint16Array.from(values, halfBits) : values;
        // Even a plan without weights needs a buffer, and buffers may not be empty.
        const target = buffer(`weights ${i}`, Math.max(stored.byteLength, QUAD_BYTES), STORAGE | COPY_DST);
        if (stored.length > 0) gpu.queue.writeBuffer(target, 0, stored);
        return target;
      }),
    };
    const { arena, remaining, logits, waveArgs, gateArgs } = this.#buffers;
    this.#waveGroups = this.#buffers.weights.map((weights) =>
      bindBuffers(gpu, kernels.waveLayout, [
        arena,
        weights,
        remaining,
        { buffer: waveArgs, size: WAVE_BYTES },
        logits,
      ])
    );
    this.#gate = kernels.pipeline({ kernel: "gate", constants: { LANES: GATE_LANES } });
    this.#gateGroup = bindBuffers(gpu, kernels.gateLayout, [
      logits,
      remaining,
      { buffer: gateArgs, size: GATE_BYTES },
    ]);
  }

  /** Starts a batch. */
  load(images: Float32Array, count: number): void {
    const { remaining } = this.#buffers;
    const { image } = this.#plan;
    const length = images.length / count;
    const stagedLength = imageBytes(image) / 4;
    const values = this.#toSteps?.(images) ?? images;
    const staged = new Float32Array(count * stagedLength);
    for (let i = 0; i < count; i++) {
      writeImage(values.subarray(i * length, (i + 1) * length), image, staged.subarray(i * stagedLength));
    }
    this.#device.gpu.queue.writeBuffer(this.#buffers.images, 0, staged);
    this.#isLoaded = false;
    const list = new Uint32Array(1 + 2 * this.batchSize).fill(NO_EXIT);
    list[0] = count;
    for (let i = 0; i < count; i++) list[1 + i] = i;
    this.#device.gpu.queue.writeBuffer(remaining, 0, list);
    this.#count = count;
    this.#prepare(count);
  }

  /** Runs stages on the batch. */
  async run({ from, to, thresholds }: StageRange): Promise<StageResults> {
    if (thresholds) this.#writeGates(from, thresholds);
    const { commands, checked } = this.#current!;
    const stages = await this.#device.settle(Promise.all(commands.slice(from, to)));
    const gate = await this.#device.settle(this.#gate);
    await checked;
    const encoder = this.#device.gpu.createCommandEncoder();
    if (!this.#isLoaded) this.#encodeLoad(encoder);
    const pass = encoder.beginComputePass();
    let wave = this.#stages.slice(0, from).flat().length;
    for (const [i, commands] of stages.entries()) {
      for (const { pipeline, bindings, dispatch } of commands) {
        pass.setPipeline(pipeline);
        pass.setBindGroup(0, bindings, [WAVE_BYTES * wave++]);
        pass.dispatchWorkgroups(...dispatch.workgroups);
      }
      if (!thresholds) continue;
      pass.setPipeline(gate);
      pass.setBindGroup(0, this.#gateGroup, [GATE_BYTES * (from + i)]);
      pass.dispatchWorkgroups(1);
    }
    pass.end();
    return await this.#submit(encoder, from, to);
  }

  /** Frees its memory; the device stays open. */
  release(): void {
    for (const buffer of Object.values(this.#buffers).flat()) buffer.destroy();
  }

  /** Frees the device and all its memory. */
  [Symbol.dispose](): void {
    this.#device[Symbol.dispose]();
  }

  /**
   * Writes the kernels' arguments, which depend on the batch's size. There are few sizes: a batch runs as the next
   * power of two, because missing samples cost almost nothing.
   */
  #prepare(count: number): void {
    const size = Math.min(2 ** Math.ceil(Math.log2(count)), this.batchSize);
    let launches = this.#launches.get(size);
    if (!launches) this.#launches.set(size, launches = this.#workOut(size));
    if (launches !== this.#current) this.#device.gpu.queue.writeBuffer(this.#buffers.waveArgs, 0, launches.args);
    this.#current = launches;
  }

  #workOut(count: number): Launches {
    const weights = this.#weights;
    const options = { count, batchSize: this.batchSize, adapter: this.#traits, weights, reweights: this.#reweights };
    const dispatches = this.#stages.map((waves) => waves.map((wave) => dispatchOf(wave, this.#plan, options)));
    const commands = dispatches.map(async (stage, i) => {
      const pipelines = await Promise.all(stage.map((dispatch) => this.#device.kernels.pipeline(dispatch)));
      return stage.map((dispatch, j): Command => {
        const bindings = this.#waveGroups[weights.ranges.get(this.#stages[i][j][0])?.buffer ?? 0];
        return { pipeline: pipelines[j], bindings, dispatch };
      });
    });
    const args = new Uint8Array(this.#buffers.waveArgs.size);
    dispatches.flat().forEach((dispatch, wave) => args.set(dispatch.args, wave * WAVE_BYTES));
    const checked = this.#check?.(this.#device, dispatches.flat()) ?? Promise.resolve();
    // Failures are reported by the run that waits.
    for (const promise of [...commands, checked]) promise.catch(() => {});
    return { commands, args, checked };
  }

  /** Copies the images into the arena, in the same submission as the run. */
  #encodeLoad(encoder: GPUCommandEncoder): void {
    const { arena, images } = this.#buffers;
    const { zeroQuads, sampleQuads, image } = this.#plan;
    const bytes = imageBytes(image);
    // Lanes that pad channels are multiplied by zero; an infinity left there by an overflow would give NaN.
    encoder.clearBuffer(arena, 0, QUAD_BYTES * (zeroQuads + this.#count * sampleQuads));
    for (let i = 0; i < this.#count; i++) {
      const offset = QUAD_BYTES * (zeroQuads + i * sampleQuads + image.offset);
      encoder.copyBufferToBuffer(images, i * bytes, arena, offset, bytes);
    }
    this.#isLoaded = true;
  }

  #writeGates(from: number, thresholds: readonly number[]): void {
    const classes = this.#plan.network.spec.classes.length;
    const { batchSize } = this;
    const args = new Uint8Array(thresholds.length * GATE_BYTES);
    thresholds.forEach((threshold, i) => {
      const exit = from + i;
      const values = { exit, classes, batchSize, logits: exit * batchSize * classes, threshold };
      args.set(encodeArguments(ARGUMENTS.gate, [values]), i * GATE_BYTES);
    });
    this.#device.gpu.queue.writeBuffer(this.#buffers.gateArgs, from * GATE_BYTES, args);
  }

  async #submit(encoder: GPUCommandEncoder, from: number, to: number): Promise<StageResults> {
    const { logits, remaining, readback } = this.#buffers;
    const classes = this.#plan.network.spec.classes.length;
    const exitBytes = 4 * this.batchSize * classes;
    const logitsBytes = (to - from) * exitBytes;
    encoder.copyBufferToBuffer(logits, from * exitBytes, readback, 0, logitsBytes);
    encoder.copyBufferToBuffer(remaining, 0, readback, logitsBytes, remaining.size);
    this.#device.gpu.queue.submit([encoder.finish()]);
    await this.#device.settle(readback.mapAsync(GPUMapMode.READ, 0, logitsBytes + remaining.size));
    const bytes = readback.getMappedRange(0, logitsBytes + remaining.size).slice(0);
    readback.unmap();
    const exits = new Uint32Array(bytes, logitsBytes + 4 * (1 + this.batchSize), this.#count);
    return {
      logits: Array.from(
        { length: to - from },
        (_, i) => new Float32Array(bytes, i * exitBytes, this.#count * classes),
      ),
      exits: Array.from(exits, (exit) => exit === NO_EXIT ? to - 1 : exit),
    };
  }
}

/** The largest number of samples that fits, up to the requested one. */
function batchSizeOf(
  plan: Plan,
  { gpu, adapter }: OpenAdapter,
  { batchSize: wanted, traits }: { batchSize: number; traits: AdapterTraits },
): number {
  const { name, classes } = plan.network.spec;
  const largest = Math.min(gpu.limits.maxStorageBufferBindingSize, gpu.limits.maxBufferSize);
  const batchSize = Math.min(
    wanted,
    Math.floor((largest / QUAD_BYTES - plan.zeroQuads) / plan.sampleQuads),
    Math.floor(largest / resultBytes(plan)),
    largestBatch(plan, traits),
    adapter.isCpu ? largestGate(classes.length) : Infinity,
  );
  if (batchSize < 1) {
    throw new RanetError(
      `Cannot run ${name} on ${titleOf(adapter)}: one image needs ${plan.sampleQuads * QUAD_BYTES} bytes of ` +
        `activations, more than the adapter can bind (${largest})`,
      { code: "too-large", remedy: { device: "cpu" } },
    );
  }
  const loop = Math.max(gateTurns(batchSize, classes.length), ...plan.stages.flat(2).map(longestLoop));
  if (adapter.isCpu && loop > MAX_TURNS) {
    throw new RanetError(
      `Cannot run ${name} on ${
        titleOf(adapter)
      }: a kernel runs a loop ${loop} times, and such drivers silently end loops ` +
        `after ${MAX_TURNS}`,
      { code: "device", remedy: { device: "cpu" } },
    );
  }
  return batchSize;
}

function imageBytes({ size, pitch }: Region): number {
  return QUAD_BYTES * areaOf(size) * pitch;
}

/** Bytes read back for one sample: logits of all exits, its place among those remaining, its exit, and their number. */
function resultBytes({ stages, network }: Plan): number {
  return 4 * (stages.length * network.spec.classes.length + 3);
}

/** Iterations of the gate's loops. */
function gateTurns(samples: number, classes: number): number {
  return Math.ceil(samples / GATE_LANES) * 2 * classes + samples;
}

/** Most samples for which all iterations of the gate's loops are run; with too many classes it may be 0. */
function largestGate(classes: number): number {
  return Math.max(1, Math.floor((MAX_TURNS - 2 * classes) / (1 + 2 * classes / GATE_LANES)));
}
