// The optimiser's update of all parameters, running statistics (a tenth of the way to the batch's), and the moving average of
// both. An invocation computes a quad, then further quads at a distance of the dispatch's size.
//
// Constants  LANES (workgroup size)
// Dispatch   x: quads / LANES
// Rules      for each quad 4 · divisor of the gradient + one of the following

const FIXED = 0u;
const RUNNING = 1u;
const LEARNS = 2u;
const DECAYS = 3u;

@group(0) @binding(0) var<storage, read_write> parameters: array<vec4f>;
@group(0) @binding(1) var<storage, read> gradients: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> velocities: array<vec4f>; // with AdamW means of gradients, then of squares
@group(0) @binding(3) var<storage, read_write> ema: array<vec4f>;
@group(0) @binding(4) var<storage, read> rules: array<u32>;
@group(0) @binding(6) var<storage, read_write> stopped: array<u32>;
@group(0) @binding(7) var<uniform> args: Args;

@compute @workgroup_size(LANES)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  if (stopped[0] > 0) {
    return;
  }
  for (var i = id.x; i < args.quads; i += groups.x * LANES) {
    let next = stepped(i);
    parameters[i] = next;
    if (args.emaDecay > 0) {
      ema[i] = mix(next, ema[i], args.emaDecay);
    }
  }
}

fn stepped(i: u32) -> vec4f {
  let value = parameters[i];
  let rule = rules[i] % 4;
  if (rule == FIXED) {
    return value;
  }
  if (rule == RUNNING) {
    return mix(value, gradients[i], 0.1);
  }
  return descended(i, value, gradients[i] / f32(rules[i] / 4), select(0.0, args.decay, rule == DECAYS));
}
