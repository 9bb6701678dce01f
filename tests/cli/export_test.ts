import { assertEquals, assertStringIncludes } from "@std/assert";
import { InferenceSession } from "onnxruntime-node";
import { ranet, withFolder } from "./ranet.ts";

const outputsOf = async (path: string) => (await InferenceSession.create(path)).outputNames;

Deno.test("export onnx writes a file that ONNX Runtime loads", () =>
  withFolder(async (folder) => {
    const out = `${folder}/new/r.onnx`;
    const whole = await ranet("export", "onnx", "ranet-cifar10", "--out", out, "--json");
    assertEquals([whole.code, whole.notes], [0, ""]);
    const names = [1, 2, 3, 4, 5, 6].map((k) => `exit${k}`);
    const { size } = await Deno.stat(out);
    assertEquals(JSON.parse(whole.out), { name: "ranet-cifar10", file: out, outputs: names, opset: 17, bytes: size });
    assertEquals(await outputsOf(out), names);

    // The default model, over what is there.
    const cut = await ranet("export", "onnx", "--exit", "2", "--out", out);
    assertEquals(cut.code, 0);
    assertStringIncludes(cut.out, `Wrote ${out} (exit2; opset 17, `);
    assertEquals(await outputsOf(out), ["exit2"]);
    assertEquals([...Deno.readDirSync(`${folder}/new`)].map(({ name }) => name), ["r.onnx"]);
  }));

Deno.test("export that fails writes nothing", () =>
  withFolder(async (folder) => {
    const out = ["--out", `${folder}/r.onnx`];
    const without = await ranet("export", "onnx", "ranet-cifar100", ...out);
    assertEquals(without.code, 1);
    assertStringIncludes(without.notes, "it comes without weights. Give them, name");
    const late = await ranet("export", "onnx", "--exit", "7", ...out);
    assertEquals(late.code, 1);
    assertStringIncludes(late.notes, "from 1 to 6");
    assertEquals([...Deno.readDirSync(folder)], []);
    await Deno.mkdir(`${folder}/r.onnx`);
    const occupied = await ranet("export", "onnx", ...out);
    assertEquals(occupied.code, 1);
    assertStringIncludes(occupied.notes, "Cannot write");
  }));

Deno.test("export: wrong usage", async () => {
  for (const [args, note] of [[["tflite", "--out", "x"], "expected onnx"], [["onnx"], "--out"]] as const) {
    const { code, notes } = await ranet("export", ...args);
    assertEquals(code, 2);
    assertStringIncludes(notes, note);
  }
});
