// All that the CPU computes, in one module: `run` and `prepare` for inference, `train` for training. `./ranet wasm` builds
// cpu.wasm, and cpu-relaxed.wasm for engines that fuse multiplication and addition.

export { prepare, run } from "./infer";
export { train } from "./train";
