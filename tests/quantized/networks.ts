/**
 * Networks of all kinds that 8-bit models support.
 *
 * @module
 */

import fc from "fast-check";
import { type Activation, GATES } from "../../lib/network/activation.ts";
import type { Layer, Network, View } from "../../lib/network/network.ts";
import { strided } from "../../lib/network/size.ts";
import { networkOf } from "../fixtures.ts";
import { square } from "../sizes.ts";

const side = fc.integer({ min: 2, max: 9 });

/** Properties of such a network, and the number and seed of images. */
export const shape = fc.record({
  height: side,
  width: side,
  pixel: fc.integer({ min: 1, max: 4 }),
  channels: fc.integer({ min: 1, max: 21 }),
  more: fc.integer({ min: 1, max: 13 }),
  kernel: fc.constantFrom(1, 3, 5),
  stride: fc.constantFrom(1, 2),
  resized: fc.tuple(side, side),
  gate: fc.constantFrom(...GATES),
  large: fc.boolean(),
  samples: fc.integer({ min: 1, max: 3 }),
  seed: fc.nat(1000),
});

/** Layers of every kind. Channels are written after others, so that they start at any offset. */
export function networkWith(given: typeof shape extends fc.Arbitrary<infer Shape> ? Shape : never): Network {
  const { height, width, pixel, channels, more, kernel, stride, gate, resized: [rows, columns] } = given;
  const size = { height, width };
  const resized = { height: rows, width: columns };
  const all = channels + more;
  const features = [
    { name: "image", size, channels: pixel },
    { name: "a", size, channels: all },
    { name: "b", size: strided(size, stride), channels: all },
    { name: "c", size: resized, channels: all },
    { name: "d", size: strided(resized, 2), channels: all },
    { name: "e", size: strided(strided(resized, 2), stride), channels: all },
    { name: "means", size: square(1), channels: all },
    { name: "inner", size: square(1), channels: more },
    { name: "gates", size: square(1), channels: all },
    { name: "f", size: strided(strided(resized, 2), stride), channels: all },
  ];
  const view = (feature: number, offset = 0, count = features[feature].channels - offset): View => (
    { feature, offset, channels: count }
  );
  const convolution = (
    name: string,
    from: View,
    to: View,
    kernel: number,
    stride: number,
    activation: Activation = "relu",
  ): Layer => ({
    kind: "convolution",
    reads: [from],
    writes: [to],
    kernel,
    stride,
    name,
    bias: true,
    activation,
  });
  return networkOf(features, [
    convolution("first", view(0), view(1, 0, channels), 3, 1),
    convolution("second", view(0), view(1, channels), 1, 1),
    convolution("third", view(1), view(2, 0, channels), kernel, stride),
    convolution("fourth", view(1), view(2, channels), kernel, stride),
    { kind: "resize", reads: [view(2)], writes: [view(3)] },
    { kind: "max-pool", reads: [view(3)], writes: [view(4)] },
    {
      kind: "depthwise",
      reads: [view(4)],
      writes: [view(5)],
      kernel,
      stride,
      name: "fifth",
      norm: "norm",
      activation: "relu",
    },
    { kind: "squeeze", reads: [view(5)], writes: [view(6)], name: "squeeze" },
    convolution("fc1", view(6), view(7), 1, 1),
    convolution("fc2", view(7), view(8), 1, 1, "none"),
    { kind: "excitation", reads: [view(5), view(8)], writes: [view(9)], gate, name: "excitation" },
    {
      kind: "classifier",
      reads: [view(9)],
      writes: [],
      exit: 0,
      pool: features[9].size,
      classes: 5,
      name: "classifier",
    },
  ]);
}
