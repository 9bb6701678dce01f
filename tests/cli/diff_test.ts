import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { change } from "../../lib/cli/costs.ts";
import { ranet, withFolder } from "./ranet.ts";

Deno.test("diff shows the effect of one changed key", async () => {
  await withFolder(async (folder) => {
    const file = `${folder}/mine.yaml`;
    await ranet("new", "ranet-cifar10", "--out", file);
    assertStringIncludes((await ranet("diff", "ranet-cifar10", file)).out, "No key differs.");
    await Deno.writeTextFile(file, (await Deno.readTextFile(file)).replace("growth: 24", "growth: 12"));
    const { code, out } = await ranet("diff", "ranet-cifar10", file);
    assertEquals(code, 0);
    // By hand: two layers and a head with 12 instead of 24 new channels need 2,212,864 multiply-adds less.
    assertMatch(
      out,
      /\| +1 \| +sub-network 1, block 1, 8×8×112 \| +sub-network 1, block 1, 8×8×88 \| +8\.36 M \| +6\.15 M \| −26\.5 % \|/,
    );
    assert(out.endsWith("Keys that differ\n  subnetworks[0].growth: 24 → 12"), out);

    const { a, b, keys } = JSON.parse((await ranet("diff", "ranet-cifar10", file, "--json")).out);
    assertEquals(a, JSON.parse((await ranet("plan", "ranet-cifar10", "--json")).out));
    assertEquals(b, JSON.parse((await ranet("plan", file, "--json")).out));
    assertEquals(keys, [{ key: "subnetworks[0].growth", a: 24, b: 12 }]);
  });
});

Deno.test("diff shows changes of the kind of dense layers", async () => {
  await withFolder(async (folder) => {
    const file = `${folder}/mine.yaml`;
    await ranet("new", "ranet-cifar10", "--out", file);
    const text = await Deno.readTextFile(file);
    assertStringIncludes(text, "#depthwise: false");
    const changed = text.replace("#depthwise: false", "depthwise: true").replace("#se_ratio: 0", "se_ratio: 0.25");
    await Deno.writeTextFile(file, changed);
    const { out } = await ranet("diff", "ranet-cifar10", file);
    assert(out.endsWith("Keys that differ\n  depthwise: false → true\n  se_ratio: 0 → 0.25"), out);
  });
});

Deno.test("diff shows keys and exits that only one spec has", async () => {
  const { out } = await ranet("diff", "ranet-cifar10-upconv", "ranet-imagenet-c32");
  assertMatch(out, /\| +8 \| +– \| +sub-network 4, block 8, 7×7×701 \| +– \| +2\.83 G \| +new \|/);
  assertStringIncludes(out, "subnetworks[3].blocks: absent → 8");
  assertStringIncludes(out, "subnetworks[1].fusion: [up-conv, up-conv] → auto");
  assertStringIncludes(out, "classes: [airplane, automobile, bird, cat, deer, dog, frog, horse, sh… → imagenet");
  const reverse = await ranet("diff", "ranet-imagenet-c32", "ranet-cifar10-upconv");
  assertMatch(reverse.out, /\| +8 \| +sub-network 4, block 8, 7×7×701 \| +– \| +2\.83 G \| +– \| +gone \|/);
});

Deno.test("diff and plan show boosted exits", async () => {
  await withFolder(async (folder) => {
    const file = `${folder}/mine.yaml`;
    const text = await Deno.readTextFile("specs/ranet-cifar10-micro.yaml");
    await Deno.writeTextFile(file, `${text}\nexits: { boosted: true, reweight: 0.75 }\n`);
    const { out } = await ranet("diff", "ranet-cifar10-micro", file);
    assert(
      out.endsWith("Keys that differ\n  exits.boosted: false → true\n  exits.reweight: absent → 0.75"),
      out,
    );
    assertStringIncludes(
      (await ranet("plan", file)).out,
      "Boosted exits: 0.75 times the logits of the previous exit are added to an exit's.",
    );
    const [plain, boosted] = await Promise.all(
      ["ranet-cifar10-micro", file].map(async (spec) => JSON.parse((await ranet("plan", spec, "--json")).out)),
    );
    assertEquals([plain.reweight, boosted.reweight], [undefined, 0.75]);
    for (const [k, { cumulativeFlops }] of plain.exits.entries()) {
      assertEquals(boosted.exits[k].cumulativeFlops, cumulativeFlops + 10 * k);
    }
    assertStringIncludes((await ranet("draw", file)).out, "boosted exits, reweight 0.75");
    const copy = `${folder}/copy.yaml`;
    await ranet("new", "copy", "--from", file, "--out", copy);
    const written = await Deno.readTextFile(copy);
    assertStringIncludes(written, "\n  boosted: true\n");
    assertStringIncludes(written, "\n  reweight: 0.75\n");
    assertStringIncludes(written.replaceAll(/\n *# /g, " "), "each exit learns to correct the previous ones");
  });
});

Deno.test("diff requires two specs", async () => {
  const { code, notes } = await ranet("diff", "ranet-cifar10");
  assertEquals(code, 2);
  assertStringIncludes(notes, 'only "ranet-cifar10" given, expected A B');
});

Deno.test("change() formats the relative difference of two numbers", () => {
  assertEquals([change(100, 88), change(100, 200), change(3, 3)], ["−12.0 %", "+100.0 %", "="]);
  assertEquals([change(undefined, 1), change(1, undefined)], ["new", "gone"]);
});
