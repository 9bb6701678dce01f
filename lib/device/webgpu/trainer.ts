/**
 * Trains on WebGPU. A step is one submission; only its losses are read back, while later steps run.
 *
 * @module
 */

import { RanetError } from "../../errors.ts";
import { QUAD_BYTES } from "../../planner/plan.ts";
import type { Network } from "../../network/network.ts";
import { buildTrainingPlan } from "../../planner/training_build.ts";
import type { TrainingPlan } from "../../planner/training_plan.ts";
import { Turns } from "../../io/turns.ts";
import { checkBatch } from "../check_batch.ts";
import { largestBatchThat } from "../largest_batch.ts";
import type { DeviceInfo } from "../runner.ts";
import type { StepLosses, StepOptions, Trainer, TrainerOptions, TrainingState } from "../trainer.ts";
import { type Adapter, titleOf } from "./adapter.ts";
import { OpenAdapter } from "./device.ts";
import type { Kernel } from "./kernels.ts";
import type { AdapterTraits } from "./tiles.ts";
import { TrainingCommands } from "./training_commands.ts";
import { longestTrainingLoop } from "./training_dispatch.ts";
import { TrainingKernels } from "./training_kernels.ts";
import { largestMicroBatch, type MemoryOptions, type StagedBatch, TrainingMemory } from "./training_memory.ts";
import { layOutTraining } from "./training_layout.ts";
import { OptimizerCommands } from "./training_optimizer.ts";

/** An open device, and the kernels of training compiled for it. */
export interface OpenTraining {
  /** The device. */
  readonly device: OpenAdapter;
  /** Its kernels. */
  readonly kernels: TrainingKernels;
}

/** Checks that a device computes these kernels correctly, before they are used. Throws if it does not. */
export type TrainingCheck = (on: OpenTraining, kernels: readonly Kernel<string>[]) => Promise<void>;

/** A network in training on a WebGPU device of its own. */
export class WebGpuTrainer implements Trainer {
  /** The device that it runs on. */
  readonly device: DeviceInfo;
  /** Bytes of memory that it uses there. */
  readonly bytes: number;
  readonly #plan: TrainingPlan;
  readonly #options: TrainerOptions;
  readonly #device: OpenAdapter;
  readonly #memory: TrainingMemory;
  readonly #commands: TrainingCommands;
  readonly #optimizer: OptimizerCommands;
  /** Free buffers for reading losses back. */
  readonly #readbacks: GPUBuffer[] = [];
  /** Steps are submitted one after another. */
  readonly #turns = new Turns();

  /**
   * Opens a device and a trainer for a network on it.
   *
   * @throws {RanetError} If the device cannot be opened, or has too little memory for the batch; the message says which
   * batch fits.
   */
  static async create(
    network: Network,
    state: TrainingState,
    options: TrainerOptions & { readonly adapter: Adapter; readonly check?: TrainingCheck },
  ): Promise<WebGpuTrainer> {
    const { adapter, check } = options;
    const device = await OpenAdapter.open(adapter, { precision: "float32" });
    try {
      const kernels = new TrainingKernels(device.gpu);
      const trainer = await WebGpuTrainer.on({ device, kernels }, network, state, options);
      await check?.({ device, kernels }, trainer.kernels);
      return trainer;
    } catch (error) {
      device[Symbol.dispose]();
      throw error;
    }
  }

