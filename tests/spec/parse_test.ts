import { assert, assertEquals, assertLess, assertMatch, assertStringIncludes, assertThrows } from "@std/assert";
import fc from "fast-check";
import { RanetError } from "../../lib/errors.ts";
import type { RanetSpec } from "../../lib/network/ranet/architecture.ts";
import { parseSpec, resolveSpec } from "../../lib/spec/parse.ts";
import { asRanet } from "../fixtures.ts";

const TINY = {
  name: "tiny",
  classes: ["cat", "dog"],
  base_features: [{ scale: "1/2", channels: 16 }, { scale: 1, channels: 8 }],
};

function resolveWith(changes: Record<string, unknown>): RanetSpec {
  return asRanet(resolveSpec({ ...TINY, ...changes }));
}

function messageOf(action: () => unknown): string {
  return assertThrows(action, RanetError).message;
}

Deno.test("parseSpec() fills in the defaults of a short variant", () => {
  const spec = parseSpec(`
    name: tiny
    classes: [cat, dog]
    base_features:
      - { scale: 1/2, channels: 16 }
      - { scale: 1, channels: 8 }
  `);
  assertEquals<unknown>(spec, {
    family: "ranet",
    name: "tiny",
    input: { size: 32, resize: 32, mean: [0.4914, 0.4824, 0.4467], std: [0.2471, 0.2435, 0.2616] },
    classes: ["cat", "dog"],
    stem: "conv3x3",
    baseFeatures: [{ divisor: 2, channels: 16 }, { divisor: 1, channels: 8 }],
    subnetworks: [
      { blocks: 2, growth: 12, bottleneck: 2, fusion: [], transitions: [] },
      { blocks: 4, growth: 6, bottleneck: 1, fusion: ["up-conv", "down-conv"], transitions: [2] },
    ],
    layers: [4, 4, 4, 4],
    compress: 0.25,
    reduction: 0.5,
    head: { channels: 128, pool: "all" },
  });
});

Deno.test("parseSpec() accepts every key", () => {
  const spec = parseSpec(`
    name: wide-1
    input: { size: 64, resize: 72, mean: [0, 0.5, 1], std: [1, 0.5, 0.25] }
    classes: 3
    stem: conv3x3
    base_features: [{ scale: 0.5, channels: 8 }, { scale: 1/2, channels: 8 }, { scale: "1", channels: 4 }]
    subnetworks:
      - { blocks: 2, growth: 8, bottleneck: 3, transitions: [2, 1] }
      - { blocks: 3, growth: 9, bottleneck: 2, fusion: down-conv, transitions: [] }
      - { blocks: 4, growth: 7, bottleneck: 1, fusion: [up-conv, up-conv, down-conv], transitions: auto }
    layers: [1, 2, 3, 1]
    compress: 0.5
    reduction: 1
    head: { channels: input }
  `);
  assertEquals<unknown>(spec, {
    family: "ranet",
    name: "wide-1",
    input: { size: 64, resize: 72, mean: [0, 0.5, 1], std: [1, 0.5, 0.25] },
    classes: ["0", "1", "2"],
    stem: "conv3x3",
    baseFeatures: [{ divisor: 2, channels: 8 }, { divisor: 2, channels: 8 }, { divisor: 1, channels: 4 }],
    subnetworks: [
      { blocks: 2, growth: 8, bottleneck: 3, fusion: [], transitions: [1, 2] },
      { blocks: 3, growth: 9, bottleneck: 2, fusion: ["down-conv", "down-conv"], transitions: [] },
      { blocks: 4, growth: 7, bottleneck: 1, fusion: ["up-conv", "up-conv", "down-conv"], transitions: [2] },
    ],
    layers: [1, 2, 3, 1],
    compress: 0.5,
    reduction: 1,
    head: { channels: "input", pool: "all" },
  });
});

Deno.test("a square size may be a number or a list of two equal numbers", () => {
  const { input } = resolveWith({ input: { size: [40, 40], resize: [44, 44] } });
  assertEquals([input.size, input.resize], [40, 44]);
  assertEquals(resolveWith({ input: { size: 40, resize: [44, 44] } }).input, input);
  const wide = resolveWith({ input: { size: [24, 40], resize: [24, 24 + 20] } });
  assertEquals([wide.input.size, wide.input.resize], [[24, 40], [24, 44]]);
  // For a rectangle, it is the shorter side.
  assertEquals(resolveWith({ input: { size: [24, 40], resize: 40 } }).input.resize, 40);
});

