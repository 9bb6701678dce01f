/**
 * The CPU's kernels, kernels/*.as, compiled.
 *
 * @module
 */

/** The module that runs plans: the one that fuses multiplication and addition, where the engine can. */
export async function forwardKernels(): Promise<WebAssembly.Module> {
  try {
    // @ts-ignore: TypeScript has no source phase imports yet
    return await import.source("../../../kernels/forward-relaxed.wasm") as WebAssembly.Module;
  } catch {
    // @ts-ignore: the same
    return await import.source("../../../kernels/forward.wasm") as WebAssembly.Module;
  }
}

/** The module that trains: the one that fuses multiplication and addition, where the engine can. */
export async function trainingKernels(): Promise<WebAssembly.Module> {
  try {
    // @ts-ignore: TypeScript has no source phase imports yet
    return await import.source("../../../kernels/train-relaxed.wasm") as WebAssembly.Module;
  } catch {
    // @ts-ignore: the same
    return await import.source("../../../kernels/train.wasm") as WebAssembly.Module;
  }
}
