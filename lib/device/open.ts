/**
 * Choosing what a plan runs on.
 *
 * @module
 */

import { areaOf } from "../network/size.ts";
import type { Plan } from "../planner/plan.ts";
import { foldWeights } from "../weights/fold.ts";
import type { Tensor } from "../weights/tensor.ts";
import { type DeviceChoice, Fallback, type Runners } from "./fallback.ts";
import { type Adapter, featuresOf, findAdapter, limitsOf, requireAdapter, titleOf } from "./webgpu/adapter.ts";
import { openRemoteRunner } from "./webgpu/remote.ts";
import type { Runner } from "./runner.ts";
import { joinRunners } from "./sooner.ts";
import { keepSpeeds, keptSpeeds, measureSpeed, smallestGpuBatch } from "./speeds.ts";
import { makeExercise } from "./webgpu/exercise.ts";
import { selfTest } from "./webgpu/self_test.ts";
import { CpuRunner } from "./cpu/runner.ts";
import { type Precision, roundWeights } from "./precision.ts";
import { WebGpuRunner } from "./webgpu/runner.ts";

/** An adapter, for people. */
export interface AdapterDescription {
  /** Its name, as the driver tells it. */
  readonly name: string;
  /** Of a WebGPU adapter, what it runs on, such as Vulkan, as far as can be told. */
  readonly backend?: string;
  /** `gpu` for a WebGPU adapter, `cpu` for the CPU runner. */
  readonly kind: "gpu" | "cpu";
  /** WebGPU features that it has. */
  readonly features: readonly string[];
  /** WebGPU limits. */
  readonly limits: Readonly<Record<string, number>>;
  /** Whether `auto` takes it. */
  readonly chosen: boolean;
  /** Why it cannot be used, if it cannot. */
  readonly failure?: string;
  /** Of a WebGPU adapter, what `auto` has measured there: for each network the smallest batch that it computes there. */
  readonly measured?: readonly {
    /** Multiply-adds of one image, all exits. */
    readonly flops: number;
    /** The smallest batch for which the adapter is sooner done than the CPU; none if it never is. */
    readonly smallestBatch?: number;
  }[];
}

/** How a plan is run. */
export interface RunnerOptions {
  /** What on. */
  readonly device: DeviceChoice;
  /** Most samples in a batch. */
  readonly capacity: number;
  /** How weights are stored. */
  readonly precision: Precision;
  /** How many the CPU runner uses; by default one per core. */
  readonly threads?: number;
  /** Told why `auto` runs on the CPU in place of an adapter. */
  readonly onFallback: (message: string) => void;
  /** Whether a GPU is driven from a worker where there may be one, so that the calling thread goes on. */
  readonly gpuWorker: boolean;
  /** Whether `auto` computes all batches on one device, whatever their size, so that all are rounded alike. */
  readonly together: boolean;
}

/** What opens runners for a plan with its network's parameters, as trained, and temperatures. */
export function runnersOf(
  plan: Plan,
  trained: { readonly tensors: ReadonlyMap<string, Tensor>; readonly temperatures?: readonly number[] },
  options: RunnerOptions,
): Runners {
  const { device, capacity, precision, threads, onFallback, gpuWorker } = options;
  const { tensors, temperatures } = trained;
  const weights = () => roundWeights(foldWeights(plan.network, tensors, temperatures), precision);
  const openCpu = () => CpuRunner.create(plan, weights(), { capacity, threads });
  return new Fallback<Adapter>({
    find: findAdapter,
    openGpu: async (found) => {
      const adapter = found ?? await requireAdapter();
      const openGpu = async () =>
        gpuWorker && await openRemoteRunner(plan, weights(), { capacity, precision }) ||
        await WebGpuRunner.create(plan, weights(), { capacity, precision, adapter, check: selfTest });
      if (device === "gpu") return await openGpu();
      return await openSooner({ openGpu, openCpu }, plan, { ...options, adapter });
    },
    openCpu,
  }, { choice: device, say: onFallback });
}

/** For `auto`, which has found a real GPU: for each batch what is sooner done, by what has been measured once. */
async function openSooner(
  { openGpu, openCpu }: { readonly openGpu: () => Promise<Runner>; readonly openCpu: () => Promise<Runner> },
  plan: Plan,
  { adapter, capacity, threads, together }: RunnerOptions & { readonly adapter: Adapter },
): Promise<Runner> {
  const flops = plan.network.exits.at(-1)!.cumulativeRunFlops;
  const title = titleOf(adapter);
  const kept = threads === undefined && (await keptSpeeds(title)).find((speeds) => speeds.flops === flops);
  if (kept && smallestGpuBatch(kept) > capacity) return await openCpu();
  using stack = new DisposableStack();
  const gpu = stack.use(await openGpu());
  const cpu = stack.use(await openCpu());
  const about = { stages: plan.stages.length, length: plan.image.channels * areaOf(plan.image.size) };
  const speeds = kept ||
    { flops, gpu: await measureSpeed(gpu, about), cpu: await measureSpeed(cpu, about) };
  if (!kept && threads === undefined) await keepSpeeds(title, speeds);
  stack.move();
  return joinRunners({ gpu, cpu }, speeds, { together });
}

/** What there is to run on, the choice of `auto` first: an adapter is opened, and its kernels tried, to find that out. */
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
      return { flops: speeds.flops, ...smallest < Infinity && { smallestBatch: smallest } };
    }),
  };
  const gpu = { name: adapter.name, kind: "gpu", ...about } as const;
  return takesGpu ? [gpu, cpu] : [cpu, gpu];
}

/** Why an adapter does not run a small network, if it does not. */
async function failureOf(adapter: Adapter): Promise<string | undefined> {
  try {
    const { plan, weights, images, count } = await makeExercise("float32");
    const options = { capacity: count, adapter, check: selfTest };
    using runner = await WebGpuRunner.create(plan, weights, options);
    runner.load(images, count);
    await runner.run({ from: 0, to: plan.stages.length });
  } catch (error) {
    return (error as Error).message;
  }
}
