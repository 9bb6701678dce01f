// The bindings of training kernels in addition to those of wave.wgsl. All samples remain in training. A step is one dispatch.

@group(0) @binding(4) var<storage, read_write> logits: array<f32>;
@group(1) @binding(0) var<storage, read_write> partials: array<vec4f>;
@group(1) @binding(1) var<storage, read_write> gradients: array<vec4f>; // laid out as the parameters; then batch statistics
@group(1) @binding(2) var<storage, read> labels: array<u32>; // then second labels, then their shares as floats
@group(1) @binding(3) var<storage, read_write> losses: array<f32>;
