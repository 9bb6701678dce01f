import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { BUNDLED_SPECS, readSpec } from "../../lib/model/read_spec.ts";
import { ranet, withFolder } from "./ranet.ts";

Deno.test("new writes every bundled spec with comments as the same architecture under another name", async () => {
  await withFolder(async (folder) => {
    for (const from of BUNDLED_SPECS) {
      const out = `${folder}/${from}.yaml`;
      const { code, notes } = await ranet("new", "mine", "--from", from, "--out", out);
      assertEquals([code, notes], [0, ""]);
      assertEquals<unknown>(await readSpec(out), { ...await readSpec(from), name: "mine" });
    }
  });
});

Deno.test("new writes a file that names its schema and its source", async () => {
  await withFolder(async (folder) => {
    const out = `${folder}/deep/er/mine.yaml`;
    assertEquals((await ranet("new", "mine", "--out", out)).out, `Wrote ${out}. Next: ranet plan ${out} --watch`);
    const text = await Deno.readTextFile(out);
    const schema = /^# yaml-language-server: \$schema=(.*)\n# Made from ranet-cifar10 /.exec(text)![1];
    assert((await Deno.stat(`${folder}/deep/er/${schema}`)).isFile);
    assertMatch(text, /^# Share of channels that a transition keeps\..*\n(#.*\n)*#reduction: 0\.5$/m);
  });
});

Deno.test("changing only input.size in a file from new is the same as in a spec with defaults", async () => {
  await withFolder(async (folder) => {
    const out = `${folder}/mine.yaml`;
    await ranet("new", "mine", "--out", out, "--classes", "cat, dog,neither");
    const text = await Deno.readTextFile(out);
    await Deno.writeTextFile(out, text.replace("size: 32", "size: 64"));
    const { input, classes } = await readSpec(out);
    assertEquals([input.size, input.resize, classes], [64, 64, ["cat", "dog", "neither"]]);
    await ranet("new", "mine", "--out", out, "--classes", "7", "--force");
    assertEquals((await readSpec(out)).classes.length, 7);
  });
});

Deno.test("new --from accepts your own file, and overwrites files only with --force", async () => {
  await withFolder(async (folder) => {
    const [mine, other] = [`${folder}/mine.yaml`, `${folder}/other.yaml`];
    await ranet("new", "mine", "--out", mine);
    await Deno.writeTextFile(mine, (await Deno.readTextFile(mine)).replace("#reduction: 0.5", "reduction: 0.75"));
    const made = await ranet("new", "other", "--from", mine, "--out", other, "--json");
    assertEquals(JSON.parse(made.out), { name: "other", file: other });
    assertEquals((await readSpec(other)).reduction, 0.75);

    const refused = await ranet("new", "mine", "--out", other);
    assertEquals([refused.code, refused.out], [1, ""]);
    assertStringIncludes(refused.notes, "it already exists and may contain your work");
    assertEquals((await readSpec(other)).name, "other");
    assertEquals((await ranet("new", "mine", "--out", other, "--force")).code, 0);
    assertEquals((await readSpec(other)).name, "mine");
  });
});

for (
  const [args, part] of [
    [["My Net"], 'name: expected lower-case letters, digits and single hyphens, such as my-ranet, found "My Net"'],
    [["../up"], 'found "../up"'],
    [["mine", "--from", "ranet-cifar11"], 'Cannot find "ranet-cifar11": expected a path, such as ./ranet-cifar11'],
    [["mine", "--from", "nowhere.yaml"], '"nowhere.yaml": there is no such file'],
  ] as [string[], string][]
) {
  Deno.test(`ranet new ${args.join(" ")} is refused`, async () => {
    await withFolder(async (folder) => {
      const { code, notes } = await ranet("new", ...args, "--out", `${folder}/x.yaml`);
      assertEquals(code, 1);
      assertStringIncludes(notes, part);
      assertEquals([...Deno.readDirSync(folder)], []);
    });
  });
}

Deno.test("new --classes-from reads class folders, train/ or a list", async () => {
  await withFolder(async (folder) => {
    for (
      const name of [
        "photos/dog",
        "photos/cat",
        "photos/__MACOSX",
        "parts/train/ant",
        "parts/train/bee",
        "parts/val/ant",
      ]
    ) {
      await Deno.mkdir(`${folder}/${name}`, { recursive: true });
    }
    await Deno.writeTextFile(`${folder}/labels.csv`, "id,breed\na,pug\nb,beagle\nc,pug\n");
    await Deno.writeTextFile(`${folder}/numbers.csv`, "id,label\na,1\nb,2\n");
    const classesOf = async (source: string) => {
      const { code, notes } = await ranet(
        "new",
        "x",
        "--classes-from",
        `${folder}/${source}`,
        "--out",
        `${folder}/x.yaml`,
        "--force",
      );
      return code === 0 ? (await readSpec(`${folder}/x.yaml`)).classes : notes;
    };
    assertEquals(await classesOf("photos"), ["cat", "dog"]);
    assertEquals(await classesOf("parts"), ["ant", "bee"]);
    assertEquals(await classesOf("labels.csv"), ["beagle", "pug"]);
    assertStringIncludes(String(await classesOf("numbers.csv")), "its labels are numbers");
    assertStringIncludes(String(await classesOf("photos/cat")), "expected two or more class folders");
  });
});
