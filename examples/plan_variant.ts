/**
 * Prints the cost of a variant exit by exit, and that of the original network, before anything is trained.
 *
 *     deno run --allow-read=specs examples/plan_variant.ts
 */

import { readSpec } from "@ranet/ranet";
import { buildNetwork, parseSpec } from "@ranet/ranet/spec";

const variant = parseSpec(`
name: slim
classes: 10
base_features: # coarsest first
  - { scale: 1/4, channels: 64 }
  - { scale: 1/2, channels: 32 }
  - { scale: 1, channels: 16 }
subnetworks:
  - { blocks: 2, growth: 16 }
  - { blocks: 4, growth: 8 }
  - { blocks: 6, growth: 4 }
layers: { mode: lengthen, step: 2 }
`);

for (const spec of [await readSpec("ranet-cifar10"), variant]) {
  console.log(spec.name);
  buildNetwork(spec).exits.forEach(({ label, size, cumulativeFlops, cumulativeParams }, i) => {
    const cost = `${(cumulativeFlops / 1e6).toFixed(1)} M multiply-adds, ${
      (cumulativeParams / 1e6).toFixed(2)
    } M parameters`;
    console.log(`  exit ${i + 1}, ${label}, ${size.height}×${size.width}: ${cost}`);
  });
}
