// All that the CPU computes, in one module: `run` and `prepare` for inference, `multiply` to find out
// how whole numbers are multiplied here, `train` for training. `./ranet wasm` builds
// cpu.wasm, and cpu-relaxed.wasm for engines that fuse multiplication and addition.

export { prepare, run } from "./infer";
export { multiply } from "./convolution/int8-tiles";
export { train } from "./train";
