import { assertEquals, assertThrows } from "@std/assert";
import { specializeKernel } from "../../../lib/device/webgpu/wgsl.ts";

Deno.test("specializeKernel() unrolls nested loops", () => {
  const source = "a\n// #for p in P\n// #for i in 2\nb${p}_${i}\n// #end\n// #end\nc";
  assertEquals(specializeKernel(source, { P: 2 }), "const P = 2u;\na\nb0_0\nb0_1\nb1_0\nb1_1\nc");
});

Deno.test("specializeKernel() includes both bounds of a loop", () => {
  const source = "// #for p in 1..P\n// #for i in ${p}..3\nb${p}_${i}\n// #end\n// #end";
  assertEquals(specializeKernel(source, { P: 3 }), "const P = 3u;\nb1_1\nb1_2\nb1_3\nb2_2\nb2_3\nb3_3");
  assertEquals(specializeKernel("// #for i in 2..1\nx\n// #end", {}), "");
});

Deno.test("specializeKernel() refuses a loop without an end", () => {
  assertThrows(() => specializeKernel("// #for p in P\nx", { P: 1 }), Error, "#for without #end");
});

Deno.test("specializeKernel() refuses a loop over an unknown constant", () => {
  assertThrows(() => specializeKernel("// #for p in P\nx\n// #end", { Q: 1 }), Error, "#for p in P");
});
