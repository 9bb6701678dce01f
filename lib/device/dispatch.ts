/**
 * A step as a kernel's constants, arguments and number of workgroups.
 *
 * @module
 */

import { type Plan, quadsOf, type Region, type Step } from "../planner/plan.ts";
import { type AdapterTraits, pixelTile } from "../planner/tiles.ts";

/** One kernel run. */
export interface Dispatch {
  /** Compiled in. */
  readonly constants: Readonly<Record<string, number>>;
  /** The kernel's `Args`, in order. */
  readonly args: readonly number[];
  /** Workgroups in x and y. */
  readonly workgroups: readonly [number, number];
}

/** Workgroup size of the kernels that compute one value per invocation. */
const LANES = 64;

/** How a step is run for `count` samples, logits lying `capacity` samples an exit. */
export function dispatchOf(
  step: Step,
  plan: Plan,
  options: { count: number; capacity: number; adapter: AdapterTraits },
): Dispatch {
  const { count, capacity, adapter } = options;
  const { input } = step;
  const arena = [plan.zeroQuads, plan.sampleQuads];
  switch (step.kind) {
    case "convolution": {
      const { output, layer, tileQuads, outQuads } = step;
      const pixels = pixelTile(step, count, adapter);
      const tiles = Math.ceil(output.size ** 2 / pixels);
      return {
        constants: { PIXELS: pixels, QUADS: tileQuads, LANES: adapter.lanes },
        args: [
          layer.kernel,
          layer.stride,
          quadsOf(input.channels),
          input.pitch,
          input.offset,
          input.size,
          output.channels,
          outQuads,
          4 * output.pitch,
          4 * output.offset + output.channel,
          output.size,
          step.weights.offset,
          tiles,
          ...arena,
        ],
        workgroups: [Math.ceil(tiles * count / adapter.lanes), outQuads / tileQuads],
      };
    }
    case "max-pool": {
      const { output } = step;
      const quads = quadsOf(output.channels);
      return {
        constants: { LANES },
        args: [quads, ...inQuads(input), output.pitch, output.offset, output.size, ...arena],
        workgroups: [Math.ceil(output.size ** 2 * quads / LANES), count],
      };
    }
    case "resize": {
      const { output } = step;
      return {
        constants: { LANES },
        args: [output.channels, ...inFloats(input), ...inFloats(output), ...arena],
        workgroups: [Math.ceil(output.size ** 2 * output.channels / LANES), count],
      };
    }
    case "classifier": {
      const { classes, pool } = step.layer;
      return {
        constants: { LANES },
        args: [
          classes,
          pool,
          quadsOf(input.channels),
          ...inQuads(input),
          step.weights.offset,
          step.exit * capacity * classes,
          ...arena,
        ],
        workgroups: [Math.ceil(classes / LANES), count],
      };
    }
  }
}

function inQuads({ pitch, offset, size }: Region): number[] {
  return [pitch, offset, size];
}

function inFloats({ pitch, offset, size, channel }: Region): number[] {
  return [4 * pitch, 4 * offset + channel, size];
}
