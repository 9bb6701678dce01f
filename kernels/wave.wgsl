// What the kernels that compute layers share: the bindings of a wave. `Args` come from lib/device/webgpu/arguments.ts.

@group(0) @binding(0) var<storage, read_write> arena: array<vec4f>;
@group(0) @binding(2) var<storage, read> remaining: array<u32>; // how many samples, then which
@group(0) @binding(3) var<uniform> steps: array<Args, MAX_WAVE>;
