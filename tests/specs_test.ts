import { inputLength } from "../lib/network/common.ts";
import { assert, assertEquals, assertLess, assertStringIncludes } from "@std/assert";
import { costsOf } from "../lib/cli/costs.ts";
import { AdaptiveExecutor } from "../lib/executor/executor.ts";
import { createModel } from "../lib/model/model.ts";
import { BUNDLED_SPECS, DEFAULT_MODEL, readSpec } from "../lib/model/read_spec.ts";
import { buildNetwork } from "../lib/network/build.ts";
import { large } from "../lib/text/numbers.ts";
import { asRanet, randomArray, randomTensors, relativeError } from "./fixtures.ts";
import { gpuTest, longGpuTest } from "./gpu.ts";

const FOLDER = new URL("../specs/", import.meta.url);
const COUNTS = ["no", "one", "two", "three", "four", "five", "six", "seven", "eight"];

/** Larger networks take minutes without a GPU. */
const MOST_FLOPS = 300e6;
/** What is run on both devices before each commit. */
const QUICK = new Set([DEFAULT_MODEL, "ranet-cifar10-depthwise", "msdnet-cifar10-micro"]);

Deno.test("every spec in specs/ is bundled, with the default first", () => {
  const files = [...Deno.readDirSync(FOLDER)].map(({ name }) => name).filter((name) => name.endsWith(".yaml"));
  assertEquals(BUNDLED_SPECS.toSorted(), files.map((name) => name.replace(".yaml", "")).toSorted());
  assertEquals(BUNDLED_SPECS[0], DEFAULT_MODEL);
});

for (const name of BUNDLED_SPECS) {
  const spec = await readSpec(name);
  const { exits, params } = costsOf(spec);
  const text = Deno.readTextFileSync(new URL(`${name}.yaml`, FOLDER));

  Deno.test(`${name}: begins with its schema and its costs`, () => {
    assertEquals(spec.name, name);
    const [schema, ...comment] = text.split("\n").slice(0, text.split("\n").findIndex((line) => !line.startsWith("#")));
    assertEquals(schema, "# yaml-language-server: $schema=./ranet.schema.json");
    const [first, last] = [exits[0], exits[exits.length - 1]].map(({ cumulativeFlops }) => large(cumulativeFlops));
    assertStringIncludes(
      comment.map((line) => line.slice(2)).join(" ").toLowerCase(),
      `${COUNTS[exits.length]} exits, ${first} to ${last} multiply-adds, ${large(params)} parameters`.toLowerCase(),
    );
  });

  if (exits[exits.length - 1].cumulativeFlops > MOST_FLOPS) continue;
  const model = createModel(spec, randomTensors(buildNetwork(spec)), { source: "random" });
  const images = randomArray(2 * inputLength(spec.input), 5);
  const logitsOn = async (device: "cpu" | "gpu") => {
    using executor = await AdaptiveExecutor.create(model, { device, batchSize: 2 });
    return await executor.forward(images);
  };

  Deno.test(`${name}: can be run (CPU)`, async () => {
    const logits = await logitsOn("cpu");
    assertEquals(logits.map(({ length }) => length), exits.map(() => 2 * spec.classes.length));
    assert(logits.every((values) => new Set(values).size > spec.classes.length), "logits should differ");
  });
  (QUICK.has(name) ? gpuTest : longGpuTest)(`${name}: both devices agree`, async () => {
    const expected = await logitsOn("cpu");
    for (const [k, values] of (await logitsOn("gpu")).entries()) assertLess(relativeError(values, expected[k]), 1e-4);
  });
}

Deno.test("the micro networks of both families have the same costs at the first and last exit within 0.1 %", async () => {
  const ends = await Promise.all(["ranet-cifar10-micro", "msdnet-cifar10-micro"].map(async (name) => {
    const { exits } = costsOf(await readSpec(name));
    return [exits[0], exits[exits.length - 1]].map(({ cumulativeFlops }) => cumulativeFlops);
  }));
  assertEquals(ends, [[571_050, 2_484_392], [571_518, 2_485_984]]);
});

Deno.test("variant specs have the properties in their names", async () => {
  const wide = await readSpec("ranet-tiny-imagenet");
  assertEquals([wide.input.size, wide.classes.length], [64, 200]);
  const four = asRanet(await readSpec("ranet-cifar10-four-features"));
  assertEquals(four.baseFeatures.map(({ divisor }) => divisor), [4, 4, 2, 1]);
  const up = asRanet(await readSpec("ranet-cifar10-upconv"));
  assertEquals(new Set(up.subnetworks.flatMap(({ fusion }) => fusion)), new Set(["up-conv"]));
  const micro = costsOf(await readSpec("ranet-cifar10-micro"));
  assertLess(micro.exits[0].cumulativeFlops, 6e5);
  assertLess(micro.params, 30_000);
  const depthwise = costsOf(await readSpec("ranet-cifar10-depthwise"));
  assertLess(depthwise.params, micro.params);
  depthwise.exits.forEach(({ cumulativeFlops }, k) => {
    assertLess(cumulativeFlops, 1.02 * micro.exits[k].cumulativeFlops);
  });
});
