import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertNotEquals,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import fc from "fast-check";
import { RanetError } from "../../lib/errors.ts";
import { readSpec } from "../../lib/model/read_spec.ts";
import { buildNetwork } from "../../lib/network/build.ts";
import { changeSpec } from "../../lib/spec/change.ts";
import { parseSpec } from "../../lib/spec/parse.ts";
import { initialWeights, startFrom } from "../../lib/training/initial_weights.ts";
import { checkTensors } from "../../lib/weights/check.ts";
import type { Tensor } from "../../lib/weights/tensor.ts";
import { times } from "../long.ts";

const spec = await readSpec("ranet-cifar10");
const network = buildNetwork(spec);
const first = initialWeights(network, 0);

const moments = (name: string) => {
  const { data } = first.get(name)!;
  const mean = data.reduce((sum, value) => sum + value, 0) / data.length;
  const deviation = Math.sqrt(data.reduce((sum, value) => sum + (value - mean) ** 2, 0) / data.length);
  return { mean, deviation, most: data.reduce((most, value) => Math.max(most, Math.abs(value)), 0) };
};

Deno.test("initialWeights() fit the network", () => checkTensors(network, first, { source: "first" }));

Deno.test("initialWeights() have the authors' distributions", () => {
  // 3×3 to 128 channels.
  const head = moments("classifier.5.m.0.net.0.weight");
  assertAlmostEquals(head.deviation, Math.sqrt(2 / (9 * 128)), 2e-4);
  assertAlmostEquals(head.mean, 0, 3e-4);
  assert(head.most > 4 * head.deviation && head.most < 6 * head.deviation);
  const linear = moments("classifier.5.linear.weight");
  assertAlmostEquals(linear.most, 1 / Math.sqrt(128), 1e-3);
  assertAlmostEquals(linear.deviation, 1 / Math.sqrt(3 * 128), 3e-3);
  const norm = (part: string) => new Set(first.get(`classifier.5.m.0.net.1.${part}`)!.data);
  assertEquals(
    ["weight", "bias", "running_mean", "running_var"].map(norm),
    [1, 0, 0, 1].map((value) => new Set([value])),
  );
  assertEquals(new Set(first.get("classifier.5.linear.bias")!.data), new Set([0]));
});

Deno.test("the bias of ImageNet's stem has PyTorch's distribution", () => {
  const one = parseSpec(
    "{ name: stem, classes: 2, stem: conv7x7-pool, base_features: [{ scale: 1, channels: 32 }], layers: [1, 1] }",
  );
  const weights = initialWeights(buildNetwork(one), 0);
  const bias = weights.get("FirstLayer.layers.0.0.bias")!.data;
  assert(bias.every((value) => Math.abs(value) <= 1 / Math.sqrt(147)) && new Set(bias).size > bias.length / 2);
});

Deno.test("initialWeights() depend only on the seed", () => {
  assertEquals(initialWeights(network, 0), first);
  assertNotEquals(initialWeights(network, 1), first);
});

const given = { tensors: first, classes: spec.classes, source: "it" };
const row = (tensors: ReadonlyMap<string, Tensor>, name: string, index: number) => {
  const { shape: [count], data } = tensors.get(name)!;
  return data.subarray(index * data.length / count, (index + 1) * data.length / count);
};

Deno.test("trained weights are copied; classifiers of other classes start from random weights", () => {
  const same = startFrom(network, given, 5);
  assertEquals(same, { tensors: first, notes: [] });
  const three = buildNetwork(changeSpec(spec, { classes: ["a", "b", "c"] }));
  for (const from of [given, { ...given, classes: undefined }]) {
    const start = startFrom(three, from, 5);
    assertEquals(start.notes.length, 1);
    assertStringIncludes(start.notes[0], "The classifiers start from random weights: it ");
    for (const name of ["classifier.0.linear.weight", "classifier.5.linear.bias"]) {
      assertEquals(start.tensors.get(name), initialWeights(three, 5).get(name));
    }
    assertEquals(start.tensors.get("classifier.0.m.0.net.0.weight"), first.get("classifier.0.m.0.net.0.weight"));
  }
});

Deno.test("classifiers of ten other classes start from random weights", () => {
  const others = buildNetwork(changeSpec(spec, { classes: spec.classes.map((name) => `toy ${name}`) }));
  const { tensors, notes } = startFrom(others, given, 5);
  assertEquals(tensors.get("classifier.3.linear.weight"), initialWeights(others, 5).get("classifier.3.linear.weight"));
  assertEquals(notes, [
    "The classifiers start from random weights: it has other classes, airplane, automobile, bird, cat, deer, dog, frog, horse and 2 more",
  ]);
});

Deno.test("classifiers keep the rows of classes that both models have, in any order", () => {
  fc.assert(
    fc.property(fc.shuffledSubarray([...spec.classes, "x", "y"], { minLength: 2 }), (classes) => {
      const mixed = buildNetwork(changeSpec(spec, { classes }));
      const { tensors } = startFrom(mixed, given, 5);
      const drawn = initialWeights(mixed, 5);
      for (const name of ["classifier.0.linear.weight", "classifier.5.linear.bias"]) {
        classes.forEach((label, i) => {
          const before = spec.classes.indexOf(label);
          assertEquals(row(tensors, name, i), before < 0 ? row(drawn, name, i) : row(first, name, before));
        });
      }
    }),
    { numRuns: times(1, 10) },
  );
});

Deno.test("unnamed classes of the right number are assumed to be the spec's, with a note", () => {
  const { tensors, notes } = startFrom(network, { tensors: first, source: "w.safetensors" }, 5);
  assertEquals(tensors, first);
  assertStringIncludes(
    notes.join(),
    "w.safetensors does not list its 10 classes, so they are assumed to be airplane, ",
  );
});

Deno.test("other mismatches of weights are refused by name", () => {
  const narrower = buildNetwork(changeSpec(spec, { head: { channels: 64, pool: "all" }, classes: ["a", "b"] }));
  const error = assertThrows(() => startFrom(narrower, { ...given, source: "w.safetensors" }, 0), RanetError);
  assert(error.message.startsWith("Cannot use the weights w.safetensors for ranet-cifar10: the tensors do not fit."));
  assert(error.message.includes("classifier.0.linear.weight: expected [2, 64], found [10, 128]"));
  const missing = new Map(first);
  missing.delete("classifier.0.linear.bias");
  assertThrows(() => startFrom(network, { ...given, tensors: missing }, 0), RanetError, "missing (1)");
});
