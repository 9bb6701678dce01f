/**
 * Describes how a device rounds. Two devices with the same description give bit-identical results. The CPU runner
 * rounds a multiply-add once if the processor has an instruction for it (x86: FMA3), otherwise twice; each GPU rounds
 * in its own way.
 *
 * @module
 */

import type { DeviceInfo } from "./runner.ts";

/**
 * `(func (export "f") (param f32 f32) (result f32) …)`: `x · x + y` by `f32x4.relaxed_madd`, where the engine
 * decides whether to round the product.
 */
// deno-fmt-ignore
const MULTIPLY_ADD = Uint8Array.of(
  0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00,
  0x01, 0x07, 0x01, 0x60, 0x02, 0x7d, 0x7d, 0x01, 0x7d, // type: (f32, f32) → f32
  0x03, 0x02, 0x01, 0x00, // one function
  0x07, 0x05, 0x01, 0x01, 0x66, 0x00, 0x00, // export "f"
  0x0a, 0x16, 0x01, 0x14, 0x00,
  0x20, 0x00, 0xfd, 0x13, 0x20, 0x00, 0xfd, 0x13, 0x20, 0x01, 0xfd, 0x13, // f32x4.splat: x, x, y
  0xfd, 0x85, 0x02, 0xfd, 0x1f, 0x00, 0x0b, // f32x4.relaxed_madd, lane 0
);

/** How a device rounds. */
export async function arithmeticOf({ kind, name }: DeviceInfo): Promise<string> {
  if (kind === "gpu") return `GPU, ${name}`;
  return `CPU, multiply-add rounded ${await isFused() ? "once" : "twice"}`;
}

/** Whether the CPU's kernels round a multiply-add once. */
async function isFused(): Promise<boolean> {
  try {
    const { instance } = await WebAssembly.instantiate(MULTIPLY_ADD);
    const multiplyAdd = instance.exports.f as (x: number, y: number) => number;
    // 1 + 2⁻¹¹ + 2⁻²⁴ is rounded to 1 + 2⁻¹¹.
    return multiplyAdd(1 + 2 ** -12, -(1 + 2 ** -11)) !== 0;
  } catch {
    return false; // the engine has no such instruction
  }
}
