/**
 * The CPU's kernels, kernels/cpu.as, compiled.
 *
 * @module
 */

/** The module that fuses multiplication and addition, where the engine can, or else one that does not. */
export async function cpuKernels(): Promise<WebAssembly.Module> {
  try {
    // @ts-ignore: TypeScript has no source phase imports yet
    return await import.source("../../../kernels/cpu-relaxed.wasm") as WebAssembly.Module;
  } catch {
    // @ts-ignore: the same
    return await import.source("../../../kernels/cpu.wasm") as WebAssembly.Module;
  }
}
