import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { ranet, withFolder } from "./ranet.ts";

Deno.test("draw writes a file, or prints to standard output", async () => {
  await withFolder(async (folder) => {
    const file = `${folder}/new/x.svg`;
    assertEquals(await ranet("draw", "ranet-cifar10", "--out", file), { code: 0, out: `Wrote ${file}`, notes: "" });
    const { out } = await ranet("draw", "ranet-cifar10");
    assertEquals(`${out}\n`, await Deno.readTextFile(file));
    assertMatch(out, /^<svg [\s\S]*<\/svg>$/);

    const blocked = await ranet("draw", "ranet-cifar10", "--out", folder);
    assertEquals(blocked.code, 1);
    assertStringIncludes(blocked.notes, "Cannot write");
  });
});

Deno.test("draw --json prints the positions of all parts", async () => {
  const { name, width, height, exits, file } = JSON.parse((await ranet("draw", "ranet-imagenet-c32", "--json")).out);
  assertEquals([name, exits.length, file], ["ranet-imagenet-c32", 8, undefined]);
  assert(exits.every(({ x, y }: { x: number; y: number }) => x < width && y < height));
});

Deno.test("draw refuses a spec that does not exist", async () => {
  assertEquals((await ranet("draw")).code, 2);
  assertEquals((await ranet("draw", "no-such-spec")).code, 1);
});
