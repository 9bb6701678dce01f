/**
 * Lowers a training plan to the operations of kernels/train.as: decides which may follow each other without a barrier,
 * allocates memory, and encodes them.
 *
 * @module
 */

import { concat } from "../../io/bytes.ts";
import { quadsOf } from "../../planner/plan.ts";
import type { TrainingPlan, TrainingStep } from "../../planner/training_plan.ts";
import type { TrainerOptions } from "../trainer.ts";
import { CpuTrainingLayout } from "./training_layout.ts";
import { writeOperation } from "./abi.ts";
import { type Segment, StepWriter } from "./training_steps.ts";

/** A program with its memory layout; addresses are in bytes. */
export interface TrainingProgram {
  /** Address of the first operation. */
  readonly begin: number;
  /** Address after the last operation. */
  readonly end: number;
  /** The memory layout. */
  readonly layout: CpuTrainingLayout;
  /** Counters of the samples that threads have taken; must be zero before each step. */
  readonly taken: { readonly address: number; readonly bytes: number };
  /** Address of the first thread's scratch memory. */
  readonly scratch: number;
  /** Scratch memory per thread. */
  readonly scratchBytes: number;
  /** Total memory. */
  readonly bytes: number;
}

/**
 * Lays out memory and writes the program that trains a network, for at most `batch` samples and exactly `threads`
 * threads.
 */
export function buildTrainingProgram(
  plan: TrainingPlan,
  options: TrainerOptions & { readonly threads: number },
): TrainingProgram {
  const { threads } = options;
  // Transformed weights that the first steps need are made before them.
  const steps = [[], ...splitAtBarriers([...plan.forward, ...plan.backward])];
  const layout = new CpuTrainingLayout(plan, steps, options);
  const segments = writeSegments(steps, new StepWriter(plan, layout, options));
  segments.push({ whole: descent(plan, layout, options), samples: [], group: 1 });

  const takenBytes = 4 * threads * segments.length;
  const taken = layout.take(takenBytes);
  const bytes = concat(
    segments.flatMap(({ whole, samples, group }, i) => [
      ...whole,
      writeOperation("samples", {
        samples: group,
        bytes: samples.reduce((sum, operation) => sum + operation.length, 0),
        taken: taken + 4 * threads * i,
      }),
      ...samples,
      writeOperation("barrier", {}),
    ]),
    Uint8Array,
  );
  const begin = layout.keep(bytes);
  const { scratchBytes } = layout;
  const scratch = layout.take(scratchBytes * threads);
  return {
    begin,
    end: begin + bytes.length,
    layout,
    taken: { address: taken, bytes: takenBytes },
    scratch,
    scratchBytes,
    bytes: layout.bytes,
  };
}

/**
 * Splits steps into segments: a new one starts with a step that needs results of all threads. Gradients of weights do,
 * but no later step reads them, so they are computed at the start of the next such segment: threads meet half as often,
 * and the steps that follow an input gradient find it in the cache.
 */
function splitAtBarriers(steps: readonly TrainingStep[]): TrainingStep[][] {
  const segments: TrainingStep[][] = [];
  const last = steps.findLastIndex((step) => waits(step) && !isWeightGradient(step));
  let deferred: TrainingStep[] = [];
  steps.forEach((step, i) => {
    if (isWeightGradient(step) && i < last) {
      deferred.push(step);
      return;
    }
    if (segments.length === 0 || waits(step)) {
      segments.push(deferred);
      deferred = [];
    }
    segments[segments.length - 1].push(step);
  });
  return segments;
}

function isWeightGradient({ kind }: TrainingStep): boolean {
  return kind === "weight-gradient" || kind === "depthwise-weight-gradient";
}

function waits(step: TrainingStep): boolean {
  switch (step.kind) {
    case "norm":
      return step.statistics === "batch";
    case "norm-gradient":
    case "weight-gradient":
    case "depthwise-weight-gradient":
    case "classifier-gradient":
      return true;
    case "convolution":
    case "depthwise":
    case "squeeze":
    case "excitation":
    case "max-pool":
    case "resize":
    case "classifier":
    case "norm-statistics":
    case "loss":
    case "norm-sums":
    case "relu-gradient":
    case "input-gradient":
    case "depthwise-input-gradient":
    case "squeeze-gradient":
    case "excitation-gradient":
    case "max-pool-gradient":
    case "resize-gradient":
    case "dropout":
    case "zero":
      return false;
  }
}

/** Writes the segments, and one more in which the parts of the last steps are joined. */
function writeSegments(steps: readonly (readonly TrainingStep[])[], writer: StepWriter): Segment[] {
  return [...steps, []].map((own, time) => {
    const segment: Segment = { whole: [], samples: [], group: 1 };
    for (const step of steps[time - 1] ?? []) if (step.kind === "weight-gradient") writer.appendJoin(step, segment);
    for (const step of own) writer.append(step, segment);
    for (const step of steps[time + 1] ?? []) writer.appendWeights(step, segment);
    return segment;
  });
}

/** The optimiser, unless a loss is not finite. */
function descent(plan: TrainingPlan, layout: CpuTrainingLayout, options: TrainerOptions): Uint8Array[] {
  const { batchSize, optimizer, gradients, emaDecay } = options;
  const { groups, toGradient, toVelocity, toSquares, toEma } = layout.parameters;
  const whole = [writeOperation("finite", {
    losses: layout.losses,
    exits: plan.network.exits.length,
    exitBytes: 8 * batchSize,
    stopped: layout.stopped,
  })];
  for (const { address, length, decays, exits } of groups) {
    const group = {
      quads: length / 4,
      parameters: address,
      gradients: address + toGradient,
      ema: toEma > 0 ? address + toEma : 0,
      decay: decays ? optimizer.weightDecay : 0,
      share: gradients === "equilibrium" ? 1 / exits : 1,
      keep: emaDecay,
    };
    switch (optimizer.kind) {
      case "sgd": {
        const { momentum, nesterov } = optimizer;
        const velocities = address + toVelocity;
        whole.push(writeOperation("descend", { ...group, velocities, momentum, nesterov: Number(nesterov) }));
        break;
      }
      case "adamw": {
        const { betas: [keepMean, keepSquare], epsilon } = optimizer;
        const means = address + toVelocity;
        const squares = address + toSquares;
        whole.push(writeOperation("adamw", { ...group, means, squares, keepMean, keepSquare, epsilon }));
        break;
      }
      default:
        optimizer satisfies never;
    }
  }
  for (const step of plan.forward) {
    if (step.kind !== "norm-statistics") continue;
    const { mean, variance } = layout.norm(step.layer);
    for (const [name, batch] of [["running_mean", mean], ["running_var", variance]] as const) {
      const running = layout.parameters.at(`${step.layer.norm}.${name}`);
      whole.push(writeOperation("running", {
        quads: quadsOf(step.input.channels),
        running,
        batch,
        ema: toEma > 0 ? running + toEma : 0,
        keep: emaDecay,
      }));
    }
  }
  return whole;
}
