import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { WebGpuRunner } from "../../../lib/device/webgpu/runner.ts";
import { RanetError } from "../../../lib/errors.ts";
import { buildPlan } from "../../../lib/planner/build.ts";
import { foldWeights } from "../../../lib/weights/fold.ts";
import { gpuTest } from "../../gpu.ts";
import { tinyModel } from "../../fixtures.ts";

gpuTest("a device is destroyed if no runner can be created on it", async (adapter) => {
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
    const options = { batchSize: 1, adapter };
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

gpuTest("a smaller batch is suggested only if memory ran out for more than one image", async (adapter) => {
  const { network, tensors } = tinyModel();
  const { popErrorScope } = GPUDevice.prototype;
  const messageFor = async (scope: "validation" | "out-of-memory", batchSize: number): Promise<string> => {
    let pops = 0;
    GPUDevice.prototype.popErrorScope = async function () {
      await popErrorScope.call(this);
      // The first error comes from a kernel that is compiled meanwhile.
      return ["", "validation", "out-of-memory"][pops++] === scope ? { message: "no" } as GPUError : null;
    };
    try {
      const create = () =>
        WebGpuRunner.create(buildPlan(network), foldWeights(network, tensors), { batchSize, adapter });
      return (await assertRejects(create, RanetError)).message;
    } finally {
      GPUDevice.prototype.popErrorScope = popErrorScope;
    }
  };
  assertMatch(await messageFor("validation", 8), /: no$/);
  assertMatch(await messageFor("out-of-memory", 1), /: no$/);
  assertMatch(await messageFor("out-of-memory", 8), /: no\. A smaller batch may fit$/);
});
