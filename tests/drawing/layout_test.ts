import { assert, assertEquals, assertGreaterOrEqual, assertLessOrEqual, assertStringIncludes } from "@std/assert";
import fc from "fast-check";
import { layOut } from "../../lib/drawing/layout.ts";
import { type Box, COST_OFFSET, EXIT_RADIUS, FONT, type Layout, type Point } from "../../lib/drawing/picture.ts";
import { clip, textWidth } from "../../lib/drawing/text.ts";
import { readSpec } from "../../lib/model/read_spec.ts";
import { buildNetwork } from "../../lib/network/build.ts";
import { shapeText } from "../../lib/network/size.ts";
import { changeSpec, type SpecChanges } from "../../lib/spec/change.ts";
import { buildUnchecked } from "../../lib/network/families.ts";
import { randomNetworks, randomRanets } from "./networks.ts";

/** Areas of text and other marks that must stay readable. */
function marks(layout: Layout): Box[] {
  const line = ({ x, y }: Point, text: string, size: number): Box => ({
    x,
    y: y - 0.8 * size,
    width: textWidth(text, size),
    height: size,
  });
  const below = (x: number, y: number, text: string) =>
    line({ x: x - textWidth(text, FONT.text) / 2, y }, text, FONT.text);
  return [
    line(layout.title, layout.title.text, FONT.title),
    ...[...layout.totals, ...layout.names].map((label) => line(label, label.text, FONT.text)),
    ...[...layout.legend, ...layout.notes, layout.stem].map((label) => line(label, label.text, FONT.small)),
    ...layout.headings.map(({ x, y, lines: [name] }) => below(x, y, name)),
    layout.image,
    ...layout.bases,
    ...layout.blocks,
    ...layout.transitions,
    ...layout.exits.flatMap(({ x, y, cost }) => [
      { x: x - EXIT_RADIUS, y: y - EXIT_RADIUS, width: 2 * EXIT_RADIUS, height: 2 * EXIT_RADIUS },
      line({ x: x + EXIT_RADIUS + 4, y: y + 4 }, cost, FONT.text),
    ]),
  ];
}

const overlap = (a: Box, b: Box) =>
  a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;

Deno.test("marks are inside the picture and do not overlap, and text fits its box", () => {
  fc.assert(
    fc.property(randomNetworks, (network) => {
      const layout = layOut(network);
      const { width, height, panels, blocks, bases, image } = layout;
      const placed = marks(layout);
      for (const { x, y, width: w, height: h } of [...placed, ...panels]) {
        assert(x >= 0 && y >= 0 && x + w <= width && y + h <= height);
      }
      placed.forEach((a, i) => placed.slice(0, i).forEach((b) => assert(!overlap(a, b), JSON.stringify([a, b]))));
      panels.forEach((a, i) => panels.slice(0, i).forEach((b) => assert(!overlap(a, b))));
      for (const box of [image, ...bases, ...blocks]) {
        assertLessOrEqual(textWidth(shapeText(box), FONT.small), box.width);
      }
    }),
    { numRuns: 50 },
  );
});

Deno.test("a drawing names the kind of dense layers", async () => {
  const spec = await readSpec("ranet-cifar10-micro");
  const totals = (changes: SpecChanges) =>
    layOut(buildNetwork(changeSpec(spec, changes as SpecChanges<typeof spec>))).totals.map(({ text }) => text).join(
      " ",
    );
  assertEquals(/depthwise|squeeze/.test(totals({})), false);
  assertStringIncludes(totals({ depthwise: true, kernel: 5, seRatio: 0.25 }), "depthwise 5×5 squeeze-and-excitation");
  const head = { channels: 8, pool: "all", depthwise: true } as const;
  assertStringIncludes(totals({ depthwise: true, kernel: 7, head }), "depthwise 3×3, 7×7");
});

