import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import fc from "fast-check";
import { RanetError } from "../../../lib/errors.ts";
import type { ArchitectureSpec } from "../../../lib/network/architecture.ts";
import { buildNetwork } from "../../../lib/network/build.ts";
import { documentOf } from "../../../lib/spec/document.ts";
import { ruledLayers, ruledScales, ruledTransitions } from "../../../lib/spec/msdnet/rules.ts";
import { specFromOfficialFlags } from "../../../lib/spec/official.ts";
import { parseSpec, resolveSpec } from "../../../lib/spec/parse.ts";
import { specTemplate } from "../../../lib/spec/template.ts";

const TINY = {
  family: "msdnet",
  name: "tiny",
  classes: ["cat", "dog"],
  scales: [
    { scale: "1/2", growth_factor: 2, bottleneck: 2 },
    { scale: 1, growth_factor: 1, bottleneck: 1 },
  ],
  channels: 8,
  layers: { blocks: 3 },
};

/** A validated MSDNet. */
type ValidMsdnet = Extract<ArchitectureSpec, { family: "msdnet" }>;

function asMsdnet(spec: ArchitectureSpec): ValidMsdnet {
  assert(spec.family === "msdnet");
  return spec;
}

const resolveWith = (changes: Record<string, unknown>) => asMsdnet(resolveSpec({ ...TINY, ...changes }));

Deno.test("parseSpec() fills in the defaults of a short MSDNet", () => {
  assertEquals<unknown>(resolveWith({}), {
    family: "msdnet",
    name: "tiny",
    input: { size: 32, resize: 32, mean: [0.4914, 0.4824, 0.4467], std: [0.2471, 0.2435, 0.2616] },
    classes: ["cat", "dog"],
    stem: "conv3x3",
    scales: [{ growthFactor: 2, bottleneck: 2 }, { growthFactor: 1, bottleneck: 1 }],
    channels: 8,
    growth: 6,
    layers: [4, 1, 1],
    remaining: [2, 2, 2, 1, 1, 1],
    transitions: [4],
    reduction: 0.5,
    head: { channels: 128, pool: "all" },
  });
});

Deno.test("the rules of an MSDNet are equal to the authors'", () => {
  const rule = { blocks: 4, base: 3, step: 2 };
  assertEquals(ruledLayers({ ...rule, mode: "even" }), [3, 2, 2, 2]);
  assertEquals(ruledLayers({ ...rule, mode: "linear" }), [3, 3, 5, 7]);
  assertEquals(ruledScales("max", 7, 3), [3, 3, 3, 2, 2, 2, 1]);
  assertEquals(ruledScales("min", 7, 3), [3, 3, 3, 3, 3, 2, 1]);
  assertEquals(ruledTransitions([3, 3, 2, 2, 1], 3, "max"), [3, 5]);
  assertEquals(ruledTransitions([3, 3, 3, 3, 3, 2, 1], 3, "min"), [2, 4]);
  assertEquals(ruledTransitions([2, 2], 3, "list"), [1]);
});

const scales = (...entries: readonly (readonly [scale: string | number, factor: number])[]) => ({
  scales: entries.map(([scale, growth_factor]) => ({ scale, growth_factor, bottleneck: 1 })),
});

const REFUSED: readonly [changes: Record<string, unknown>, ...messageParts: string[]][] = [
  [{ family: "resnet" }, 'family: expected ranet or msdnet, found "resnet"'],
  [{ base_features: [] }, 'unknown key "base_features"', "the keys here are family, name, input"],
  [{ chanels: 8 }, 'unknown key "chanels", did you mean channels?'],
  [{ channels: undefined }, "channels: missing, expected a whole number from 1 to 4096"],
  [scales([1, 1], ["1/2", 1]), "scales[0].scale: expected 1/2", "found 1", "scales[1].scale: expected 1", "found 1/2"],
  [scales(["1/4", 2], [1, 1]), "scales[0].scale: expected 1/2, half of the next scale, found 1/4"],
  [{ growth: 5, ...scales(["1/2", 3], [1, 1]) }, "scales[0].growth_factor: expected an even number", "found 15"],
  [{ layers: { mode: "even" } }, "layers.blocks: missing"],
  [{ layers: { blocks: 40, mode: "linear", step: 2 } }, "layers: expected at most 64 layers in a block, found 79"],
  [{ layers: { blocks: 64, base: 8, step: 8 } }, "layers: expected at most 256 layers in all, found 512"],
  [{ prune: [2, 2] }, "prune: expected 6 entries, one per layer of the whole network, found 2"],
  [{ prune: [2, 1, 2, 1, 1, 1] }, "prune[2]: expected at most the 1 scales of the previous layer, found 2"],
  [{ prune: [3, 1, 1, 1, 1, 1] }, "prune[0]: expected at most the 2 scales of the previous layer, found 3"],
  [{ prune: "often" }, "prune: expected max, min, or a list of scales per layer"],
  [{ reduction: 2 }, "reduction: expected a number from 0 to 1, found 2"],
  [{ reduction: 0.01 }, "reduction: expected a share that keeps at least one channel", "in scales[0], block 1"],
  [{ input: { size: 8 } }, "scales[0]: expected exits that read at least 5×5 features, found 4×4; increase input.size"],
  [{ growth: 4096, layers: [4, 4, 4] }, "scales[0]: expected at most 16384 channels"],
  [{ classes: "mnist" }, "classes: expected a list of labels", "cifar10, cifar100, imagenet"],
];

