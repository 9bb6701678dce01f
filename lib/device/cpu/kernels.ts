/**
 * The CPU's kernels, kernels/cpu.as, compiled.
 *
 * @module
 */

/** Loads the module with fused multiply-add if the engine supports it, otherwise the one without. */
export async function cpuKernels(): Promise<WebAssembly.Module> {
  return await fusedKernels() ?? await plainKernels();
}

/** The module with relaxed instructions, where the engine has them. */
export async function fusedKernels(): Promise<WebAssembly.Module | undefined> {
  try {
    // @ts-ignore: TypeScript has no source phase imports yet
    return await import.source("../../../kernels/cpu-relaxed.wasm") as WebAssembly.Module;
  } catch {
    return undefined;
  }
}

/** The module that every engine runs. */
export async function plainKernels(): Promise<WebAssembly.Module> {
  // @ts-ignore: TypeScript has no source phase imports yet
  return await import.source("../../../kernels/cpu.wasm") as WebAssembly.Module;
}
