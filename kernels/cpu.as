// The CPU's kernels in one module: `run` and `prepare` for inference, `multiply` to test relaxed products
// before their first use, `train` for training. `./ranet wasm` builds
// cpu.wasm, and cpu-relaxed.wasm for engines with relaxed SIMD (fused multiply-add and others).

export { prepare, run } from "./infer";
export { multiply } from "./convolution/int8-tiles";
export { train } from "./train";