Deno.test("the defaults of input and head follow from the stem", () => {
  const spec = resolveWith({ stem: "conv7x7-pool" });
  assertEquals(spec.input, { size: 224, resize: 256, mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] });
  assertEquals(spec.head, { channels: "input", pool: "all" });
  assertEquals(resolveWith({ stem: "conv7x7-pool", input: { size: 112 } }).input.resize, 128);
  assertEquals(resolveWith({ stem: "conv7x7-pool", input: { size: [112, 224] } }).input.resize, [128, 256]);
});

Deno.test("layers with mode lengthen grow by the step", () => {
  assertEquals(resolveWith({ layers: { mode: "lengthen", step: 3 } }).layers, [3, 6, 9, 12]);
  assertEquals(resolveWith({ layers: { mode: "lengthen" } }).layers, [4, 8, 12, 16]);
});

Deno.test("a sub-network in the middle may have no exit", () => {
  const spec = resolveWith({
    base_features: [{ scale: "1/2", channels: 8 }, { scale: 1, channels: 8 }, { scale: 1, channels: 8 }],
    subnetworks: [{ blocks: 2 }, { blocks: 2 }, {}],
  });
  assertEquals(spec.subnetworks.map(({ blocks }) => blocks), [2, 2, 4]);
});

const subnetworks = (last: Record<string, unknown>, first: Record<string, unknown> = {}) => ({
  subnetworks: [first, last],
});

