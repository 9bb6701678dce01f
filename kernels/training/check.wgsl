// Checks whether all losses so far have been finite. Otherwise the optimiser changes nothing.
//
// Constants  LANES (workgroup size)
// Dispatch   one workgroup

@group(0) @binding(5) var<storage, read> losses: array<f32>;
@group(0) @binding(6) var<storage, read_write> stopped: array<u32>;
@group(0) @binding(7) var<uniform> args: Args;

var<workgroup> found: array<u32, LANES>;

@compute @workgroup_size(LANES)
fn main(@builtin(local_invocation_index) lane: u32) {
  for (var i = lane; i < args.losses; i += LANES) {
    // Tests bits for infinity and NaN: WGSL compilers may assume that floats are finite.
    if ((bitcast<u32>(losses[i]) & 0x7f800000u) == 0x7f800000u) {
      found[lane] = 1;
    }
  }
  workgroupBarrier();
  if (lane > 0) {
    return;
  }
  for (var i = 0u; i < LANES; i++) {
    if (found[i] > 0) {
      stopped[0] = 1;
    }
  }
}
