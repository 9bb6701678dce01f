// The bindings of a wave, shared by all kernels that compute layers. `Args` comes from lib/device/webgpu/arguments.ts.

@group(0) @binding(0) var<storage, read_write> arena: array<vec4f>;
@group(0) @binding(2) var<storage, read> remaining: array<u32>; // number of samples, then their indices
@group(0) @binding(3) var<uniform> steps: array<Args, MAX_WAVE>;
