import { assert, assertEquals, assertLessOrEqual } from "@std/assert";
import fc from "fast-check";
import { RanetError } from "../../lib/errors.ts";
import type { ArchitectureSpec } from "../../lib/network/architecture.ts";
import { documentOf } from "../../lib/spec/document.ts";
import { parseSpec, resolveSpec } from "../../lib/spec/parse.ts";
import { specTemplate } from "../../lib/spec/template.ts";
import { yamlList, yamlScalar } from "../../lib/spec/yaml_text.ts";
import { wrap } from "../../lib/text/wrap.ts";

const label = fc.oneof(
  fc.string({ minLength: 1, maxLength: 20, unit: "grapheme" }),
  fc.constantFrom("1", "no", "null", "a: b", "# x", "- x", "1/2", "~", "\u2028", "\ufeff", "'", '"', "tiger cat"),
);

/** Documents, most of which are valid. */
const documents = fc.nat(2).chain((extra) =>
  fc.record({
    name: fc.constant("some-name"),
    input: fc.record({ size: fc.integer({ min: 40, max: 70 }), resize: fc.constantFrom(70, 80) }),
    classes: fc.oneof(
      fc.integer({ min: 2, max: 30 }),
      fc.uniqueArray(label, { minLength: 2, maxLength: 20 }),
      fc.constant(["0", "1", "2"]),
    ),
    stem: fc.constantFrom("conv3x3", "conv7x7-pool", { kernel: 5, stride: 2, channels: 3 }, {
      kernel: 7,
      stride: 2,
      pool: true,
    }),
    base_features: fc.array(fc.integer({ min: 4, max: 9 }), { minLength: extra + 1, maxLength: extra + 1 }).map(
      (channels) => channels.map((channels, s) => ({ scale: s === extra ? 1 : `1/${2 ** (extra - s)}`, channels })),
    ),
    subnetworks: fc.array(
      fc.record({
        growth: fc.integer({ min: 4, max: 8 }),
        fusion: fc.constantFrom("auto", "up-conv", ["up-conv", "down-conv"], [], "none"),
        transitions: fc.constantFrom("auto", [], [1]),
        layers: fc.constantFrom(1, 2),
        reduction: fc.constantFrom(0.5, 0.9),
      }, { requiredKeys: ["growth", "fusion", "transitions"] }),
      { minLength: extra + 1, maxLength: extra + 1 },
    ),
    layers: fc.oneof(
      fc.record({ mode: fc.constantFrom("even", "lengthen"), step: fc.integer({ min: 1, max: 3 }) }),
      fc.constantFrom([2, 4], [1, 2, 3, 4], [1, 1, 1, 2], [3, 3]),
    ),
    compress: fc.constantFrom(0.25, 0.5),
    reduction: fc.constantFrom(0.5, 1),
    head: fc.oneof(
      fc.record({ channels: fc.constantFrom("input", 16) }),
      fc.constant([{ channels: 3 }, { channels: 4 }]),
    ),
    exits: fc.constantFrom<unknown>(
      ...["auto", "all", [1, 2], [2, 6], { boosted: true, reweight: 0.75 }, { blocks: [2, 6], boosted: true }],
    ),
    activation: fc.constantFrom("relu", "hard-swish", "silu"),
    dropout: fc.constantFrom(0, 0.2),
  })
);

/** The architecture, or `undefined` for an invalid document. */
function resolved(document: unknown): ArchitectureSpec | undefined {
  try {
    return resolveSpec(document);
  } catch (error) {
    assert(error instanceof RanetError, String(error));
  }
}

Deno.test("any architecture is equal to its document and template", () => {
  let valid = 0;
  fc.assert(
    fc.property(documents, (document) => {
      const spec = resolved(document);
      if (!spec) return;
      valid++;
      assertEquals(resolveSpec(documentOf(spec)), spec);
      assertEquals(parseSpec(specTemplate(spec, { heading: ["one", "two"] })), spec);
    }),
    { numRuns: 500 },
  );
  assert(valid > 10, `only ${valid} documents were valid`);
});

Deno.test("documentOf() keeps rules instead of lists", () => {
  const document = {
    name: "x",
    classes: 3,
    base_features: [{ scale: "1/2", channels: 8 }, { scale: 1, channels: 4 }],
    layers: { mode: "lengthen", step: 2 },
  };
  const { classes, layers, subnetworks } = documentOf(resolveSpec(document));
  assertEquals([classes, layers], [3, document.layers]);
  assertEquals(subnetworks, [
    { blocks: 2, growth: 12, bottleneck: 2, fusion: "auto", transitions: "auto" },
    { blocks: 4, growth: 6, bottleneck: 1, fusion: "auto", transitions: "auto" },
  ]);
});

Deno.test("comments wrap at spaces, and lists between entries", () => {
  assertEquals(wrap("a bb ccc dddd", 4), ["a bb", "ccc", "dddd"]);
  assertEquals(yamlList(["a", 1]), "[a, 1]");
  const long = yamlList(new Array(40).fill(yamlScalar("a  label: of some length")));
  for (const line of long.split("\n")) assertLessOrEqual(line.length, 100);
  assertEquals(yamlScalar("truck"), "truck");
  assertEquals(["no", "1", "a:", "x  y"].map(yamlScalar), ['"no"', '"1"', '"a:"', '"x  y"']);
});
