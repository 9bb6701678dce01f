/**
 * A plan's steps as kernels/forward.as reads them.
 *
 * @module
 */

import { type Plan, QUAD_BYTES, type Region, type Step } from "../../planner/plan.ts";
import { type Fields, KINDS, recordWords } from "./records.ts";
import { usesWinograd } from "./weights.ts";

/** Multiply-adds, or numbers written, that are worth a thread's while. */
const PART = 25_000;

/** Pixels and channels of a convolution's tile. */
const TILE = { pixels: 6, channels: 8 };

type StepFields = Partial<Fields<"Step">>;

/** Stages as records. */
export interface Records {
  /** Each stage's first record, then their number. */
  readonly stages: readonly number[];
  /** The records. */
  readonly words: Uint32Array;
}

/** Number of records that a plan takes: its steps, and the image before them. */
export function recordCount(plan: Plan): number {
  return 1 + plan.stages.flat(2).length;
}

/**
 * Describes a plan's steps to the kernels.
 *
 * @param plan The plan.
 * @param weights The address of a step's weights.
 */
export function recordSteps(plan: Plan, weights: (step: Step) => number): Records {
  const records = [imageFields(plan.image)];
  const stages = plan.stages.map((waves, stage) => {
    const first = stage === 0 ? 0 : records.length;
    for (const wave of waves) {
      wave.forEach((step, i) => records.push({ ...fieldsOf(step, weights), last: i === wave.length - 1 ? 1 : 0 }));
    }
    return first;
  });
  const words = records.flatMap((fields) => recordWords("Step", fields));
  return { stages: [...stages, records.length], words: Uint32Array.from(words) };
}

function imageFields(image: Region): StepFields {
  return {
    kind: KINDS.indexOf("image"),
    last: 1,
    parts: partsOf(image.size ** 2 * image.channels),
    ...outputFields(image),
  };
}

function fieldsOf(step: Step, weights: (step: Step) => number): StepFields {
  const kind = KINDS.indexOf(step.kind);
  switch (step.kind) {
    case "convolution": {
      const { layer: { kernel, stride, relu }, reads: [input], writes: [output] } = step;
      const pixels = output.size ** 2;
      const most = usesWinograd(step)
        ? Math.ceil(output.size / 2) ** 2 / 4
        : Math.max(pixels / TILE.pixels, output.channels / TILE.channels);
      const parts = partsOf(pixels * output.channels * input.channels * kernel ** 2);
      return {
        kind: usesWinograd(step) ? KINDS.indexOf("winograd") : kind,
        parts: Math.min(parts, Math.ceil(most)),
        ...inputFields(input),
        ...outputFields(output),
        weights: weights(step),
        kernel,
        stride,
        relu: Number(relu),
      };
    }
    case "max-pool":
    case "resize": {
      const { reads: [input], writes: [output] } = step;
      const parts = partsOf(4 * output.size ** 2 * output.channels);
      return { kind, parts, ...inputFields(input), ...outputFields(output) };
    }
    case "classifier": {
      const { layer: { pool, classes }, reads: [input] } = step;
      const parts = partsOf(classes * input.channels);
      return { kind, parts, ...inputFields(input), outChannels: classes, weights: weights(step), pool };
    }
  }
}

function partsOf(work: number): number {
  return Math.ceil(work / PART);
}

function inputFields({ offset, size, pitch, channels }: Region): StepFields {
  return { input: QUAD_BYTES * offset, inSize: size, inPitch: QUAD_BYTES * pitch, inChannels: channels };
}

function outputFields({ offset, size, pitch, channel, channels }: Region): StepFields {
  return {
    output: QUAD_BYTES * offset + 4 * channel,
    outSize: size,
    outPitch: QUAD_BYTES * pitch,
    outChannels: channels,
  };
}
