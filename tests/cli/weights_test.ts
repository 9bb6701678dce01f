import { assertEquals, assertStringIncludes } from "@std/assert";
import { parseSpec } from "../../lib/spec/parse.ts";
import { buildNetwork } from "../../lib/network/build.ts";
import { startFrom } from "../../lib/training/initial_weights.ts";
import { readSafetensors, writeSafetensors } from "../../lib/weights/safetensors.ts";
import { randomTensors, TINY_SPEC } from "../fixtures.ts";
import { ranet, withFolder } from "./ranet.ts";

const reference = new URL("../fixtures/reference/cifar10-lg/", import.meta.url).pathname;
const { flags } = JSON.parse(Deno.readTextFileSync(`${reference}expect.json`));
const NOTE = "Removed a prefix from names: ";

/** Logits of a model, and the notes that are printed. */
async function logitsOf(...model: string[]): Promise<{ exits: unknown; notes: string }> {
  const { code, out, notes } = await ranet("forward", `${reference}input.npy`, "--json", "--device", "cpu", ...model);
  assertEquals(code, 0, notes);
  return { exits: JSON.parse(out).exits, notes };
}

Deno.test("a checkpoint and a safetensors file, with or without a wrapper's prefix, give the same weights", () =>
  withFolder(async (folder) => {
    const model = `${folder}/model`;
    const spec = ["--model", `${model}/spec.yaml`];
    const checkpoint = `${reference}checkpoint.pth.tar`;
    const imported = await ranet("import", checkpoint, "--args", flags, "--out", model);
    assertEquals(imported.code, 0);
    const expected = await logitsOf("--model", model);
    assertEquals(expected.notes, "");

    // Neither a model nor its file of weights is overwritten by its own copy.
    await Deno.symlink(model, `${folder}/link`);
    for (const source of [[model], [`${model}/weights.safetensors`, "--args", flags]]) {
      const refused = await ranet("import", ...source, "--dtype", "float16", "--out", `${folder}/link`);
      assertEquals(refused.code, 2);
      assertStringIncludes(refused.notes, "that is the model itself, which would be overwritten");
    }

    const direct = await logitsOf(...spec, "--weights", checkpoint);
    assertEquals(direct.exits, expected.exits);

    const { tensors } = readSafetensors(await Deno.readFile(`${model}/weights.safetensors`), { source: "x" });
    const wrapped = `${folder}/wrapped.safetensors`;
    const named = Array.from(tensors, ([name, tensor]) => [`net.module.${name}`, tensor] as const);
    await Deno.writeFile(wrapped, writeSafetensors(named, { metadata: {} }));
    const found = await logitsOf(...spec, "--weights", wrapped);
    assertEquals(found.exits, expected.exits);
    assertStringIncludes(found.notes, NOTE + '"net.module.');

    const again = await ranet("import", wrapped, "--args", flags, "--out", `${folder}/again`);
    assertEquals(again.code, 0);
    assertStringIncludes(again.notes, NOTE);
    assertEquals((await logitsOf("--model", `${folder}/again`)).exits, expected.exits);

    const exported = await ranet(
      "export",
      "onnx",
      `${model}/spec.yaml`,
      "--weights",
      checkpoint,
      "--out",
      `${folder}/x.onnx`,
    );
    assertEquals(exported.code, 0);
  }));

Deno.test("train --init accepts weights with a wrapper's prefix", () => {
  const network = buildNetwork(parseSpec(TINY_SPEC));
  const tensors = randomTensors(network);
  const wrapped = new Map(Array.from(tensors, ([name, tensor]) => [`module.${name}`, tensor]));
  assertEquals(startFrom(network, { tensors: wrapped, source: "x" }, 1).tensors, tensors);
});

Deno.test("plan, spec, diff, draw and new accept a model's folder", () =>
  withFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/spec.yaml`, TINY_SPEC);
    for (const args of [["plan"], ["spec"], ["diff", "ranet-cifar10-micro"], ["draw"], ["new", "pets", "--from"]]) {
      const out = ["draw", "new"].includes(args[0]) ? ["--out", `${folder}/${args[0]}`] : [];
      const named = await ranet(...args, folder, ...out);
      const direct = await ranet(...args, `${folder}/spec.yaml`, ...out, ...args[0] === "new" ? ["--force"] : []);
      assertEquals([named.code, named.out], [0, direct.out], named.notes);
    }
    const missing = await ranet("plan", `${folder}/..`);
    assertEquals(missing.code, 1);
    assertStringIncludes(missing.notes, 'spec.yaml": there is no such file');
  }));

Deno.test("files that are not weights are refused with the name of their format", () =>
  withFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/spec.yaml`, TINY_SPEC);
    await Deno.writeTextFile(`${folder}/model.safetensors`, "");
    const told = async (...args: string[]) => {
      const { code, notes } = await ranet("classify", "x.jpg", "--model", ...args);
      assertEquals(code, 1);
      return notes;
    };
    assertStringIncludes(
      await told(folder),
      `no weights.safetensors, but model.safetensors. Rename that file, or specify it`,
    );
    assertStringIncludes(await told("m.onnx"), "ONNX files can be written but not read");
    assertStringIncludes(await told("x.safetensors"), "--model SPEC.yaml --weights x.safetensors");
    assertStringIncludes(
      await told(`${folder}/spec.yaml`, "--weights", `${folder}/spec.yaml`),
      "it may not be a safetensors file",
    );
    const checkpoint = `${reference}checkpoint.pth.tar`;
    const args = ["import", checkpoint, "--args", flags, "--out", `${folder}/m`, "--key", "optimizer"];
    const { code, notes } = await ranet(...args);
    assertEquals(code, 1);
    assertStringIncludes(
      notes,
      'under "optimizer", where a dict of tensors is expected; there are tensors under "state_dict"',
    );
  }));

Deno.test("import --classes and --classes-from set the classes of a network", () =>
  withFolder(async (folder) => {
    const checkpoint = `${reference}checkpoint.pth.tar`;
    const importAs = (...args: string[]) =>
      ranet("import", checkpoint, "--args", flags, "--out", `${folder}/m`, ...args);
    const others = await importAs("--classes", "cat,dog");
    assertEquals(others.code, 1);
    assertStringIncludes(
      others.notes,
      "They have 10 classes, but the spec has 2: it needs the same classes in the same order.",
    );
    const names = ["sea", "1: [a]", ...Array.from({ length: 8 }, (_, i) => `class ${i}`)];
    assertEquals((await importAs("--classes", names.join())).code, 0);
    assertEquals(parseSpec(await Deno.readTextFile(`${folder}/m/spec.yaml`)).classes, names);

    for (const name of names) await Deno.mkdir(`${folder}/photos/${name.replaceAll(/\W/g, "")}`, { recursive: true });
    assertEquals((await importAs("--classes-from", `${folder}/photos`)).code, 0);
    const { classes } = parseSpec(await Deno.readTextFile(`${folder}/m/spec.yaml`));
    assertEquals(classes, names.map((name) => name.replaceAll(/\W/g, "")).sort());
  }));
