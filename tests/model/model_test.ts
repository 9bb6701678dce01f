import { assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { BUNDLED_MODELS, createModel, loadModel, RanetError, readSpec } from "../../mod.ts";
import { buildNetwork } from "../../lib/network/build.ts";
import { parseSpec } from "../../lib/spec/parse.ts";
import { randomTensors, TINY_SPEC } from "../fixtures.ts";

Deno.test("loadModel() loads the default model with its weights", async () => {
  const model = await loadModel("ranet-cifar10");
  assertEquals(model.network.exits.length, 6);
  assertEquals(model.tensors.has("classifier.5.linear.weight"), true);
});

Deno.test("every bundled model has weights and a card", async () => {
  for (const name of BUNDLED_MODELS) {
    const { tensors, spec } = await loadModel(name);
    assertEquals([spec.name, tensors.size > 0], [name, true]);
    assertStringIncludes(await Deno.readTextFile(`weights/${name}.md`), `# ${name}\n`);
  }
});

Deno.test("loadModel() refuses models that do not exist", async () => {
  await assertRejects(() => loadModel("ranet-cifar11"), RanetError, "or one of ranet-cifar10, ");
  await assertRejects(() => loadModel("ranet-cifar100"), RanetError, "it has no weights");
  await assertRejects(() => loadModel("no/such/folder"), RanetError, "there is no such file");
  await assertRejects(() => loadModel("ranet-cifar10", { weights: "no.safetensors" }), RanetError, "no.safetensors");
  const empty = await Deno.makeTempDir();
  await assertRejects(() => readSpec(empty), RanetError, 'spec.yaml": there is no such file');
  await assertRejects(() => loadModel(empty), RanetError, "spec.yaml");
  await Deno.remove(empty);
});

Deno.test("createModel() lists missing and unexpected tensors by name", () => {
  const spec = parseSpec(TINY_SPEC);
  const tensors = randomTensors(buildNetwork(spec));
  tensors.delete("classifier.0.linear.bias");
  tensors.set("classifier.9.linear.bias", { shape: [5], data: new Float32Array(5) });
  tensors.set("classifier.1.linear.bias", { shape: [4], data: new Float32Array(4) });
  tensors.set("classifier.0.m.0.net.1.running_var", { shape: [7], data: new Float32Array(7).fill(-1) });
  const { message } = assertThrows(() => createModel(spec, tensors, { source: "x.safetensors" }), RanetError);
  assertStringIncludes(message, "x.safetensors for tiny");
  assertStringIncludes(message, "missing (1):\n    classifier.0.linear.bias [5]");
  assertStringIncludes(message, "not of this architecture (1):\n    classifier.9.linear.bias [5]");
  assertStringIncludes(message, "classifier.1.linear.bias: expected [5], found [4]");
  assertStringIncludes(message, "negative variances (1):\n    classifier.0.m.0.net.1.running_var");
});

Deno.test("weights that overflow after batch norm is folded in are refused by name", () => {
  const spec = parseSpec(TINY_SPEC);
  const network = buildNetwork(spec);
  const [first, second] = network.exits[0].layers.filter((layer) => layer.kind === "convolution");
  const refused = (name: string, value: number, ...parts: string[]) => {
    const tensors = randomTensors(network);
    tensors.get(name)!.data.fill(value);
    tensors.get(name.replace(/\w+$/, "running_var"))!.data.fill(0);
    const { message } = assertThrows(() => createModel(spec, tensors, { source: "x" }), RanetError);
    for (const part of parts) assertStringIncludes(message, part);
  };
  const title = "too large for float32 with batch norm folded in (1):\n    ";
  refused(`${first.norm}.weight`, 3e38, `${title}${first.name}.weight`);
  refused(`${second.norm}.running_mean`, -3e38, `${title}${second.norm}.bias`);
});