  /**
   * Opens a trainer for a network on an open device.
   *
   * @param options `traits`: the traits by which kernels are chosen, by default the adapter's; `microBatchSize`: most samples
   * per micro-batch, by default as many as fit.
   * @throws {RanetError} If it has too little memory for the batch.
   */
  static async on(
    { device, kernels }: OpenTraining,
    network: Network,
    state: TrainingState,
    options: TrainerOptions & { readonly traits?: AdapterTraits; readonly microBatchSize?: number },
  ): Promise<WebGpuTrainer> {
    const plan = buildTrainingPlan(network, options);
    const { traits, isCpu } = device.adapter;
    const memory = await allocate(device, plan, { traits, isCpu, ...options });
    const trainer = new WebGpuTrainer({ device, kernels }, plan, memory, { traits, ...options });
    memory.initialize(state);
    await device.settle(trainer.#prepare(options.batchSize));
    return trainer;
  }

  private constructor(
    { device, kernels }: OpenTraining,
    plan: TrainingPlan,
    memory: TrainingMemory,
    options: TrainerOptions & { readonly traits: AdapterTraits },
  ) {
    const { adapter, gpu } = device;
    this.device = { kind: "gpu", name: adapter.name };
    this.#plan = plan;
    this.#options = options;
    this.#device = device;
    this.#memory = memory;
    const steps = [...plan.forward, ...plan.backward];
    this.#commands = new TrainingCommands(gpu, { kernels, memory, steps, batchSize: options.batchSize });
    const { traits: { lanes }, optimizer } = options;
    this.#optimizer = new OptimizerCommands(gpu, { kernels, memory, lanes, optimizer });
    this.bytes = memory.bytes + this.#commands.bytes;
  }

  /** Takes a step. */
  step(images: Float32Array, labels: Uint32Array, options: StepOptions): Promise<StepLosses> {
    const { second } = options;
    checkBatch(this.#plan.network, { images, labels, batchSize: this.#options.batchSize, second });
    const staged = this.#memory.stage(images, labels, second);
    const submitted = this.#turns.take(() => this.#submit(staged, options));
    return this.#device.settle(submitted.then((readback) => this.#readLosses(readback, labels.length)));
  }

  /** The state after all steps called so far. */
  async read(): Promise<TrainingState> {
    await this.#turns.done;
    return await this.#device.settle(this.#memory.read());
  }

  /** The kernels of a step. */
  get kernels(): readonly Kernel<string>[] {
    return [...this.#commands.kernels, ...this.#optimizer.kernels];
  }

  /** Frees its memory; the device stays open. */
  release(): void {
    for (const one of [this.#memory, this.#commands, this.#optimizer]) one[Symbol.dispose]();
    for (const buffer of this.#readbacks) buffer.destroy();
  }

  /** Frees the device and all its memory. */
  [Symbol.dispose](): void {
    this.#device[Symbol.dispose]();
  }

  async #prepare(count: number): Promise<void> {
    await Promise.all([this.#commands.prepare(count), this.#optimizer.prepare()]);
  }

  /** Submits a step, and returns the buffer for its losses. */
  async #submit(batch: StagedBatch, { learningRate, seed = 0, step = 0 }: StepOptions): Promise<GPUBuffer> {
    await this.#prepare(batch.count);
    const { losses } = this.#memory;
    const { gpu } = this.#device;
    const encoder = gpu.createCommandEncoder();
    this.#memory.load(batch, seed, encoder);
    const pass = encoder.beginComputePass();
    this.#commands.encode(pass);
    pass.end();
    const update = encoder.beginComputePass();
    this.#optimizer.encode(update, { ...this.#options, learningRate, step });
    update.end();
    const readback = this.#readbacks.pop() ?? gpu.createBuffer({
      label: "losses, read back",
      size: losses.size,
      usage: GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ,
    });
    encoder.copyBufferToBuffer(losses, 0, readback, 0, losses.size);
    gpu.queue.submit([encoder.finish()]);
    return readback;
  }

  /** Waits for a step's losses, and averages them over samples. */
  async #readLosses(readback: GPUBuffer, count: number): Promise<StepLosses> {
    await readback.mapAsync(GPUMapMode.READ);
    const values = new Float32Array(readback.getMappedRange().slice(0));
    readback.unmap();
    this.#readbacks.push(readback);
    const { batchSize } = this.#options;
    const exits = this.#plan.network.exits.length;
    const sum = (at: number) =>
      values.subarray(at * batchSize, at * batchSize + count).reduce((total, value) => total + value, 0);
    return {
      losses: Float64Array.from({ length: exits }, (_, exit) => sum(exit) / count),
      correct: Uint32Array.from({ length: exits }, (_, exit) => sum(exits + exit)),
    };
  }
}

/** Allocates the buffers. */
async function allocate(
  { adapter, gpu }: OpenAdapter,
  plan: TrainingPlan,
  options: MemoryOptions,
): Promise<TrainingMemory> {
  const { batchSize } = options;
  const what = `Cannot train ${plan.network.spec.name} on ${titleOf(adapter)}`;
  const layout = layOutTraining(plan);
  const bytes = QUAD_BYTES * layout.sampleQuads;
  const largest = Math.min(gpu.limits.maxStorageBufferBindingSize, gpu.limits.maxBufferSize);
  if (largestMicroBatch(layout, gpu, options.traits) < 1) {
    throw new RanetError(
      `${what}: one image needs ${bytes} bytes of activations and gradients, more than the adapter can bind ` +
        `(${largest})`,
      { code: "too-large", remedy: { device: "cpu" } },
    );
  }
  if (QUAD_BYTES * layout.gradientQuads > largest) {
    throw new RanetError(
      `${what}: its parameters take ${QUAD_BYTES * layout.gradientQuads} bytes, more than the adapter can bind ` +
        `(${largest})`,
      { code: "too-large", remedy: { device: "cpu" } },
    );
  }
  const memory = await attempt(gpu, () => new TrainingMemory(gpu, plan, options));
  if (memory) {
    const whole = memory.batch(batchSize);
    const loop = Math.max(...[...plan.forward, ...plan.backward].map((step) => longestTrainingLoop(step, whole)));
    if (loop <= whole.maxTurns) return memory;
    throw new RanetError(
      `${what} with batches of ${batchSize}: a kernel runs a loop ${loop} times, and such drivers silently end loops after ` +
        `${whole.maxTurns}`,
      { code: "device", remedy: { device: "cpu" } },
    );
  }
  const fits = await largestBatchThat(batchSize, async (middle) => {
    using found = await attempt(gpu, () => new TrainingMemory(gpu, plan, { ...options, batchSize: middle }));
    return found !== undefined;
  });
  throw new RanetError(
    `${what} with batches of ${batchSize}: they need about ${batchSize * bytes} bytes, more than the device has. ` +
      (fits > 0 ? `The largest batch that fits is ${fits}.` : "Not even one image fits."),
    { code: "too-large", remedy: fits > 0 ? { batch: fits } : { device: "cpu" } },
  );
}

/** Returns what `make` returns; undefined if memory runs out. */
async function attempt<T extends Disposable>(gpu: GPUDevice, make: () => T): Promise<T | undefined> {
  gpu.pushErrorScope("out-of-memory");
  gpu.pushErrorScope("validation");
  const made = make();
  const error = (await gpu.popErrorScope()) ?? (await gpu.popErrorScope());
  if (!error) return made;
  made[Symbol.dispose]();
}
