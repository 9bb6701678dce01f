import { assert, assertEquals, assertGreater, assertInstanceOf } from "@std/assert";
import { Ajv } from "ajv";
import fc from "fast-check";
import { RanetError } from "../../lib/errors.ts";
import { specJsonSchema } from "../../lib/spec/json_schema.ts";
import { resolveSpec } from "../../lib/spec/parse.ts";
import { specSchema } from "../../lib/spec/families.ts";
import { parseRecipe } from "../../lib/training/recipe.ts";
import { recipeJsonSchema, recipeSchema } from "../../lib/training/recipe_schema.ts";

Deno.test("specs/ranet.schema.json is up to date", () => {
  const file = Deno.readTextFileSync(new URL("../../specs/ranet.schema.json", import.meta.url));
  assertEquals(file, specJsonSchema(), "run `deno task schema`");
});

Deno.test("every key has a description, which editors show as Markdown without escapes", () => {
  const wrong: string[] = [];
  const visit = (node: unknown, path: string): void => {
    if (typeof node !== "object" || node === null) return;
    const { properties } = node as { properties?: Record<string, Record<string, unknown>> };
    for (const [key, { description, markdownDescription }] of Object.entries(properties ?? {})) {
      if (!description || markdownDescription !== description || /\\/.test(String(description))) {
        wrong.push(`${path}.${key}`);
      }
    }
    for (const [key, child] of Object.entries(node)) if (key !== "if") visit(child, `${path}.${key}`);
  };
  visit(JSON.parse(specJsonSchema()), "");
  visit(JSON.parse(recipeJsonSchema()), "recipe");
  assertEquals(wrong, []);
});

/** A document with every key. */
const RANET = {
  $schema: "./ranet.schema.json",
  family: "ranet",
  name: "all",
  input: { size: 40, channels: 3, resize: 44, mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] },
  classes: ["cat", "dog"],
  stem: { kernel: 3, stride: 1, channels: 4, pool: false },
  base_features: [{ scale: "1/2", channels: 8 }, { scale: 1, channels: 8 }],
  subnetworks: [
    { blocks: 1, growth: [4], bottleneck: 2, fusion: "auto", transitions: [1], layers: [2], reduction: 0.5 },
    { blocks: 2, growth: 4, bottleneck: 2, fusion: ["up-conv"], transitions: "auto", compress: [0.5] },
  ],
  layers: { mode: "even", step: 1 },
  compress: 0.25,
  reduction: 0.5,
  exits: { blocks: [1, 3], boosted: true, reweight: 0.5 },
  head: [{ channels: 8, pool: "all" }, { channels: "input" }],
  activation: "silu",
  dropout: 0.2,
};
const MSDNET = {
  family: "msdnet",
  name: "all",
  input: { size: 40, resize: 44, mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] },
  classes: 3,
  stem: "conv3x3",
  scales: [{ scale: "1/2", growth_factor: 2, bottleneck: 2 }, { scale: 1, growth_factor: 1, bottleneck: 1 }],
  channels: 4,
  growth: 4,
  layers: { mode: "even", blocks: 2, base: 2, step: 1 },
  prune: "max",
  reduction: 0.5,
  head: { channels: "input" },
};
const RECIPE = {
  $schema: "./recipe.schema.json",
  name: "all",
  epochs: 3,
  batch: 8,
  optimizer: { kind: "sgd", momentum: 0.9, nesterov: true, weight_decay: 0.1, decay: "all" },
  schedule: { kind: "multistep", rate: 0.1, milestones: [0.5], factor: 0.1, warmup: 0.1 },
  loss: {
    exits: [1, 0.5],
    label_smoothing: 0.1,
    distillation: { teacher: "last-exit", weight: 0.5, temperature: 3 },
  },
  augment: { crop: 4, flip: true },
  average: 0.9,
  gradients: "plain",
  train: "all",
  shuffle: true,
  seed: 1,
};

// deno-lint-ignore no-explicit-any -- documents of any shape
type Any = any;

/** Values that a person or a tool might write. */
const values = fc.oneof(
  fc.constantFrom<Any>(...[
    ...[
      0,
      1,
      2,
      3,
      -1,
      0.5,
      1.5,
      64,
      65,
      4096,
      1e6,
      1e23,
      0.001,
      true,
      false,
      null,
      "",
      "auto",
      "all",
      "none",
      "input",
    ],
    ...["1", "1/2", "1/3", 0.25, "up-conv", "down-conv", "ranet", "msdnet", "resnet", "max", "min", "even", "lengthen"],
    ...["linear", "conv3x3", "conv7x7-pool", "cifar10", "imagenet", "cosine", "one-cycle", "My Net", "a-b", "x--y"],
    ...[[], {}, [1], [1, 2], [0], ["up-conv"], ["a", "b"], [1, "a"], [0.5, 0.5, 0.5], [[1]], { size: 3 }, { step: 2 }],
    ...[{ blocks: 2 }, { mode: "even", step: 2 }, { channels: 4 }, { scale: 1, channels: 2 }, ["😀".repeat(200), "b"]],
    ...[["a".repeat(201), "b"], ["\u0085", "b"]],
  ]),
  fc.integer({ min: -5, max: 70 }),
  fc.double({ min: -0.5, max: 1.5, noNaN: true }),
);

