import { assertEquals, assertRejects } from "@std/assert";
import { RanetError } from "../lib/errors.ts";
import { loadModel } from "../mod.ts";
import { ranet } from "./cli/ranet.ts";

Deno.test('RanetError has the code "invalid" by default, and remedies', () => {
  const plain = new RanetError("no");
  assertEquals([plain.code, plain.remedies, plain.cause], ["invalid", [], undefined]);
  const cause = new Error("why");
  const full = new RanetError("no", { code: "device", remedy: { device: "cpu" }, cause });
  assertEquals([full.code, full.remedies, full.cause], ["device", [{ device: "cpu" }], cause]);
});

Deno.test("loadModel() throws errors with codes; the command line adds its options", async () => {
  const missing = await assertRejects(() => loadModel("no/such/folder"), RanetError);
  assertEquals(missing.code, "not-found");
  const bare = await assertRejects(() => loadModel("ranet-cifar100"), RanetError);
  assertEquals([bare.code, bare.remedies], ["not-found", [{ weights: "FILE.safetensors" }]]);
  assertEquals(bare.message.includes("--"), false);
  const { code, notes } = await ranet("classify", "x.jpg", "--model", "ranet-cifar100", "--device", "cpu");
  assertEquals([code, notes], [1, `${bare.message}\nTry: --weights FILE.safetensors`]);
});

Deno.test("the command line prints each remedy with its options", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.mkdir(`${folder}/photos/pug`, { recursive: true });
    await Deno.mkdir(`${folder}/photos/beagle`);
    await Deno.writeTextFile(`${folder}/numbers.csv`, "a.jpg,0\nb.jpg,1\n");
    const spec = `${folder}/spec.yaml`;
    await ranet("new", "x", "--classes", "1,0", "--out", spec);
    const lastLine = async (...args: string[]) => (await ranet(...args)).notes.split("\n").at(-1);
    assertEquals(
      await lastLine(
        "eval",
        `${folder}/photos`,
        "--model",
        "ranet-cifar10",
        "--out",
        `${folder}/out`,
        "--device",
        "cpu",
      ),
      `Try: ranet new NAME --classes-from ${folder}/photos, or --skip-bad`,
    );
    assertEquals(
      await lastLine("train", spec, "--data", `${folder}/numbers.csv`, "--out", `${folder}/model`, "--device", "cpu"),
      "Try: --labels names, or --labels indexes",
    );
    assertEquals(
      await lastLine("classify", "x.jpg", "--shard", "auto", "--out", `${folder}/x.jsonl`),
      "Try: --shard 2/8",
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
