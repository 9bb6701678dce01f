import { assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import fc from "fast-check";
import { zipSync } from "fflate";
import { loadClassifier, loadModel, RanetError, readCalibrations, readSpec } from "../../mod.ts";
import { readModelFiles, writeModelFiles } from "../../lib/model/archive.ts";
import { readTensors } from "../../lib/model/read_tensors.ts";
import { calibrateBudgets, packModel } from "../../train.ts";
import { ranet } from "../cli/ranet.ts";

const text = (content: string) => new TextEncoder().encode(content);
const model = { "spec.yaml": text("name: x"), "weights.safetensors": text("weights") };
const source = "my.zip";

Deno.test("readModelFiles() reads what writeModelFiles() wrote, also from a folder in the archive", () => {
  const file = fc.uint8Array({ maxLength: 200 });
  const files = fc.record({ "spec.yaml": file, "weights.safetensors": file, "calibration.json": file }, {
    requiredKeys: ["spec.yaml", "weights.safetensors"],
  });
  fc.assert(fc.property(files, fc.constantFrom(0, 9), (files, level) => {
    assertEquals({ ...readModelFiles(writeModelFiles(files), source) }, { ...files });
    const nested = Object.fromEntries(Object.entries(files).map(([name, bytes]) => [`my-model/${name}`, bytes]));
    const others = {
      "__MACOSX/._x": text("x"),
      "__MACOSX/spec.yaml": text("x"),
      "my-model/training/spec.yaml": text("x"),
    };
    const zip = zipSync({ ...nested, ...others }, { level: level as 0 | 9 });
    assertEquals({ ...readModelFiles(zip, source) }, { ...files });
  }));
});

Deno.test("readModelFiles() refuses archives that are not models, without decompressing large entries", () => {
  const good = zipSync(model, { level: 0 });
  const cases: Record<string, [Uint8Array, string]> = {
    "something else": [text("name: x"), "it is not a zip archive"],
    "nothing": [new Uint8Array(), "it is not a zip archive"],
    "a truncated one": [good.subarray(0, good.length - 30), "damaged or truncated"],
    "one without a model": [zipSync({ "a.txt": text("a") }), "there is no spec.yaml in it"],
    "one without weights": [zipSync({ "spec.yaml": text("a") }), "no weights.safetensors beside its spec.yaml"],
    "one of two models": [zipSync({ a: model, b: model }), "it contains 2 spec.yaml"],
    "one too deep": [zipSync({ a: { b: model } }), "there is no spec.yaml in it"],
    "one that unpacks too far": [
      zipSync({ ...model, "calibration.json": new Uint8Array(2 ** 25) }, { level: 9 }),
      "claims to contain more than",
    ],
    "one with other contents": [
      Uint8Array.from(good, (byte, at) => at === 45 ? byte ^ 1 : byte),
      "its checksum does not match",
    ],
  };
  for (const [name, [bytes, expected]] of Object.entries(cases)) {
    const { message } = assertThrows(() => readModelFiles(bytes, source), RanetError, expected, name);
    assertStringIncludes(message, 'Cannot read model "my.zip": ');
  }
});

Deno.test("readModelFiles() returns files or throws a RanetError for arbitrary input", () => {
  const good = zipSync(model, { level: 9 });
  fc.assert(fc.property(fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { maxLength: 8 }), (changes) => {
    const bytes = good.slice();
    for (const [at, value] of changes) bytes[at] = value;
    try {
      const files = readModelFiles(bytes, source);
      assertEquals(files["weights.safetensors"], model["weights.safetensors"]);
    } catch (error) {
      if (!(error instanceof RanetError)) throw error;
    }
  }));
});

Deno.test("loadModel(), readSpec() and every command accept an archive", async () => {
  const name = "ranet-cifar10-micro";
  const spec = await readSpec(name);
  const own = await loadModel(name);
  const { tensors, temperatures } = own;
  const validation = { logits: own.network.exits.map(() => new Float32Array(200).fill(1)), labels: Array(20).fill(1) };
  const calibrations = await calibrateBudgets(own, validation, { dataset: "twenty" });
  const folder = await Deno.makeTempDir();
  try {
    const path = `${folder}/My model.ZIP`;
    await Deno.writeFile(path, await packModel(spec, tensors, { temperatures, calibrations }));
    const blob = new File([await Deno.readFile(path)], "b.zip");
    for (const place of [path, blob, new URL(`file://${folder}/My%20model.ZIP`)]) {
      const found = await loadModel(place);
      assertEquals([found.name, found.temperatures], [name, temperatures]);
    }
    assertEquals((await loadModel(path, { calibrated: false })).temperatures, undefined);
    assertEquals((await readSpec(path)).classes, spec.classes);
    assertEquals((await readCalibrations(blob)).length, calibrations.length);
    assertEquals((await readTensors(path)).tensors.size, tensors.size);
    using classifier = await loadClassifier(blob, { device: "cpu" });
    const { label } = await classifier.classify("examples/ship.jpg", { budget: 2.4e6 });
    assertEquals(typeof label, "string");

    const byCommand = async (model: string) =>
      JSON.parse((await ranet("classify", "examples/ship.jpg", "--model", model, "--json", "--device", "cpu")).out);
    assertEquals(await byCommand(path), await byCommand(name));
    assertEquals((await ranet("classify", "examples/ship.jpg", "--model", path, "--budget", "2.4M")).code, 0);
    assertEquals((await ranet("plan", path)).code, 0);
    await assertRejects(() => loadModel(`${folder}/none.zip`), RanetError, "there is no such file");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("packModel() refuses weights of another architecture", async () => {
  const { tensors } = await loadModel("ranet-cifar10-micro");
  await assertRejects(async () => await packModel(await readSpec("ranet-cifar10"), tensors), RanetError);
});
