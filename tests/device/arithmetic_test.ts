import { assertEquals, assertMatch } from "@std/assert";
import { arithmeticOf } from "../../lib/device/arithmetic.ts";

Deno.test("a GPU's arithmetic is its own, a CPU's depends on how it rounds a multiply-add", async () => {
  assertEquals(await arithmeticOf({ kind: "gpu", name: "any" }), "GPU, any");
  assertMatch(await arithmeticOf({ kind: "cpu", name: "CPU runner" }), /^CPU, multiply-add rounded (once|twice)$/);
  const { instantiate } = WebAssembly;
  WebAssembly.instantiate = (() => Promise.reject(new WebAssembly.CompileError("no"))) as unknown as typeof instantiate;
  try {
    assertEquals(await arithmeticOf({ kind: "cpu", name: "" }), "CPU, multiply-add rounded twice");
  } finally {
    WebAssembly.instantiate = instantiate;
  }
});
