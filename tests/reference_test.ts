import { assertEquals, assertLess } from "@std/assert";
import { AdaptiveExecutor, createModel, readSpec } from "../mod.ts";
import { buildNetwork, parseSpec, specFromOfficialFlags } from "../spec.ts";
import { readCheckpoint } from "../weights.ts";
import { readNpy } from "../lib/data/npy.ts";
import { relativeError } from "./fixtures.ts";
import { square } from "./sizes.ts";
import { gpuTest } from "./gpu.ts";

const FOLDER = new URL("./fixtures/reference/", import.meta.url);
const readJson = (path: string) => JSON.parse(Deno.readTextFileSync(new URL(path, FOLDER)));
const networkOf = (flags: string) => buildNetwork(parseSpec(specFromOfficialFlags(flags)));

const REFERENCES = [
  ...["cifar10-lg", "cifar100-4features", "imagenet-even"],
  ...["msdnet-cifar100-even", "msdnet-cifar10-lin", "msdnet-imagenet"],
];

for (const name of REFERENCES) {
  const expected = readJson(`${name}/expect.json`);
  const read = (file: string) => Deno.readFileSync(new URL(`${name}/${file}`, FOLDER));

  Deno.test(`${name}: operation and parameter counts are equal to the authors'`, () => {
    const { exits } = networkOf(expected.flags);
    assertEquals(exits.map((exit) => exit.cumulativeFlops), expected.cumulative_flops);
    assertEquals(exits.map((exit) => exit.cumulativeParams), expected.cumulative_params_counted);
  });

  const checkLogits = async (device: "cpu" | "gpu") => {
    const tensors = readCheckpoint(read("checkpoint.pth.tar"), { source: name });
    const model = createModel(parseSpec(specFromOfficialFlags(expected.flags)), tensors, { source: name });
    using executor = await AdaptiveExecutor.create(model, { device, batchSize: 2 });
    assertEquals(executor.device.kind, device);
    const logits = await executor.forward(readNpy(read("input.npy"), { source: "input.npy" }).data);
    const reference = readNpy(read("logits.npy"), { source: "logits.npy" });
    assertEquals(logits.length, reference.shape[0]);
    const length = reference.data.length / logits.length;
    logits.forEach((values, k) => {
      assertEquals(values.length, length);
      assertLess(relativeError(values, reference.data.subarray(k * length, (k + 1) * length)), 1e-5);
    });
  };
  Deno.test(`${name}: logits are equal to the authors' within 1e-5 (CPU)`, () => checkLogits("cpu"));
  gpuTest(`${name}: logits are equal to the authors' within 1e-5`, () => checkLogits("gpu"));
}

Deno.test("published configurations: operation and parameter counts are equal to the authors'", () => {
  const published = ["published-op-counts.json", "msdnet-op-counts.json"]
    .flatMap((file) => Object.values(readJson(file)) as Record<string, unknown>[]);
  assertEquals(published.length, 9);
  for (const { flags, cumulative_flops, params } of published) {
    const { exits } = networkOf(flags as string);
    assertEquals(exits.map((exit) => exit.cumulativeFlops), cumulative_flops);
    assertEquals(exits.at(-1)!.cumulativeParams, params);
  }
});

Deno.test("heads of the published networks read 2×2 features, which the authors' pooling covers", () => {
  const published = ["published-op-counts.json", "msdnet-op-counts.json"]
    .flatMap((file) => Object.values<{ flags: string }>(readJson(file)));
  for (const { flags } of [...REFERENCES.map((name) => readJson(`${name}/expect.json`)), ...published]) {
    const { exits, features } = networkOf(flags);
    const classifiers = exits.flatMap(({ layers }) => layers).filter((layer) => layer.kind === "classifier");
    assertEquals(classifiers.length, exits.length);
    for (const { reads: [{ feature }], pool } of classifiers) {
      assertEquals([features[feature].size, pool], [square(2), square(2)], flags);
    }
  }
});

Deno.test("bundled specs are equal to the published configurations", async () => {
  const published = readJson("published-op-counts.json");
  const msdnets = Object.entries<{ flags: string }>(readJson("msdnet-op-counts.json"));
  const flagsOf = {
    ...Object.fromEntries(msdnets.map(([name, { flags }]) => [name, flags])),
    "ranet-cifar10": published.cifar_lg2.flags,
    "ranet-cifar100": published.cifar_lg2.flags.replace("cifar10", "cifar100"),
    "ranet-imagenet-c32": published.imagenet_c32.flags,
    "ranet-imagenet-c64": published.imagenet_c64.flags,
  };
  for (const [name, flags] of Object.entries(flagsOf)) {
    assertEquals(buildNetwork(await readSpec(name)), buildNetwork(parseSpec(specFromOfficialFlags(flags, { name }))));
  }
});
