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

Deno.test("device auto uses a GPU; cpu and gpu use the named device", async () => {
  for (const [choice, kind] of [["auto", "gpu"], ["gpu", "gpu"], ["cpu", "cpu"]] as const) {
    const { open, said } = fallback(choice);
    assertEquals([await open(), said], [kind, []]);
  }
});

Deno.test("device auto ignores a CPU driver without a warning; gpu uses it", async () => {
  const find = () => Promise.resolve({ isCpu: true });
  const auto = fallback("auto", { find });
  assertEquals([await auto.open(), auto.said], ["cpu", []]);
  assertEquals(await fallback("gpu", { find }).open(), "gpu");
});

Deno.test("device auto uses the CPU, with one warning, if there is no adapter or it cannot be opened", async () => {
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

Deno.test("device gpu is an error if no GPU can be opened", async () => {
  await assertRejects(() => fallback("gpu", { openGpu: fail("too little memory") }).open(), Error, "too little memory");
});

Deno.test("a failing device is reopened once; after a second failure, auto uses the CPU permanently", async () => {
  const { runners, open, said } = fallback("auto");
  await open();
  assertEquals([runners.recoversFrom(new Error("lost"), gpu), await open(), said], [true, "gpu", []]);
  assertEquals([runners.recoversFrom(new Error("lost"), gpu), await open()], [true, "cpu"]);
  assertEquals([await open(), said], ["cpu", ["Running on the CPU: lost"]]);
  assertEquals(runners.recoversFrom(new Error("broken"), cpu), false);
});

Deno.test("a failing device is reopened once; after a second failure, gpu throws", async () => {
  const { runners, open } = fallback("gpu");
  assertEquals([runners.recoversFrom(new Error("lost"), gpu), await open()], [true, "gpu"]);
  assertEquals(runners.recoversFrom(new Error("lost"), gpu), false);
});

Deno.test("a device that computes wrong results is not reopened", async () => {
  const wrong = new SelfTestError("wrong");
  const auto = fallback("auto");
  assertEquals([auto.runners.recoversFrom(wrong, gpu), await auto.open()], [true, "cpu"]);
  assertEquals(auto.said, ["Running on the CPU: wrong"]);
  assertEquals(fallback("gpu").runners.recoversFrom(wrong, gpu), false);
});
