import { assertEquals } from "@std/assert";
import { findAdapter, requestDevice } from "../../../lib/device/webgpu/adapter.ts";
import { gpuTest } from "../../gpu.ts";

/** Names of backends in wgpu and here. */
const BACKENDS: Readonly<Record<string, string>> = { vulkan: "Vulkan", gl: "OpenGL", metal: "Metal" };

gpuTest("tests run on the backend named by DENO_WEBGPU_BACKEND", (adapter) => {
  const wanted = BACKENDS[Deno.env.get("DENO_WEBGPU_BACKEND") ?? ""];
  assertEquals(adapter.backend, wanted ?? adapter.backend);
  return Promise.resolve();
});

gpuTest("isCpu is true for Mesa's software drivers and for WebGPU's fallback adapters", (adapter) => {
  const { isFallbackAdapter, description } = adapter.gpu.info;
  assertEquals(adapter.isCpu, isFallbackAdapter || /llvmpipe/.test(description));
  return Promise.resolve();
});

/** Replaces properties that WebGPU reports. */
async function isCpu(info: Partial<GPUAdapterInfo>): Promise<boolean | undefined> {
  const { requestAdapter } = GPU.prototype;
  const plain = { vendor: "", architecture: "", device: "", description: "", isFallbackAdapter: false, ...info };
  GPU.prototype.requestAdapter = () =>
    Promise.resolve({ info: plain, limits: {}, features: new Set() } as GPUAdapter & object);
  try {
    return (await findAdapter())?.isCpu;
  } finally {
    GPU.prototype.requestAdapter = requestAdapter;
  }
}

Deno.test("CPU drivers are recognised by the standard's flag, or by name without it", async () => {
  assertEquals(await isCpu({ description: "NVIDIA H100" }), false);
  assertEquals(await isCpu({ description: "anything", isFallbackAdapter: true }), true);
  for (const name of ["llvmpipe (LLVM 15)", "SwiftShader Device", "Microsoft Basic Render Driver"]) {
    assertEquals(await isCpu({ description: name }), true, name);
  }
});

gpuTest("each device is requested from a new adapter, because an adapter allows only one", async (adapter) => {
  const givers: GPUAdapter[] = [];
  const { requestDevice: request } = GPUAdapter.prototype;
  GPUAdapter.prototype.requestDevice = function (...args) {
    givers.push(this);
    return request.apply(this, args);
  };
  try {
    for (let i = 0; i < 3; i++) (await requestDevice(adapter)).destroy();
  } finally {
    GPUAdapter.prototype.requestDevice = request;
  }
  assertEquals(new Set(givers).size, 3);
});
