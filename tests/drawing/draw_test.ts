import { assert, assertEquals, assertFalse, assertMatch, assertStringIncludes } from "@std/assert";
import fc from "fast-check";
import { XMLParser, XMLValidator } from "fast-xml-parser";
import { drawNetwork } from "../../lib/drawing/draw.ts";
import { layOut } from "../../lib/drawing/layout.ts";
import { BUNDLED_SPECS, readSpec } from "../../lib/model/read_spec.ts";
import { buildNetwork } from "../../lib/network/build.ts";
import { buildUnchecked } from "../../lib/network/families.ts";
import { randomMsdnets, randomRanets } from "./networks.ts";

const cifar = buildNetwork(await readSpec("ranet-cifar10"));

/** Number of elements that have a class and belong to an exit. */
function count(svg: string, name: string): number {
  return svg.match(new RegExp(`class="${name}" data-exit="\\d+"`, "g"))?.length ?? 0;
}

Deno.test("every drawing is well-formed XML with one element per part of the network", () => {
  fc.assert(
    fc.property(randomRanets, (spec) => {
      const network = buildUnchecked(spec);
      const svg = drawNetwork(network);
      assertEquals(XMLValidator.validate(svg), true);
      const { subnetworks } = spec;
      const fusions = subnetworks.flatMap(({ fusion }) => fusion);
      assertEquals(count(svg, "fusion up-conv"), fusions.filter((kind) => kind === "up-conv").length);
      assertEquals(count(svg, "fusion down-conv"), fusions.filter((kind) => kind === "down-conv").length);
      assertEquals(count(svg, "transition"), subnetworks.flatMap(({ transitions }) => transitions).length);
      assertEquals(count(svg, "exit"), network.exits.length);
      assertEquals(count(svg, "base"), subnetworks.length);
      assertEquals(count(svg, "block [a-z-]+"), subnetworks.reduce((sum, { blocks }) => sum + blocks, 0));
      for (const { cost } of layOut(network).exits) assertStringIncludes(svg, `>${cost}<`);
      assertFalse(/NaN|undefined|Infinity/.test(svg));
    }),
    { numRuns: 50 },
  );
});

Deno.test("a drawing of an MSDNet has a box per scale and group of layers, and marks dropped scales", () => {
  fc.assert(
    fc.property(randomMsdnets, (spec) => {
      const network = buildUnchecked(spec);
      const svg = drawNetwork(network);
      assertEquals(XMLValidator.validate(svg), true);
      assertEquals(count(svg, "base"), spec.scales.length);
      assertEquals(count(svg, "exit"), spec.layers.length);
      assertEquals(svg.match(/>dropped</g)?.length ?? 0, spec.scales.length - spec.remaining.at(-1)!);
      // The boxes of each scale have as many layers as the scale.
      spec.scales.forEach((_, s) => {
        const own = network.blocks.filter(({ row }) => row === s);
        const depth = spec.remaining.filter((left) => left >= spec.scales.length - s).length;
        assertEquals(own.reduce((sum, block) => sum + block.depth, 0), depth);
      });
      assertFalse(/NaN|undefined|Infinity/.test(svg));
    }),
    { numRuns: 50 },
  );
});

Deno.test("a drawing has a title, a description and a dark style", () => {
  const svg = drawNetwork(cifar);
  assertMatch(svg, /^<svg [^>]*role="img"[^>]*>\n<title>ranet-cifar10: RANet, 3 sub-networks, 6 exits<\/title>/);
  assertStringIncludes(svg, "exit 1 8.36 M, exit 2 21.77 M, exit 3 32.84 M");
  assertStringIncludes(svg, "@media (prefers-color-scheme:dark)");
  assertFalse(/url\(|href|\bid=/.test(svg), "nothing to fetch, and no ids that clash when two drawings share a page");
});

Deno.test("a network's name is escaped in a drawing", () => {
  const name = `</title><script>alert("1")</script>&amp;\u0000\ud800'`;
  const svg = drawNetwork({ ...cifar, spec: { ...cifar.spec, name } });
  assertEquals(XMLValidator.validate(svg), true);
  assertFalse(svg.includes("<script"));
  const parsed = new XMLParser({ processEntities: true }).parse(svg);
  assert(parsed.svg.title.startsWith(`</title><script>alert("1")</script>&amp;\ufffd\ufffd'`));
});

for (const name of ["ranet-cifar10", "msdnet-imagenet-step4"]) {
  Deno.test(`docs/${name}.svg is up to date`, async () => {
    const file = new URL(`../../docs/${name}.svg`, import.meta.url);
    const drawing = drawNetwork(buildNetwork(await readSpec(name)));
    assertEquals(await Deno.readTextFile(file), drawing, `run: ./ranet draw ${name} --out docs/${name}.svg`);
  });
}

Deno.test("every bundled spec can be drawn", async () => {
  for (const name of BUNDLED_SPECS) {
    const svg = drawNetwork(buildNetwork(await readSpec(name)));
    assertEquals(XMLValidator.validate(svg), true);
    assertStringIncludes(svg, `>${name}</text>`);
  }
});