const REFUSED: readonly [changes: Record<string, unknown>, ...messageParts: string[]][] = [
  // Shape
  [{ foo: 1 }, 'unknown key "foo"', "the keys here are family, name, input"],
  [subnetworks({ grwoth: 4 }), 'subnetworks[1]: unknown key "grwoth", did you mean growth?'],
  [{ layers: { mod: "even" } }, 'layers: unknown key "mod", did you mean mode?'],
  [{ "<<": { name: "tiny" } }, "merge keys (<<) are not supported; write the keys out"],
  [{ base_features: [{ "<<": {} }] }, "base_features[0]: merge keys (<<) are not supported; write the keys out"],
  [{ classes: ["a", "b".repeat(201)] }, "classes[1]: expected a label of 1 to 200 characters"],
  [{ $schema: 1 }, "$schema: expected the path or URL of a schema, found 1"],
  [{ name: undefined }, "name: missing, expected lower-case letters"],
  [{ base_features: [{ channels: 8 }] }, "base_features[0].scale: missing, expected 1, 1/2"],
  [{ name: "Tiny net" }, "name: expected lower-case letters", 'found "Tiny net"'],
  [{ name: "../x" }, "name: expected"],
  [{ name: 7 }, "name: expected", "found 7"],
  [{ name: "a".repeat(65) }, "name: expected at most 64 characters"],
  [{ classes: "cat" }, "classes: expected a list of labels", 'found "cat"'],
  [{ classes: 1 }, "classes: expected a whole number from 2 to 100000, found 1"],
  [{ classes: 100_001 }, "classes: expected", "found 100001"],
  [{ classes: ["cat", 1] }, "classes[1]: expected a label", "found 1"],
  [{ classes: ["cat", "d\u001b[2Jog"] }, "classes[1]: expected a label"],
  [{ classes: ["a", "b", "a"] }, 'classes: expected each label once, found "a" again'],
  [{ stem: null }, "stem: expected conv3x3, conv7x7-pool, or a mapping with the keys kernel, stride", "found nothing"],
  [{ input: { size: 1e9 } }, "input.size: expected a whole number from 5 to 1024, found 1000000000"],
  [{ input: { size: 32.5 } }, "input.size: expected a whole number"],
  [
    { input: { size: "wide" } },
    "input.size: expected a whole number from 5 to 1024, or a list of two, [height, width]",
  ],
  [{ input: { size: [32] } }, "input.size: expected a list of 2 sides, found a list of 1"],
  [{ input: { size: [32, 4] } }, "input.size[1]: expected a whole number from 5 to 1024, found 4"],
  [{ input: { resize: [40, 31] } }, "input.resize: expected at least the size, 32, found [40, 31]"],
  [{ input: { size: [32, 40], resize: 36 } }, "input.resize: expected at least the size, [32, 40], found 36"],
  [{ input: { size: [32, 40], resize: [50, 39] } }, "expected at least the size, [32, 40], found [50, 39]"],
  [{ input: { mean: [0, 0] } }, "input.mean: expected 3 numbers, one per channel, found 2"],
  [{ input: { channels: 1, std: [1, 1] } }, "input.std: expected 1 number, one per channel, found 2"],
  [{ input: { channels: 0 } }, "input.channels: expected a whole number from 1 to 512, found 0"],
  [{ exits: "last" }, "exits: expected auto, all, a list of block numbers, or a mapping with the keys blocks, boosted"],
  [{ exits: { boosted: true, reweight: -0.1 } }, "exits.reweight: expected a number from 0 to 2, found -0.1"],
  [{ exits: { boosted: true, reweight: NaN } }, "exits.reweight: expected a number from 0 to 2, found NaN"],
  [{ exits: { boosted: true, reweight: 3 } }, "exits.reweight: expected a number from 0 to 2, found 3"],
  [{ exits: { boosted: "yes" } }, 'exits.boosted: expected true or false, found "yes"'],
  [{ exits: { boost: true } }, 'exits: unknown key "boost", did you mean boosted?'],
  [{ exits: { reweight: 0.5 } }, "exits.reweight: expected boosted: true with it, found 0.5"],
  [{ exits: { boosted: true, blocks: [6] } }, "exits.boosted: expected more than one exit, found only one"],
  [{ exits: { boosted: true, blocks: [1, 7] } }, "exits.blocks: expected block numbers from 1 to 6, found 7"],
  [{ exits: [1, 7] }, "exits: expected block numbers from 1 to 6, found 7"],
  [{ exits: [1, 5] }, "exits: expected the last block, 6, among them", "found 5 last"],
  [{ exits: [6, 1, 1] }, "exits: expected each block once, found 1 again"],
  [{ head: [{}, {}] }, "head: expected 4 entries, one per exit, found 2"],
  [{ head: { pool: 3 } }, "head.pool: expected all or 2, found 3"],
  [{ stem: { kernel: 5, stride: 4 } }, "stem.stride: expected at most 3 with a kernel of 5×5", "found 4"],
  [{ head: { pool: 2 } }, "head.pool: expected all for an exit that reads more than 12×12 features, found 2 and 16×16"],
  [{ stem: { kernel: 4 } }, "stem.kernel: expected 1, 3, 5, 7, 9 or 11, found 4"],
  [subnetworks({ growth: [8, 8] }), "subnetworks[1].growth: expected 4 entries, one per block, found 2"],
  [subnetworks({ growth: [3, 8, 8, 8] }), "subnetworks[1].growth[0]: expected at least 4, so that"],
  [subnetworks({ growth: [8, "8"] }), 'subnetworks[1].growth[1]: expected a whole number from 1 to 4096, found "8"'],
  [subnetworks({ layers: [1] }), "subnetworks[1].layers: expected 4 entries, one per block, found 1"],
  [
    subnetworks({ compress: [0.5] }),
    "subnetworks[1].compress: expected 2 entries, one per block of the previous sub-network",
  ],
  [subnetworks({ compress: 0.1 }), "subnetworks[1].growth: expected at least 10, so that growth · compress (0.1)"],
  [subnetworks({ reduction: [1, 1] }), "subnetworks[1].reduction: expected 4 entries, one per block, found 2"],
  [{ input: { std: [0, 1, 1] } }, "input.std[0]: expected a number from 0.001 to 1, found 0"],
  [{ input: { size: 64, resize: 32 } }, "input.resize: expected at least the size, 64, found 32"],
  [{ compress: NaN }, "compress: expected a number from 0 to 1, found NaN"],
  [{ compress: 1.01 }, "compress: expected", "found 1.01"],
  [{ reduction: 0 }, "reduction: expected a number above 0", "found 0"],
  [{ reduction: Infinity }, "reduction: expected", "found Infinity"],
  [{ head: { channels: "all" } }, 'head.channels: expected input, or a whole number from 1 to 4096, found "all"'],
  [{ base_features: {} }, "base_features: expected a list of 1 to 8 base features, found a mapping"],
  [{ base_features: [] }, "base_features: expected a list of 1 to 8 base features, found a list of 0"],
  [{ base_features: [{ scale: "1/3", channels: 8 }] }, "base_features[0].scale: expected 1, 1/2, 1/4, … or 1/128"],
  [{ base_features: [{ scale: 1, channels: 5000 }] }, "base_features[0].channels: expected", "found 5000"],
  [subnetworks({ blocks: 65 }), "subnetworks[1].blocks: expected a whole number from 1 to 64, found 65"],
  [
    subnetworks({ fusion: "sideways" }),
    "subnetworks[1].fusion: expected auto, up-conv, down-conv, none, or a list",
    "sideways",
  ],
  [
    subnetworks({ fusion: ["up-conv", "up"] }),
    'subnetworks[1].fusion[1]: expected up-conv, down-conv or none, found "up"',
  ],
  [subnetworks({ transitions: "none" }), "subnetworks[1].transitions: expected auto, or a list of block numbers"],
  // Rules between keys
  [{ base_features: [{ scale: 1, channels: 8 }, { scale: 0.5, channels: 8 }] }, "base_features[1].scale: expected 1"],
  [
    { base_features: [{ scale: "1/4", channels: 8 }, { scale: 1, channels: 8 }] },
    "base_features[0].scale: expected 1/2 or 1",
    "found 1/4",
  ],
  [{ subnetworks: [{}] }, "subnetworks: expected one per base feature, so 2, found 1"],
  [subnetworks({ blocks: 2 }), "subnetworks[1].blocks: expected more than the 2", "needs its own exit"],
  [subnetworks({ blocks: 1 }), "subnetworks[1].blocks: expected at least the 2"],
  [subnetworks({ growth: 3 }), "subnetworks[1].growth: expected at least 4", "growth · compress", "found 3"],
  [subnetworks({ fusion: ["up-conv"] }), "subnetworks[1].fusion: expected 2 entries", "found 1"],
  [
    subnetworks({}, { fusion: "up-conv" }),
    "subnetworks[0].fusion: expected none, because the first sub-network has no",
  ],
  [
    subnetworks({}, { fusion: ["up-conv"] }),
    "subnetworks[0].fusion: expected none, because the first sub-network has no",
  ],
  [subnetworks({ transitions: [1, 1] }), "subnetworks[1].transitions: expected each block once, found 1 again"],
  [subnetworks({ transitions: [5] }), "subnetworks[1].transitions: expected block numbers from 1 to 4, found 5"],
  [{ layers: [1, 2, 3] }, "layers: expected 4 entries", "found 3"],
  [
    { ...subnetworks({ blocks: 64 }, { blocks: 63 }), layers: { mode: "even", step: 64 } },
    "layers: expected at most 4096 layers in the blocks of all sub-networks, found 8128",
  ],
  [{ layers: { mode: "lengthen", step: 20 } }, "layers: expected at most 64 layers in a block, found 80 in block 4"],
  [{ input: { size: 8 } }, "subnetworks[0]: expected exits that read at least 5×5 features, found 4×4", "input.size"],
  [
    { ...subnetworks({ fusion: "down-conv" }), input: { size: 16 } },
    "subnetworks[1]: expected exits that read at least 5×5 features, found 4×4",
  ],
  [{ reduction: 0.001 }, "reduction: expected a share that keeps at least one channel", "subnetworks[1], block 2"],
  [subnetworks({ growth: 4096 }), "subnetworks[1]: expected at most 16384 channels"],
];

