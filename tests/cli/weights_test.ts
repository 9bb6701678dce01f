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

/** Logits that a model gives, and what is said on the way. */
async function logitsOf(...model: string[]): Promise<{ exits: unknown; notes: string }> {
  const { code, out, notes } = await ranet("forward", `${reference}input.npy`, "--json", "--device", "cpu", ...model);
  assertEquals(code, 0, notes);
  return { exits: JSON.parse(out).exits, notes };
}

Deno.test("weights are the same from a checkpoint and from safetensors, with a wrapper's prefix and without", () =>
  withFolder(async (folder) => {
    const model = `${folder}/model`;
    const spec = ["--model", `${model}/spec.yaml`];
    const checkpoint = `${reference}checkpoint.pth.tar`;
    const imported = await ranet("import", checkpoint, "--args", flags, "--out", model);
    assertEquals(imported.code, 0);
    const expected = await logitsOf("--model", model);
    assertEquals(expected.notes, "");

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

Deno.test("training starts from weights with a wrapper's prefix", () => {
  const network = buildNetwork(parseSpec(TINY_SPEC));
  const tensors = randomTensors(network);
  const wrapped = new Map(Array.from(tensors, ([name, tensor]) => [`module.${name}`, tensor]));
  assertEquals(startFrom(network, { tensors: wrapped, source: "x" }, 1).tensors, tensors);
});

Deno.test("plan, spec, diff, draw and new take a model's folder for its spec", () =>
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

Deno.test("files that are no model get a word on what is", () =>
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
