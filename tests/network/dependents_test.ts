import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { findDependents } from "../../lib/network/dependents.ts";
import type { Layer, View } from "../../lib/network/network.ts";
import { buildPlan } from "../../lib/planner/build.ts";
import { randomNetworks } from "../drawing/networks.ts";

/** The classifiers, counted from 0, that a change of one layer's output affects, found by following channels forwards. */
function reached(from: Layer, layers: readonly Layer[]): number[] {
  const changed = new Set<string>();
  const channels = ({ feature, offset, channels }: View) =>
    Array.from({ length: channels }, (_, c) => `${feature} ${offset + c}`);
  const exits: number[] = [];
  let exit = 0;
  for (const layer of layers) {
    const isChanged = layer === from || layer.reads.flatMap(channels).some((channel) => changed.has(channel));
    if (layer.kind === "classifier") {
      if (isChanged) exits.push(exit);
      exit++;
    } else if (isChanged) layer.writes.flatMap(channels).forEach((channel) => changed.add(channel));
  }
  return exits;
}

Deno.test("findDependents() finds the exits that depend on a layer, and plans run it for the first of them", () => {
  fc.assert(
    fc.property(randomNetworks, fc.nat(), (network, seed) => {
      const layers = network.exits.flatMap((exit) => exit.layers);
      const dependents = findDependents(network.exits.map((exit) => exit.layers));
      assertEquals([...dependents.keys()], layers);
      const layer = layers[seed % layers.length];
      assertEquals(dependents.get(layer), reached(layer, layers));

      const stages = buildPlan(network).stages.map((waves) => waves.flat().length);
      const first = [...dependents.values()].map(([exit]) => exit);
      assertEquals(stages, network.exits.map((_, k) => first.filter((exit) => exit === k).length));
    }),
    { numRuns: 50 },
  );
});

Deno.test("the operations that are run never exceed the authors' count, at any exit", () => {
  fc.assert(
    fc.property(randomNetworks, ({ exits }) => {
      for (const { cumulativeFlops, cumulativeRunFlops } of exits) {
        assertEquals(Math.min(cumulativeFlops, cumulativeRunFlops), cumulativeRunFlops);
      }
    }),
    { numRuns: 50 },
  );
});