for (const [changes, ...parts] of REFUSED) {
  Deno.test(`parseSpec() refuses ${JSON.stringify(changes).slice(0, 100)}`, () => {
    const message = messageOf(() => resolveSpec({ ...TINY, ...changes }, { source: "x.yaml" }));
    assertMatch(message, /^Cannot read spec x\.yaml:/);
    for (const part of parts) assertStringIncludes(message, part);
  });
}

Deno.test("parseSpec() accepts input sizes down to the smallest that a head can read", () => {
  assertEquals(resolveWith({ input: { size: 9 } }).input.size, 9);
  messageOf(() => resolveWith({ input: { size: 8 } }));
  // 33 → 17 → 9 by the stem, → 5 by the scale or the down-conv block.
  const spec = { ...TINY, stem: "conv7x7-pool", input: { size: 33 } };
  assertEquals(resolveSpec(spec).input.size, 33);
  messageOf(() => resolveSpec({ ...spec, input: { size: 32 } }));
});

Deno.test("several problems are listed one per line, up to a limit", () => {
  const message = messageOf(() => resolveWith({ stem: "conv", compress: 2 }));
  assertEquals(message.split("\n"), [
    "Cannot read spec:",
    '  stem: expected conv3x3, conv7x7-pool, or a mapping with the keys kernel, stride, channels, pool, found "conv"',
    "  compress: expected a number from 0 to 1, found 2",
  ]);
  const many = messageOf(() => resolveWith({ classes: Array.from({ length: 5000 }, () => 7) }));
  assertStringIncludes(many, "… and 4990 more");
  assertLess(messageOf(() => resolveWith({ name: "A".repeat(10_000) })).length, 300);
});

