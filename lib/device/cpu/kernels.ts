/**
 * The CPU's kernels, kernels/cpu.as, compiled.
 *
 * @module
 */

/** Loads the module with fused multiply-add if the engine supports it, otherwise the one without. */
export async function cpuKernels(): Promise<WebAssembly.Module> {
  return await fusedKernels() ?? await plainKernels();
}

/** The module with relaxed instructions, if the engine supports them. */
export async function fusedKernels(): Promise<WebAssembly.Module | undefined> {
  try {
    // @ts-ignore: TypeScript has no source phase imports yet
    return await load(() => import.source("../../../kernels/cpu-relaxed.wasm"));
  } catch {
    return undefined;
  }
}

/** The module that every engine supports. */
export async function plainKernels(): Promise<WebAssembly.Module> {
  // @ts-ignore: TypeScript has no source phase imports yet
  return await load(() => import.source("../../../kernels/cpu.wasm"));
}

/** Deno 2.9.6 fails to load a module the first time, and only then, in a project that links to a clone through a symbolic link. */
async function load(module: () => Promise<WebAssembly.Module>): Promise<WebAssembly.Module> {
  try {
    return await module();
  } catch {
    return await module();
  }
}
