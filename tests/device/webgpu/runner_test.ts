import { assertEquals, assertRejects } from "@std/assert";
import { WebGpuRunner } from "../../../lib/device/webgpu/runner.ts";
import { buildPlan } from "../../../lib/planner/build.ts";
import { foldWeights } from "../../../lib/weights/fold.ts";
import { gpuTest } from "../../gpu.ts";
import { tinyModel } from "../../fixtures.ts";

gpuTest("a device on which no runner can be made is given back", async (adapter) => {
  const { network, tensors } = tinyModel();
  const { createBuffer, destroy } = GPUDevice.prototype;
  let destroyed = 0;
  GPUDevice.prototype.createBuffer = () => {
    throw new TypeError("no buffers here");
  };
  GPUDevice.prototype.destroy = function () {
    destroyed++;
    destroy.call(this);
  };
  try {
    const options = { capacity: 1, adapter };
    await assertRejects(
      () => WebGpuRunner.create(buildPlan(network), foldWeights(network, tensors), options),
      TypeError,
      "no buffers here",
    );
  } finally {
    Object.assign(GPUDevice.prototype, { createBuffer, destroy });
  }
  assertEquals(destroyed, 1);
});