Deno.test("a problem that occurs several times is reported once", () => {
  for (const changes of [{ classes: 1e23 }, { classes: ["a", "a", "a", "b"] }]) {
    assertEquals(messageOf(() => resolveWith(changes)).match(/classes: expected/g)?.length, 1);
  }
});

Deno.test("a label has up to 200 characters, of any Unicode plane", () => {
  assertEquals(resolveWith({ classes: ["😀".repeat(200), "é"] }).classes.length, 2);
  messageOf(() => resolveWith({ classes: ["😀".repeat(201), "é"] }));
});

Deno.test("the key $schema is ignored", () => {
  assertEquals(resolveWith({ $schema: "./ranet.schema.json" }), resolveWith({}));
});

const alias = (depth: number): string =>
  "x0: &a0 [1]\n" +
  Array.from({ length: depth }, (_, i) => `x${i + 1}: &a${i + 1} [${Array(10).fill(`*a${i}`).join(", ")}]\n`).join("");

const HOSTILE: readonly [what: string, text: string, part: string][] = [
  ["unclosed bracket", "name: [a\n", "not valid YAML"],
  ["duplicate key", "name: a\nname: b\n", "not valid YAML"],
  ["unknown alias", "name: *a\n", "not valid YAML"],
  ["unknown tag", "!!js/function x\n", "not valid YAML"],
  ["two documents", "--- 1\n--- 2\n", "not valid YAML"],
  ["brackets without end", "[".repeat(200_000), "not valid YAML"],
  ["empty", "", "expected a mapping"],
  ["text", "hello", 'found "hello"'],
  ["list", "- 1", "found a list of 1"],
  ["alias bomb", alias(10), "remove aliases that multiply"],
  ["alias inside itself", "a: &a [*a]", "remove aliases that multiply"],
  ["too long", "#".repeat(300_000), "expected at most 262144 characters, found 300000"],
];

for (const [what, text, part] of HOSTILE) {
  Deno.test(`parseSpec() refuses YAML with ${what}`, () => {
    assertStringIncludes(messageOf(() => parseSpec(text)), part);
  });
}

Deno.test("a syntax error is reported with its line", () => {
  assertMatch(messageOf(() => parseSpec("name: a\nclasses: 2\nclasses: 3\n")), /\b3\b/);
});

Deno.test("a __proto__ key does not change prototypes", () => {
  const text = "name: a\nclasses: 2\nbase_features: [{ scale: 1, channels: 4 }]\n";
  assertEquals(parseSpec(text).stem, "conv3x3");
  messageOf(() => parseSpec(`${text}__proto__: { stem: conv7x7-pool }\n`));
  assert(!("stem" in Object.prototype));
});

Deno.test("parsing any object gives an architecture or a RanetError", () => {
  const value = fc.oneof(fc.jsonValue(), fc.constantFrom("auto", "1/2", 1, [], {}, 2, "down-conv"));
  const documents = fc.dictionary(
    fc.constantFrom("name", "input", "classes", "base_features", "subnetworks", "layers", "head", "stem", "x"),
    value,
  );
  fc.assert(fc.property(documents, (document) => {
    try {
      assertEquals(typeof resolveWith(document).name, "string");
    } catch (error) {
      assert(error instanceof RanetError, String(error));
    }
  }));
});
