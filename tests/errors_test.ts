import { assertEquals, assertRejects } from "@std/assert";
import { RanetError } from "../lib/errors.ts";
import { loadModel } from "../mod.ts";
import { ranet } from "./cli/ranet.ts";

Deno.test("RanetError() is invalid by default, and names options that help", () => {
  const plain = new RanetError("no");
  assertEquals([plain.code, plain.remedy, plain.cause], ["invalid", {}, undefined]);
  const cause = new Error("why");
  const full = new RanetError("no", { code: "device", remedy: { device: "cpu" }, cause });
  assertEquals([full.code, full.remedy, full.cause], ["device", { device: "cpu" }, cause]);
});

Deno.test("loadModel() says by its code what is wrong, and the command line by its options", async () => {
  const missing = await assertRejects(() => loadModel("no/such/folder"), RanetError);
  assertEquals(missing.code, "not-found");
  const bare = await assertRejects(() => loadModel("ranet-cifar100"), RanetError);
  assertEquals([bare.code, bare.remedy], ["not-found", { weights: "FILE.safetensors" }]);
  assertEquals(bare.message.includes("--"), false);
  const { code, notes } = await ranet("classify", "x.jpg", "--model", "ranet-cifar100", "--device", "cpu");
  assertEquals([code, notes], [1, `${bare.message}\nTry: --weights FILE.safetensors`]);
});
