/**
 * Tests that need a WebGPU adapter. Without one they are ignored; with `RANET_REQUIRE_GPU=1`, a missing adapter is a
 * failure.
 *
 * @module
 */

import { assert } from "@std/assert";
import { type Adapter, findAdapter } from "../lib/device/webgpu/adapter.ts";
import { onlyLong } from "./long.ts";

const adapter = await findAdapter();
/** Whether there is an adapter. */
export const hasAdapter: boolean = adapter !== undefined;
const required = Deno.env.get("RANET_REQUIRE_GPU") === "1";

let leftOut = 0;

/** Registers a test that receives the adapter. */
export function gpuTest(name: string, test: (adapter: Adapter) => Promise<void>): void {
  const ignore = !adapter && !required;
  // Reported once a file has registered all of its tests.
  if (ignore && leftOut++ === 0) {
    setTimeout(() =>
      console.error(
        `Not run: ${leftOut} GPU tests, no WebGPU adapter. To run them: apt-get install mesa-vulkan-drivers libvulkan1`,
      )
    );
  }
  Deno.test({
    name: `${name} (GPU)`,
    ignore,
    fn: async () => {
      assert(adapter, "RANET_REQUIRE_GPU is 1, but there is no WebGPU adapter");
      await test(adapter);
    },
  });
}

/** {@linkcode gpuTest} for long tests. */
export const longGpuTest: typeof gpuTest = onlyLong(gpuTest);

/** Limits the binding size of a device, in bytes. */
export function limitedDevice(gpu: GPUDevice, bytes: number): GPUDevice {
  return new Proxy(gpu, {
    get(target, key) {
      if (key === "limits") return { maxBufferSize: bytes, maxStorageBufferBindingSize: bytes };
      const value = Reflect.get(target, key);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}
