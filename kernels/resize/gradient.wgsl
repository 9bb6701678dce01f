// Gradient of a bilinear resize, corners aligned, as a gather: an input pixel looks at the outputs that are interpolated from
// it. An invocation computes a quad of channels of one pixel, then of those that lie a whole dispatch further on. Where the
// gradient read starts within a quad, the result's quads are made of two neighbours of it.
//
// Here `in` is what the gradient is read of, the layer's output; `out` is what it is written of, the layer's input.
//
// Constants  LANES (workgroup size)
// Dispatch   x: pixels · quads / LANES, y: samples

// Outputs along one side that may come from input i, as forward.wgsl places them.
fn reach(i: u32, args: Args) -> vec2u {
  let last = args.inSize - 1;
  if (args.outSize == 1) {
    return vec2u(0, last);
  }
  let steps = args.outSize - 1;
  let first = (max(i, 1) - 1) * last / steps;
  return vec2u(first, min(((i + 1) * last + steps - 1) / steps, last));
}

// The share of input i in output j.
fn share(i: u32, j: u32, args: Args) -> f32 {
  let at = f32(j * (args.outSize - 1)) / f32(max(args.inSize, 2) - 1);
  let before = u32(at);
  let after = min(before + 1, args.outSize - 1);
  return select(0.0, 1 - fract(at), before == i) + select(0.0, fract(at), after == i);
}

@compute @workgroup_size(LANES)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let args = steps[0];
  let sample = args.arenaStart + id.y * args.samplePitch;
  for (var i = id.x; i < args.outSize * args.outSize * args.outQuads; i += groups.x * LANES) {
    let pixel = i / args.outQuads;
    let quad = i % args.outQuads;
    let y = pixel / args.outSize;
    let x = pixel % args.outSize;
    let rows = reach(y, args);
    let columns = reach(x, args);
    var sum = vec4f();
    var next = vec4f();
    for (var v = rows.x; v <= rows.y; v++) {
      let part = share(y, v, args);
      for (var u = columns.x; u <= columns.y; u++) {
        let at = sample + args.inOffset + (v * args.inSize + u) * args.inPitch;
        let own = vec4f(part * share(x, u, args));
        sum = fma(own, arena[at + quad], sum);
        // Behind the last quad there is nothing but lanes that are not written.
        next = fma(own, arena[at + min(quad + 1, args.inQuads - 1)], next);
      }
    }
    switch args.inShift {
      case 1: { sum = vec4f(sum.yzw, next.x); }
      case 2: { sum = vec4f(sum.zw, next.xy); }
      case 3: { sum = vec4f(sum.w, next.xyz); }
      default: {}
    }
    storeGradient(sample + pixel * args.outPitch, quad, sum, args);
  }
}
