import { assertEquals, assertRejects } from "@std/assert";
import { type DeviceChoice, type Devices, Fallback } from "../../lib/device/fallback.ts";
import type { Runner } from "../../lib/device/runner.ts";
import { SelfTestError } from "../../lib/device/webgpu/trust.ts";

interface FakeAdapter {
  readonly isCpu: boolean;
}

const runner = (kind: "gpu" | "cpu"): Runner => ({
  device: { kind, name: kind },
  batchSize: 1,
  load() {},
  run: () => Promise.reject(new Error("not here")),
  [Symbol.dispose]() {},
});
const [gpu, cpu] = [runner("gpu"), runner("cpu")];
const GPU: FakeAdapter = { isCpu: false };

function fallback(choice: DeviceChoice, given: Partial<Devices<FakeAdapter>> = {}) {
  const said: string[] = [];
  const devices = {
    find: () => Promise.resolve(GPU),
    openGpu: () => Promise.resolve(gpu),
    openCpu: () => Promise.resolve(cpu),
    ...given,
  };
  const runners = new Fallback(devices, { choice, say: (message) => said.push(message) });
  const open = async () => (await runners.open()).device.kind;
  return { runners, said, open };
}

const fail = (message: string) => () => Promise.reject(new Error(message));

Deno.test("auto takes a GPU; cpu and gpu are taken at their word", async () => {
  for (const [choice, kind] of [["auto", "gpu"], ["gpu", "gpu"], ["cpu", "cpu"]] as const) {
    const { open, said } = fallback(choice);
    assertEquals([await open(), said], [kind, []]);
  }
});

Deno.test("auto leaves a CPU driver alone and has nothing to say; gpu takes it", async () => {
  const find = () => Promise.resolve({ isCpu: true });
  const auto = fallback("auto", { find });
  assertEquals([await auto.open(), auto.said], ["cpu", []]);
  assertEquals(await fallback("gpu", { find }).open(), "gpu");
});

Deno.test("auto takes the CPU, and says so once, without an adapter or one that opens", async () => {
  const cases: [Partial<Devices<FakeAdapter>>, string][] = [
    [{ find: () => Promise.resolve(undefined) }, "Running on the CPU: there is no WebGPU adapter"],
    [{ find: fail("no driver") }, "Running on the CPU: no driver"],
    [{ openGpu: fail("too little memory") }, "Running on the CPU: too little memory"],
  ];
  for (const [given, message] of cases) {
    const { open, said } = fallback("auto", given);
    assertEquals([await open(), await open(), said], ["cpu", "cpu", [message]]);
  }
});

Deno.test("what gpu cannot open is an error", async () => {
  await assertRejects(() => fallback("gpu", { openGpu: fail("too little memory") }).open(), Error, "too little memory");
});

Deno.test("a device that fails at work is opened once more; the second time auto takes the CPU for good", async () => {
  const { runners, open, said } = fallback("auto");
  await open();
  assertEquals([runners.recoversFrom(new Error("lost"), gpu), await open(), said], [true, "gpu", []]);
  assertEquals([runners.recoversFrom(new Error("lost"), gpu), await open()], [true, "cpu"]);
  assertEquals([await open(), said], ["cpu", ["Running on the CPU: lost"]]);
  assertEquals(runners.recoversFrom(new Error("broken"), cpu), false);
});

Deno.test("a device that fails at work is opened once more for gpu; the second time it is an error", async () => {
  const { runners, open } = fallback("gpu");
  assertEquals([runners.recoversFrom(new Error("lost"), gpu), await open()], [true, "gpu"]);
  assertEquals(runners.recoversFrom(new Error("lost"), gpu), false);
});

Deno.test("a device that computes wrongly is not given a second chance", async () => {
  const wrong = new SelfTestError("wrong");
  const auto = fallback("auto");
  assertEquals([auto.runners.recoversFrom(wrong, gpu), await auto.open()], [true, "cpu"]);
  assertEquals(auto.said, ["Running on the CPU: wrong"]);
  assertEquals(fallback("gpu").runners.recoversFrom(wrong, gpu), false);
});
