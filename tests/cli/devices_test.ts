import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { CPU_TILES, GPU_TILES } from "../../lib/device/webgpu/tiles.ts";
import { gpuTest, longGpuTest } from "../gpu.ts";
import { ranet } from "./ranet.ts";

longGpuTest("devices --check finds no wrong kernel, and prints the details for a bug report", async (adapter) => {
  const { code, out } = await ranet("devices", "--check", "--json");
  const { kernels, versions, ...about } = JSON.parse(out);
  assertEquals([code, about.adapter, about.backend, about.right], [0, adapter.name, adapter.backend, true]);
  assertEquals(Object.keys(versions), ["ranet", "deno"]);
  const rows = kernels as { precision: string; kernel: string; right: boolean }[];
  assertEquals(rows.filter(({ right }) => !right), []);
  // Some kernels take minutes to compile on adapters that never use them: those with workgroup memory on OpenGL.
  for (const { pixels, quads, kernel } of adapter.isCpu ? CPU_TILES : GPU_TILES) {
    const name = `${kernel} in tiles of ${pixels} pixels × ${quads} quads`;
    const inference = rows.filter((row) => row.kernel === name).map(({ precision }) => precision);
    assertEquals(inference, ["float32", "float16", "int8"], name);
    assert(rows.some((row) => row.kernel.startsWith(`training by ${name}, weight-gradient in tiles of`)), name);
  }
  if (adapter.isCpu) assertEquals(rows.filter(({ kernel }) => kernel.includes("-shared")), []);
  assertStringIncludes((await ranet("devices")).out, adapter.backend);
});

/** Simulates an adapter that cannot open a device, such as OpenGL without compute shaders. */
function withoutCompute(): Disposable {
  const { requestDevice } = GPUAdapter.prototype;
  GPUAdapter.prototype.requestDevice = () => Promise.reject(new TypeError("no compute here"));
  return { [Symbol.dispose]: () => void (GPUAdapter.prototype.requestDevice = requestDevice) };
}

gpuTest(
  "devices lists adapters that cannot open a device, and --check prints the details for a bug report",
  async (adapter) => {
    using _ = withoutCompute();
    const listed = JSON.parse((await ranet("devices", "--json")).out) as {
      kind: string;
      chosen: boolean;
      failure?: string;
    }[];
    assertEquals(listed.map(({ kind, chosen }) => [kind, chosen]), [["cpu", true], ["gpu", false]]);
    assertStringIncludes(listed[1].failure!, "no compute here");
    assertStringIncludes((await ranet("devices")).out, "never: it fails");
    const { code, out, notes } = await ranet("devices", "--check");
    assertEquals(code, 1);
    assertStringIncludes(out, `"adapter":${JSON.stringify(adapter.name)}`);
    assertStringIncludes(notes, "no compute here");
  },
);