/** A document in which one or two parts are replaced, removed or added. */
function changed(document: Any): fc.Arbitrary<Any> {
  const change = fc.record({
    path: fc.array(fc.nat(20), { minLength: 1, maxLength: 3 }),
    value: values,
    how: fc.nat(7),
  });
  return fc.array(change, { minLength: 1, maxLength: 2 }).map((changes) => {
    const copy = structuredClone(document);
    for (const { path, value, how } of changes) {
      let node = copy;
      let key: string | undefined;
      for (const step of path) {
        const keys = Object.keys(node);
        if (keys.length === 0) break;
        if (key !== undefined) {
          if (typeof node[key] !== "object" || node[key] === null || Object.keys(node[key]).length === 0) break;
          node = node[key];
        }
        key = Object.keys(node)[step % Object.keys(node).length];
      }
      if (key === undefined) continue;
      if (how === 0 && !Array.isArray(node)) delete node[key];
      else if (how === 1) node[Array.isArray(node) ? node.length : "extra"] = structuredClone(value);
      else node[key] = structuredClone(value);
    }
    return copy;
  });
}

/** Rules between keys, which no schema expresses: the only reasons to refuse a document that editors accept. */
const CROSS_FIELD = [
  /input\.resize: expected at least the size/,
  /classes: expected each label once/,
  /(base_features|scales)\[\d+\]\.scale: expected .*(finest|half of the next)/,
  /subnetworks: expected one per base feature/,
  /blocks: expected (at least|more than) the/,
  /growth: expected at least .*compress/,
  /fusion: expected (none, because the first|\d+ entries)/,
  /transitions: expected (block numbers from|each block once)/,
  /(layers|growth|compress|reduction|head): expected \d+ entries/,
  /layers: expected at most/,
  /exits(\.blocks)?: expected (each block once|block numbers from|the last block)/,
  /exits\.boosted: expected more than one exit/,
  /exits\.reweight: expected boosted: true/,
  /input\.(mean|std): expected \d+ number/,
  /stem\.stride: expected at most/,
  /head(\[\d+\])?\.pool: expected all for/,
  /expected exits that read at least/,
  /expected at most 16384 channels/,
  /reduction: expected a share that keeps at least one channel/,
  /growth_factor: expected an even number/,
  /prune(\[\d+\])?: expected (\d+ entries|at most)/,
  /steps: expected either epochs or steps/,
  /nesterov: expected with momentum above 0/,
  /schedule\.(milestones|factor): expected (only with kind multistep|ascending)/,
  /loss\.exits: expected a weight above 0/,
  /augment\.(crop: expected either|resized_crop: expected the smaller)/,
];

const KINDS = [
  ["RANet", RANET, specJsonSchema(), specSchema, resolveSpec],
  ["MSDNet", MSDNET, specJsonSchema(), specSchema, resolveSpec],
  ["recipe", RECIPE, recipeJsonSchema(), recipeSchema, (document: Any) => parseRecipe(JSON.stringify(document))],
] as const;

for (const [what, whole, text, validator, resolve] of KINDS) {
  Deno.test(`any document of a ${what}: schema and validator agree, except for rules between keys`, () => {
    const isValid = new Ajv({ strict: false }).compile(JSON.parse(text));
    assert(isValid(whole), JSON.stringify(isValid.errors));
    resolve(whole);
    const counts = { refused: 0, accepted: 0 };
    fc.assert(
      fc.property(changed(whole), (document) => {
        const accepted = isValid(document);
        counts[accepted ? "accepted" : "refused"]++;
        assertEquals(accepted, validator.safeParse(document).success);
        if (!accepted) return;
        try {
          resolve(document);
        } catch (error) {
          assertInstanceOf(error, RanetError);
          const [, ...problems] = error.message.split(/\n {2}|(?<=^Cannot read \w+): /);
          assertGreater(problems.length, 0, error.message);
          for (const problem of problems) {
            assert(CROSS_FIELD.some((rule) => rule.test(problem)), problem);
          }
        }
      }),
      { numRuns: 400 },
    );
    assertGreater(Math.min(counts.refused, counts.accepted), 10);
  });
}
