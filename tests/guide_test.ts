import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { parse as parseYaml } from "@std/yaml/parse";
import { change, costsOf } from "../lib/cli/costs.ts";
import { RanetError } from "../lib/errors.ts";
import { DEFAULT_MODEL, readSpec } from "../lib/model/read_spec.ts";
import { large } from "../lib/text/numbers.ts";
import { documentOf } from "../lib/spec/document.ts";
import { specFromOfficialFlags } from "../lib/spec/official.ts";
import { parseSpec, resolveSpec } from "../lib/spec/parse.ts";
import { partsOf } from "../lib/spec/families.ts";
import { parseRecipe } from "../lib/training/recipe.ts";
import { recipeSchema } from "../lib/training/recipe_schema.ts";
import { jsonSchema } from "../lib/yaml/fields.ts";
import { ranet, withFolder } from "./cli/ranet.ts";

const FOLDER = new URL("../docs/", import.meta.url);
const guide = Deno.readTextFileSync(new URL("guide.md", FOLDER));
const PAGES = {
  ranet: guide,
  msdnet: Deno.readTextFileSync(new URL("msdnet.md", FOLDER)),
};
const base = await readSpec(DEFAULT_MODEL);

/** Cells of table rows whose first cell is code, without padding. */
const rowsOf = (page: string) =>
  [...page.matchAll(/^\| (`[^|]*`) +\|(.*)\|$/gm)].map(([, first, rest]) => [
    first.slice(1, -1),
    ...rest.split(" | ").map((cell) => cell.trim()),
  ]);
const rows = rowsOf(guide);
const blocks = (page: string, language: string) =>
  [...page.matchAll(new RegExp(`\`\`\`${language}\n([^]*?)\`\`\``, "g"))].map((m) => m[1]);

/** Part of a JSON schema. */
interface Node {
  readonly properties?: Readonly<Record<string, Node>>;
  readonly items?: Node;
  readonly anyOf?: readonly Node[];
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly minimum?: number;
  readonly maximum?: number;
}

/** Every key by its path, such as `subnetworks[].growth`. */
function keysOf(node: Node, path = ""): [path: string, node: Node][] {
  const own = Object.entries(node.properties ?? {}).flatMap(([key, child]) => {
    const childPath = path ? `${path}.${key}` : key;
    return [[childPath, child] as [string, Node], ...keysOf(child, childPath)];
  });
  return [
    ...own,
    ...node.items ? keysOf(node.items, `${path}[]`) : [],
    ...(node.anyOf ?? []).flatMap((one) => keysOf(one, path)),
  ];
}

/** The document of ranet-cifar10 with one changed value, and the original value. */
function changed(path: string, value: unknown): [document: unknown, before: unknown] {
  // deno-lint-ignore no-explicit-any -- a document of any shape
  const document: any = structuredClone(documentOf(base));
  // Its default follows from the size.
  delete document.input.resize;
  const keys = path.split(/[.[\]]+/).filter(Boolean);
  const last = keys.pop()!;
  const parent = keys.reduce((node, key) => node[key], document);
  const before = parent[last];
  parent[last] = value;
  return [document, before];
}

const TRAINING = Deno.readTextFileSync(new URL("training.md", FOLDER));

for (
  const [what, page, schema] of [
    ["ranet", PAGES.ranet, partsOf("ranet").schema],
    ["msdnet", PAGES.msdnet, partsOf("msdnet").schema],
    ["a recipe", TRAINING, recipeSchema],
  ] as const
) {
  Deno.test(`the documentation has a row for every key of ${what}, with its range and default`, () => {
    const keys = keysOf(jsonSchema(schema) as Node);
    assert(keys.length > 20);
    for (const [path, { minimum, maximum, default: value, enum: words }] of keys) {
      const row = rowsOf(page).find(([key]) => key === path);
      assert(row, `no row for ${path}`);
      const facts = [
        minimum,
        maximum,
        ...(path.endsWith("scale") ? [] : words ?? []),
        ...typeof value === "object" ? [] : [value],
      ];
      for (const fact of facts.filter((fact) => fact !== undefined)) assertStringIncludes(row.join(" "), String(fact));
    }
  });
}

Deno.test("the costs in docs/guide.md are those of plan", () => {
  const before = costsOf(base);
  const measured = rows.filter(([key]) => key.includes(" → "));
  for (const [key, ...cells] of measured) {
    const [, path, from, to] = /^(\S+): (.*) → (.*)$/.exec(key)!;
    const [document, old] = changed(path, parseYaml(to));
    assertEquals(parseYaml(from), old, key);
    const after = costsOf(resolveSpec(document));
    const totals = [before, after].map(({ exits, params }) => [
      exits[0].cumulativeFlops,
      exits[exits.length - 1].cumulativeFlops,
      params,
    ]);
    assertEquals(cells, totals[1].map((value, i) => `${large(value)} (${change(totals[0][i], value)})`), key);
  }
  assert(measured.length > 15);
});

Deno.test("the error messages in docs/guide.md are current", () => {
  const refused = rows.filter(([key]) => /: /.test(key) && !key.includes(" → "));
  for (const [key, message] of refused) {
    const [, path, value] = /^(\S+): (.*)$/.exec(key)!;
    const error = assertThrows(() => resolveSpec(changed(path, parseYaml(value))[0]), RanetError, undefined, key);
    assertStringIncludes(error.message, message);
  }
  assert(refused.length > 10);
});

Deno.test("the YAML and the flags in the documentation are valid", () => {
  for (const page of Object.values(PAGES)) {
    const examples = blocks(page, "yaml");
    assert(examples.length > 0);
    for (const example of examples) parseSpec(example);
    const lines = [...page.matchAll(/--args "([^"]*)"/g)];
    assert(lines.length > 0);
    for (const [, flags] of lines) specFromOfficialFlags(flags);
  }
  for (const example of blocks(TRAINING, "yaml")) parseRecipe(example);
});

Deno.test("the output of diff in docs/guide.md is current", async () => {
  await withFolder(async (folder) => {
    const file = `${folder}/my-ranet.yaml`;
    await ranet("new", "my-ranet", "--out", file);
    await Deno.writeTextFile(file, (await Deno.readTextFile(file)).replace("mode: lengthen", "mode: even"));
    const { out } = await ranet("diff", "ranet-cifar10", file);
    const [example] = blocks(guide, "text");
    // The table of memory is left out, because every change of the planner affects it.
    for (const part of example.trimEnd().split(/\n\n(?:…\n\n)?/)) assertStringIncludes(out, part);
  });
});

Deno.test("the costs in docs/msdnet.md are those of plan", async () => {
  const costs = [...PAGES.msdnet.matchAll(/^\| \[(msdnet-[^\]]+)\]\([^)]*\) +\|(.*)\|$/gm)];
  assertEquals(costs.length, 6);
  for (const [, name, cells] of costs) {
    const { exits, params } = costsOf(await readSpec(name));
    const flops = [exits[0], exits[exits.length - 1]].map(({ cumulativeFlops }) => large(cumulativeFlops));
    assertEquals(cells.split("|").map((cell) => cell.trim()), [String(exits.length), ...flops, large(params)], name);
  }
});
