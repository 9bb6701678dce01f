/**
 * Chooses the device that a plan runs on.
 *
 * @module
 */

import { areaOf } from "../network/size.ts";
import type { Plan } from "../planner/plan.ts";
import { isQuantized } from "../weights/quantized.ts";
import { areQuantized, runnableWeights } from "../weights/runnable.ts";
import type { Tensor } from "../weights/tensor.ts";
import { type DeviceChoice, Fallback, type Runners } from "./fallback.ts";
import { type Adapter, featuresOf, findAdapter, limitsOf, requireAdapter, titleOf } from "./webgpu/adapter.ts";
import { openRemoteRunner } from "./webgpu/remote.ts";
import type { Runner } from "./runner.ts";
import { joinRunners } from "./sooner.ts";
import { isSameNetwork, keepSpeeds, keptSpeeds, measureSpeed, smallestGpuBatch } from "./speeds.ts";
import { makeExercise } from "./webgpu/exercise.ts";
import { selfTest } from "./webgpu/self_test.ts";
import { CpuRunner } from "./cpu/runner.ts";
import { type Precision, roundWeights } from "./precision.ts";
import { WebGpuRunner } from "./webgpu/runner.ts";

/** An adapter, as it is listed for users. */
export interface AdapterDescription {
  /** Its name, as reported by the driver. */
  readonly name: string;
  /** The API below a WebGPU adapter, such as Vulkan, if it can be determined. */
  readonly backend?: string;
  /** `gpu` for a WebGPU adapter, `cpu` for the CPU runner. */
  readonly kind: "gpu" | "cpu";
  /** WebGPU features that it has. */
  readonly features: readonly string[];
  /** WebGPU limits. */
  readonly limits: Readonly<Record<string, number>>;
  /** Whether `auto` chooses it. */
  readonly chosen: boolean;
  /** Why it cannot be used, if it cannot. */
  readonly failure?: string;
  /** For a WebGPU adapter: the smallest batch that `auto` runs there, measured for each network. */
  readonly measured?: readonly {
    /** Multiply-adds of one image, all exits. */
    readonly flops: number;
    /** Whether the network is quantized to 8 bits. */
    readonly quantized?: boolean;
    /** The smallest batch for which the adapter is faster than the CPU; missing if it never is. */
    readonly smallestBatch?: number;
  }[];
}

/** How a plan is run. */
export interface RunnerOptions {
  /** The device to run on. */
  readonly device: DeviceChoice;
  /** Most samples in a batch. */
  readonly batchSize: number;
  /** Precision of weights. */
  readonly precision: Precision;
  /** Threads of the CPU runner. Default: one per core. */
  readonly threads?: number;
  /** Called with the reason why `auto` uses the CPU instead of an adapter. */
  readonly onFallback: (message: string) => void;
  /** Whether a worker drives the GPU, where workers are available, so that the calling thread is not blocked. */
  readonly gpuWorker: boolean;
  /** Whether `auto` computes all batches on one device, so that all results are rounded the same way. */
  readonly together: boolean;
}

/** Opens runners for a plan with trained parameters and temperatures. */
export function runnersOf(
  plan: Plan,
  trained: { readonly tensors: ReadonlyMap<string, Tensor>; readonly temperatures?: readonly number[] },
  options: RunnerOptions,
): Runners {
  const { device, batchSize, threads, onFallback, gpuWorker } = options;
  const quantized = isQuantized(trained.tensors);
  // 8-bit weights are already small, and on a GPU some of their numbers need float32.
  const precision = quantized ? "float32" : options.precision;
  const weights = () => {
    const given = runnableWeights(plan.network, trained);
    return areQuantized(given) ? given : roundWeights(given, precision);
  };
  const openCpu = () => CpuRunner.create(plan, weights(), { batchSize, threads });
  return new Fallback<Adapter>({
    find: findAdapter,
    openGpu: async (found) => {
      const adapter = found ?? await requireAdapter();
      const openGpu = async () =>
        gpuWorker && await openRemoteRunner(plan, weights(), { batchSize, precision }) ||
        await WebGpuRunner.create(plan, weights(), { batchSize, precision, adapter, check: selfTest });
      if (device === "gpu") return await openGpu();
      return await openSooner({ openGpu, openCpu }, plan, { ...options, adapter, quantized });
    },
    openCpu,
  }, { choice: device, say: onFallback });
}

/**
 * For `auto` with a hardware GPU: a runner that uses the faster device for each batch, according to one measurement.
 */
async function openSooner(
  { openGpu, openCpu }: { readonly openGpu: () => Promise<Runner>; readonly openCpu: () => Promise<Runner> },
  plan: Plan,
  { adapter, batchSize, threads, together, quantized }: RunnerOptions & {
    readonly adapter: Adapter;
    readonly quantized: boolean;
  },
): Promise<Runner> {
  const network = { flops: plan.network.exits.at(-1)!.cumulativeRunFlops, quantized };
  const title = titleOf(adapter);
  const kept = threads === undefined && (await keptSpeeds(title)).find((speeds) => isSameNetwork(speeds, network));
  if (kept && smallestGpuBatch(kept) > batchSize) return await openCpu();
  using stack = new DisposableStack();
  const gpu = stack.use(await openGpu());
  const cpu = stack.use(await openCpu());
  const about = { stages: plan.stages.length, length: plan.image.channels * areaOf(plan.image.size) };
  const speeds = kept ||
    { ...network, gpu: await measureSpeed(gpu, about), cpu: await measureSpeed(cpu, about) };
  if (!kept && threads === undefined) await keepSpeeds(title, speeds);
  stack.move();
  return joinRunners({ gpu, cpu }, speeds, { together });
}

/**
 * All devices, the choice of `auto` first. To find out whether an adapter works, it is opened and its kernels are
 * tested.
 */
export async function describeAdapters(): Promise<AdapterDescription[]> {
  const adapter = await findAdapter();
  const failure = adapter && await failureOf(adapter);
  const takesGpu = adapter !== undefined && !adapter.isCpu && failure === undefined;
  const cpu = { name: "CPU runner", kind: "cpu", features: [], limits: {}, chosen: !takesGpu } as const;
  if (!adapter) return [cpu];
  const about = {
    backend: adapter.backend,
    features: featuresOf(adapter),
    limits: limitsOf(adapter),
    chosen: takesGpu,
    ...failure !== undefined && { failure },
    measured: (await keptSpeeds(titleOf(adapter))).map((speeds) => {
      const smallest = smallestGpuBatch(speeds);
      return {
        flops: speeds.flops,
        ...speeds.quantized && { quantized: true },
        ...smallest < Infinity && { smallestBatch: smallest },
      };
    }),
  };
  const gpu = { name: adapter.name, kind: "gpu", ...about } as const;
  return takesGpu ? [gpu, cpu] : [cpu, gpu];
}

/** Why an adapter does not run a small network, if it does not. */
async function failureOf(adapter: Adapter): Promise<string | undefined> {
  try {
    const { plan, weights, images, count } = await makeExercise("float32");
    const options = { batchSize: count, adapter, check: selfTest };
    using runner = await WebGpuRunner.create(plan, weights, options);
    runner.load(images, count);
    await runner.run({ from: 0, to: plan.stages.length });
  } catch (error) {
    return (error as Error).message;
  }
}
