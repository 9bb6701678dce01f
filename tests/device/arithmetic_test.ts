import { assertEquals, assertMatch } from "@std/assert";
import { arithmeticOf } from "../../lib/device/arithmetic.ts";

Deno.test("arithmeticOf() names a GPU, and for a CPU whether it rounds a multiply-add once", async () => {
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