Deno.test("arrows connect the sides of boxes and do not cross text", () => {
  fc.assert(
    fc.property(randomNetworks, (network) => {
      const layout = layOut(network);
      const { blocks, bases, image, links, wires, names, exits } = layout;
      const ends = [...blocks, ...bases, image];
      for (const { from, to } of links) {
        if (from.x === to.x) {
          assert(blocks.some(({ x, y, width, height }) => from.x === x + width / 2 && from.y === y + height));
          assert(blocks.some(({ x, y, width }) => to.x === x + width / 2 && to.y === y));
        } else {
          assert(ends.some(({ x, y, width, height }) => from.x === x + width && from.y === y + height / 2));
          assert(blocks.some(({ x, y, height }) => to.x === x && to.y > y && to.y < y + height));
        }
      }
      for (const { from, to } of wires) {
        const touches = ({ x, y }: Point) =>
          ends.some((box) => x >= box.x && x <= box.x + box.width && y >= box.y && y <= box.y + box.height);
        assert(touches(from) && touches(to));
      }
      assertEquals(wires.length, bases.length + blocks.length);
      const costs = exits.map(({ x, y, cost: text }) => ({ x: x + COST_OFFSET, y, text }));
      for (const { from, to } of links.filter(({ from, to }) => from.x === to.x)) {
        for (const { x, y, text } of [...names, ...costs]) {
          const crosses = y > from.y && y < to.y && x + textWidth(text, FONT.text) > from.x;
          assert(!crosses || x > from.x, text);
        }
      }
    }),
    { numRuns: 50 },
  );
});

Deno.test("each part belongs to the first exit that needs it", () => {
  fc.assert(
    fc.property(randomRanets.map(buildUnchecked), (network) => {
      const { blocks, exits } = layOut(network);
      network.exits.forEach(({ block, size, channels, layers }, k) => {
        const own = blocks[block];
        assertEquals([own.exit, own.size, own.channels], [k + 1, size, channels]);
        assertEquals(exits[k].flops, network.exits[k].cumulativeFlops);
        // The names are of the blocks that the authors compute for this exit; no earlier exit needs them.
        const computed = new Set(
          layers.flatMap((layer) => "name" in layer ? layer.name.match(/^scale_flows\.\d+\.\d+/) ?? [] : []),
        );
        const drawn = network.blocks.filter(({ row, column }) => computed.has(`scale_flows.${row}.${column}`));
        assertEquals(drawn.length, computed.size);
        assert(drawn.every(({ exit }) => exit >= k));
      });
    }),
    { numRuns: 50 },
  );
});

Deno.test("the layout of the published CIFAR-10 network has the expected boxes", async () => {
  const network = buildNetwork(await readSpec("ranet-cifar10"));
  const { bases, blocks, exits, transitions } = layOut(network);
  assertEquals(bases.map(shapeText), ["8×8×64", "16×16×32", "32×32×16"]);
  const finest = network.blocks.filter(({ row }) => row === 2);
  assertEquals(finest.map(({ kind }) => kind), ["up-conv", "down-conv", "up-conv", "down-conv", "conv", "conv"]);
  assertEquals(finest.map(({ transition }) => transition), [false, true, false, true, false, false]);
  assertEquals(shapeText(blocks[11]), "8×8×218");
  assertEquals(exits.map(({ cost }) => cost), ["8.36 M", "21.77 M", "32.84 M", "41.52 M", "53.23 M", "58.92 M"]);
  assertEquals(transitions.length, 3);
});

Deno.test("clip() shortens text to its width", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme", maxLength: 80 }), fc.integer({ min: 40, max: 400 }), (text, width) => {
      const clipped = clip(text, 12, width);
      assertLessOrEqual(textWidth(clipped, 12), width);
      assertGreaterOrEqual(Array.from(text).length + 1, Array.from(clipped).length);
      if (textWidth(text, 12) <= width) assertEquals(clipped, text);
    }),
  );
});