for (const [changes, ...parts] of REFUSED) {
  Deno.test(`parseSpec() refuses an MSDNet with ${JSON.stringify(changes).slice(0, 90)}`, () => {
    const { message } = assertThrows(() => resolveSpec({ ...TINY, ...changes }), RanetError);
    for (const part of parts) assertStringIncludes(message, part);
  });
}

Deno.test("any MSDNet is equal to its document and template", () => {
  const documents = fc.record({
    stem: fc.constantFrom("conv3x3", "conv7x7-pool"),
    input: fc.record({ size: fc.integer({ min: 40, max: 70 }) }),
    classes: fc.constantFrom(2, 7, "cifar10", "cifar100", "imagenet", ["a", "b"]),
    growth: fc.constantFrom(2, 4, 6),
    layers: fc.oneof(
      fc.record({
        mode: fc.constantFrom("even", "linear"),
        blocks: fc.integer({ min: 1, max: 4 }),
        base: fc.integer({ min: 1, max: 4 }),
        step: fc.integer({ min: 1, max: 3 }),
      }),
      fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 3 }),
    ),
    prune: fc.constantFrom("max", "min"),
    reduction: fc.constantFrom(0, 0.5, 0.7, 1),
  });
  let valid = 0;
  fc.assert(fc.property(documents, fc.boolean(), (document, listed) => {
    let spec: ValidMsdnet;
    try {
      spec = resolveWith(document);
      if (listed) spec = resolveWith({ ...document, prune: spec.remaining });
    } catch (error) {
      assert(error instanceof RanetError, String(error));
      return;
    }
    valid++;
    assertEquals<unknown>(resolveSpec(documentOf(spec)), spec);
    assertEquals<unknown>(parseSpec(specTemplate(spec)), spec);
  }));
  assert(valid > 20, `only ${valid} documents were valid`);
});

Deno.test("classes may be named sets of labels", () => {
  const { classes } = resolveWith({ classes: "imagenet" });
  assertEquals([classes.length, new Set(classes).size], [1000, 1000]);
  // In PyTorch's order.
  assertEquals([0, 1, 281, 817, 999].map((i) => classes[i]), [
    "tench",
    "goldfish",
    "tabby",
    "sports car",
    "toilet tissue",
  ]);
});

Deno.test("each flag of MSDNet's authors sets its key", () => {
  const spec = asMsdnet(parseSpec(specFromOfficialFlags(
    "-a msdnet --data cifar100 --nBlocks 3 --base 2 --step 2 --stepmode even --nChannels 12 --growthRate 8 " +
      "--grFactor 1-2-3 --bnFactor 1-3-4 --prune min --reduction .75 --use-valid --gpu 0 -b 64 --bottleneck True",
  )));
  assertEquals(spec.name, "msdnet-cifar100");
  assertEquals(spec.scales, [
    { growthFactor: 3, bottleneck: 4 },
    { growthFactor: 2, bottleneck: 3 },
    { growthFactor: 1, bottleneck: 1 },
  ]);
  assertEquals([spec.channels, spec.growth, spec.reduction], [12, 8, 0.75]);
  assertEquals([spec.layers, spec.remaining, spec.transitions], [[2, 2, 2], [3, 3, 3, 3, 2, 1], [2, 4]]);
  assertEquals(spec.classes.length, 100);
});

for (
  const [flags, part] of [
    ["--bnFactor 1-2", "--bnFactor has 2 entries and --grFactor 3"],
    ["--stepmode lg", '--stepmode is "lg", expected even or lin_grow'],
    ["--prune none", '--prune is "none", expected min or max'],
    ["--scale-list 1-2-3", '"--scale-list" is not a flag of the authors\' code'],
    ["--grFactor 0-1-2", "scales[2].growth_factor: expected a whole number from 1 to 64, found 0"],
  ]
) {
  Deno.test(`specFromOfficialFlags() refuses an MSDNet's flags ${flags}`, () => {
    const { message } = assertThrows(() => specFromOfficialFlags(`--arch msdnet ${flags}`), RanetError);
    assertStringIncludes(message, part);
  });
}

Deno.test("the finest scales of the last layers before an exit are not run", () => {
  const { exits } = buildNetwork(resolveWith({ prune: "min", reduction: 0 }));
  assert(exits[0].cumulativeRunFlops < exits[0].cumulativeFlops);
  const spared = exits.map(({ cumulativeFlops, cumulativeRunFlops }) => cumulativeFlops - cumulativeRunFlops);
  // An exit directly after layer n does not read that layer's finer scale. By hand: a bottleneck from 8 + 6 · 3 channels to
  // 6 of 32 × 32 pixels, with its ReLUs.
  assertEquals(spared[0], (26 * 6 + 6 * 9 * 6 + 6 + 6) * 32 ** 2);
  assertEquals(spared[2], 0);
});
