import { assert, assertGreater, assertInstanceOf } from "@std/assert";
import fc from "fast-check";
import { RanetError } from "../../lib/errors.ts";
import type { ArchitectureSpec } from "../../lib/network/architecture.ts";
import { inputSize } from "../../lib/network/common.ts";
import { buildNetwork } from "../../lib/network/build.ts";
import { resolveSpec } from "../../lib/spec/parse.ts";
import { sides } from "../sizes.ts";
import { coverage } from "./coverage.ts";

/**
 * Smallest effect of a quarter of the image, relative to the quarter with the largest effect. It is below 1, because a
 * convolution with stride 2 on an even size reads one row of padding at the top and none at the bottom, also in the papers'
 * networks.
 */
const EVEN = 0.2;

const shared = {
  size: sides(5, 70),
  stem: fc.constantFrom("conv3x3", "conv7x7-pool", { kernel: 5, stride: 3, channels: 3 }, { kernel: 3, pool: true }),
  exits: fc.constantFrom("auto", "all"),
  depthwise: fc.boolean(),
  kernel: fc.constantFrom(3, 3, 5, 7),
  se_ratio: fc.constantFrom(0, 0.5),
};
const ranets = fc.record({
  ...shared,
  halvings: fc.array(fc.boolean(), { maxLength: 3 }),
  fusion: fc.constantFrom("auto", "up-conv", "down-conv", "none"),
  compress: fc.constantFrom(0, 0.25, 1),
  transitions: fc.constantFrom("auto", [], [1]),
  step: fc.integer({ min: 1, max: 2 }),
}).map(({ size, stem, exits, halvings, fusion, compress, transitions, step, ...dense }) => {
  let scale = 1;
  const scales = [1, ...halvings.map((halved) => scale /= halved ? 2 : 1)].reverse();
  return {
    name: "any",
    input: { size },
    classes: 2,
    stem,
    base_features: scales.map((scale) => ({ scale, channels: 4 })),
    subnetworks: scales.map((_, i) => ({ blocks: i + 1, growth: 4, fusion: i > 0 ? fusion : "auto", transitions })),
    layers: { step },
    exits,
    compress,
    head: { channels: 3, depthwise: dense.depthwise },
    ...dense,
  };
});
const msdnets = fc.record({
  ...shared,
  scales: fc.integer({ min: 1, max: 4 }),
  layers: fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 3 }),
  prune: fc.constantFrom("max", "min"),
}).map(({ size, stem, exits, scales, layers, prune, ...dense }) => ({
  ...dense,
  family: "msdnet",
  name: "any",
  input: { size },
  classes: 2,
  stem,
  scales: Array.from({ length: scales }, (_, s) => ({
    scale: 1 / 2 ** (scales - 1 - s),
    growth_factor: 1,
    bottleneck: 1,
  })),
  channels: 4,
  growth: 4,
  layers,
  prune,
  exits,
  head: { channels: 3 },
}));

/** Some sizes are too small for the exits. */
function accepted(document: unknown): ArchitectureSpec | undefined {
  try {
    return resolveSpec(document);
  } catch (error) {
    assertInstanceOf(error, RanetError);
  }
}

function checkCoverage(spec: ArchitectureSpec): void {
  const network = buildNetwork(spec);
  const { height, width } = inputSize(spec.input);
  network.exits.forEach(({ label }, k) => {
    const pixels = coverage(network, k);
    assert(pixels.every((value) => value > 0), `${label}: some pixels cannot change the logits`);
    const quarters = [0, 0, 0, 0];
    const [row, column] = [(height - 1) / 2, (width - 1) / 2];
    pixels.forEach((value, i) => {
      const [y, x] = [Math.floor(i / width), i % width];
      // The middle row and column of odd sizes belong to no quarter.
      if (y !== row && x !== column) quarters[2 * Number(y > row) + Number(x > column)] += value;
    });
    assertGreater(Math.min(...quarters), EVEN * Math.max(...quarters), `${label}: ${quarters}`);
  });
}

for (const [title, documents] of [["RANet", ranets], ["MSDNet", msdnets]] as const) {
  Deno.test(`any ${title}: every pixel affects the logits of every exit, about evenly over the quarters of the image`, () => {
    fc.assert(
      fc.property(documents, (document) => {
        const spec = accepted(document);
        fc.pre(spec !== undefined);
        checkCoverage(spec);
      }),
      { numRuns: 25 },
    );
  });
}

for (const size of [33, 40, 48]) {
  Deno.test(`exits that read 9×9 to 12×12 features depend on all pixels of a ${size}×${size} image`, () => {
    const base_features = [{ scale: 1 / 4, channels: 8 }, { scale: 1 / 2, channels: 4 }, { scale: 1, channels: 4 }];
    checkCoverage(resolveSpec({ name: "corner", input: { size }, classes: 2, base_features }));
  });
}
