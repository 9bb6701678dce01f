/**
 * What a network's features measure: those that a picture of it names.
 *
 * @module
 */

import type { Convolution, Network } from "../network/network.ts";

/** What a feature measures. */
export interface Shape {
  /** Height and width, in pixels of the feature. */
  readonly size: number;
  /** Number of channels. */
  readonly channels: number;
}

/** Features by where they come from. */
export interface Shapes {
  /** The image. */
  readonly image: Shape;
  /** Base features, coarsest first. */
  readonly bases: readonly Shape[];
  /** What blocks pass on, after their transitions, by sub-network. */
  readonly blocks: readonly (readonly Shape[])[];
}

/** 8, 112 → `8×8×112`. */
export function shapeText({ size, channels }: Shape): string {
  return `${size}×${size}×${channels}`;
}

/** Looks up what each block reads: that is what the one before it passes on. */
export function shapesOf({ spec, features, exits }: Network): Shapes {
  const convolutions = new Map<string, Convolution>();
  for (const layer of exits.flatMap(({ layers }) => layers)) {
    if (layer.kind === "convolution") convolutions.set(layer.name, layer);
  }
  const find = (s: number, j: number, rest: string) => convolutions.get(`scale_flows.${s}.${j}.layers.${rest}`);
  const input = (s: number, j: number): Shape | undefined => {
    const view = find(s, j, "0.conv_normal.net.0")?.input;
    return view && { size: features[view.feature].size, channels: view.channels };
  };
  const atExit = (s: number, j: number): Shape | undefined =>
    exits.find(({ subnetwork, block }) => subnetwork === s + 1 && block === j + 1);
  // Of a last block without an exit, only the list that the next sub-network fuses is read.
  const kept = (s: number, j: number): Shape => {
    const { feature, offset, channels } = find(s, j, `${spec.layers[j] - 1}.conv_normal.net.3`)!.output;
    return { size: features[feature].size, channels: offset + channels };
  };
  return {
    image: features[0],
    bases: spec.subnetworks.map((_, s) => input(s, 0)!),
    blocks: spec.subnetworks.map(({ blocks }, s) =>
      Array.from({ length: blocks }, (_, j) => {
        const { size, channels } = input(s, j + 1) ?? atExit(s, j) ?? kept(s, j);
        return { size, channels };
      })
    ),
  };
}
