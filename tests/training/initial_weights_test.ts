import { assert, assertAlmostEquals, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { RanetError } from "../../lib/errors.ts";
import { readSpec } from "../../lib/model/model.ts";
import { buildNetwork } from "../../lib/network/build.ts";
import { changeSpec } from "../../lib/spec/change.ts";
import { parseSpec } from "../../lib/spec/parse.ts";
import { initialWeights, startFrom } from "../../lib/training/initial_weights.ts";
import { checkTensors } from "../../lib/weights/check.ts";

const spec = await readSpec("ranet-cifar10");
const network = buildNetwork(spec);
const first = initialWeights(network, 0);

const moments = (name: string) => {
  const { data } = first.get(name)!;
  const mean = data.reduce((sum, value) => sum + value, 0) / data.length;
  const deviation = Math.sqrt(data.reduce((sum, value) => sum + (value - mean) ** 2, 0) / data.length);
  return { mean, deviation, most: data.reduce((most, value) => Math.max(most, Math.abs(value)), 0) };
};

Deno.test("first weights are a network's", () => checkTensors(network, first, { source: "first" }));

Deno.test("convolutions are normal with the authors' deviation, classifiers uniform, batch norm 1 and 0", () => {
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

Deno.test("ImageNet's stem has a bias, drawn as PyTorch draws it", () => {
  const one = parseSpec(
    "{ name: stem, classes: 2, stem: conv7x7-pool, base_features: [{ scale: 1, channels: 32 }], layers: [1, 1] }",
  );
  const weights = initialWeights(buildNetwork(one), 0);
  const bias = weights.get("FirstLayer.layers.0.0.bias")!.data;
  assert(bias.every((value) => Math.abs(value) <= 1 / Math.sqrt(147)) && new Set(bias).size > bias.length / 2);
});

Deno.test("the seed decides", () => {
  assertEquals(initialWeights(network, 0), first);
  assertNotEquals(initialWeights(network, 1), first);
});

Deno.test("a trained model's weights are taken as they are; with other classes its classifiers are drawn anew", () => {
  const same = startFrom(network, first, { seed: 5, source: "it" });
  assertEquals([same.tensors, same.anew], [first, []]);
  const three = buildNetwork(changeSpec(spec, { classes: ["a", "b", "c"] }));
  const start = startFrom(three, first, { seed: 5, source: "it" });
  assertEquals(start.anew.length, 12);
  assertEquals(start.anew[0], "classifier.0.linear.weight");
  assertEquals(
    start.tensors.get("classifier.0.linear.weight"),
    initialWeights(three, 5).get("classifier.0.linear.weight"),
  );
  assertEquals(start.tensors.get("classifier.0.m.0.net.0.weight"), first.get("classifier.0.m.0.net.0.weight"));
});

Deno.test("any other mismatch is refused, by name", () => {
  const narrower = buildNetwork(changeSpec(spec, { head: { channels: 64, pool: "all" }, classes: ["a", "b"] }));
  const error = assertThrows(() => startFrom(narrower, first, { seed: 0, source: "w.safetensors" }), RanetError);
  assert(error.message.startsWith("Cannot use the weights w.safetensors for ranet-cifar10: the tensors do not fit."));
  assert(error.message.includes("classifier.0.linear.weight: expected [2, 64], found [10, 128]"));
  const missing = new Map(first);
  missing.delete("classifier.0.linear.bias");
  assertThrows(() => startFrom(network, missing, { seed: 0, source: "w" }), RanetError, "missing (1)");
});
