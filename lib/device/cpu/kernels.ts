/**
 * The CPU's kernels, kernels/cpu.as, compiled.
 *
 * @module
 */

/** Loads the module with fused multiply-add if the engine supports it, otherwise the one without. */
export async function cpuKernels(): Promise<WebAssembly.Module> {
  try {
    // @ts-ignore: TypeScript has no source phase imports yet
    return await import.source("../../../kernels/cpu-relaxed.wasm") as WebAssembly.Module;
  } catch {
    // @ts-ignore: the same
    return await import.source("../../../kernels/cpu.wasm") as WebAssembly.Module;
  }
}
