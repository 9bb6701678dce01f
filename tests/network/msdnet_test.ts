import { assertEquals } from "@std/assert";
import { buildNetwork } from "../../lib/network/build.ts";
import { resolveSpec } from "../../lib/spec/parse.ts";

/** Two scales of 16×16 and 8×8 pixels, one layer, one exit. */
const SPEC = {
  family: "msdnet",
  name: "two-scales",
  input: { size: 16 },
  classes: 3,
  scales: [{ scale: 1 / 2, growth_factor: 2, bottleneck: 3 }, { scale: 1, growth_factor: 1, bottleneck: 2 }],
  channels: 6,
  growth: 4,
  layers: [1],
  prune: [2],
  reduction: 0,
  head: { channels: 5 },
} as const;

/** Cost of convolution, batch norm and ReLU on a number of pixels. */
const convolve = (pixels: number, from: number, to: number, kernel: number) => pixels * to * (from * kernel ** 2 + 1);
/** The same for a depthwise convolution. */
const each = (pixels: number, channels: number, kernel: number) => pixels * channels * (kernel ** 2 + 1);

Deno.test("the costs of every kind of dense layer of an MSDNet match a count by hand", () => {
  // The first layer. The head reads 8×8 pixels of 12 + 8 channels.
  const others = convolve(256, 3, 6, 3) + convolve(64, 6, 12, 3) + convolve(16, 20, 5, 3) + convolve(4, 5, 5, 3) +
    5 * 4 + (5 + 1) * 3;
  /**
   * Bottlenecks from fine to fine, fine to coarse, and coarse to coarse, as channels read, inner channels and channels
   * written.
   */
  const layers = [
    { from: 6, inner: 6, to: 4, before: 256, after: 256 },
    { from: 6, inner: 6, to: 4, before: 256, after: 64 },
    { from: 12, inner: 12, to: 4, before: 64, after: 64 },
  ];
  const cost = (dense: (layer: typeof layers[number]) => number) =>
    layers.reduce((sum, layer) => sum + convolve(layer.before, layer.from, layer.inner, 1) + dense(layer), others);
  /** Means, two linear layers (biases cost nothing), a ReLU, gates and products. */
  const gates = (pixels: number, channels: number, hidden: number) =>
    channels * pixels + (channels + 1) * hidden + hidden * channels + channels + channels * pixels;
  const found = (keys: object) => buildNetwork(resolveSpec({ ...SPEC, ...keys })).exits[0].cumulativeFlops;

  assertEquals(found({}), cost(({ inner, to, after }) => convolve(after, inner, to, 3)));
  assertEquals(found({ kernel: 5 }), cost(({ inner, to, after }) => convolve(after, inner, to, 5)));
  assertEquals(
    found({ depthwise: true, kernel: 5 }),
    cost(({ inner, to, after }) => each(after, inner, 5) + convolve(after, inner, to, 1)),
  );
  assertEquals(
    found({ se_ratio: 0.5 }),
    cost(({ inner, to, before, after }) => gates(before, inner, inner / 2) + convolve(after, inner, to, 3)),
  );
  assertEquals(
    found({ depthwise: true, se_ratio: 0.5 }),
    cost(({ inner, to, after }) =>
      each(after, inner, 3) + gates(after, inner, inner / 2) + convolve(after, inner, to, 1)
    ),
  );
});
