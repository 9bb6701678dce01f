import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { gpuTest } from "../gpu.ts";
import { ranet } from "./ranet.ts";

gpuTest("devices --check finds every kernel right, and prints what a bug report wants to know", async (adapter) => {
  const { code, out } = await ranet("devices", "--check", "--json");
  const { kernels, versions, ...about } = JSON.parse(out);
  assertEquals([code, about.adapter, about.backend, about.right], [0, adapter.name, adapter.backend, true]);
  assertEquals(Object.keys(versions), ["ranet", "deno"]);
  const precisions = Map.groupBy(kernels as { precision: string; kernel: string }[], ({ precision }) => precision);
  assertEquals([...precisions.keys()], ["float32", "float16"]);
  for (const checked of precisions.values()) {
    for (const kernel of ["convolution ", "convolution-shared "]) {
      assert(checked.some((one) => one.kernel.startsWith(kernel)));
    }
  }
  assertStringIncludes((await ranet("devices")).out, adapter.backend);
});
