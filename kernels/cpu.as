// The CPU's kernels in one module: `run` and `prepare` for inference, `train` for training. `./ranet wasm` builds cpu.wasm, and
// cpu-relaxed.wasm for engines with fused multiply-add.

export { prepare, run } from "./infer";
export { train } from "./train";
