// Gradient of a bilinear resize, corners aligned, as a gather: an input pixel reads the outputs that are interpolated from
// it. An invocation computes a quad of channels of one pixel, then of further pixels at a distance of the dispatch's size. If
// the gradient that is read starts within a quad, each quad of the result combines two neighbouring quads.
//
// Here `in` is the layer's output, whose gradient is read, and `out` is the layer's input, whose gradient is written.
//
// Constants  LANES (workgroup size), SHIFTED (1 where the gradient starts within a quad, else 0)
// Dispatch   x: pixels · quads / LANES, y: samples

@compute @workgroup_size(LANES)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let args = steps[0];
  let sample = args.arenaStart + id.y * args.samplePitch;
  // From output to input along each side.
  let down = f32(args.outHeight - 1) / f32(max(args.inHeight, 2) - 1);
  let across = f32(args.outWidth - 1) / f32(max(args.inWidth, 2) - 1);
  for (var i = id.x; i < args.outHeight * args.outWidth * args.outQuads; i += groups.x * LANES) {
    let pixel = i / args.outQuads;
    let quad = i % args.outQuads;
    let y = f32(pixel / args.outWidth);
    let x = f32(pixel % args.outWidth);
    let rows = reach(y, down, args.inHeight);
    let columns = reach(x, across, args.inWidth);
    var sum = vec4f();
    var next = vec4f();
    for (var v = rows.x; v < rows.y; v++) {
      let part = share(y, v, down);
      var at = sample + args.inOffset + (v * args.inWidth + columns.x) * args.inPitch + quad;
      for (var u = columns.x; u < columns.y; u++) {
        let own = vec4f(part * share(x, u, across));
        sum = fma(own, arena[at], sum);
// #for once in SHIFTED
        // After the last quad there are only lanes that are not written.
        next = fma(own, arena[at + select(0u, 1u, quad + 1 < args.inQuads)], next);
// #end
        at += args.inPitch;
      }
    }
// #for once in SHIFTED
    switch args.inShift {
      case 1: { sum = vec4f(sum.yzw, next.x); }
      case 2: { sum = vec4f(sum.zw, next.xy); }
      default: { sum = vec4f(sum.w, next.xyz); }
    }
// #end
    storeGradient(sample + pixel * args.outPitch, quad, sum, args);
  }
}

// The range of outputs along one side that may use input i: the first, and one more than the last.
fn reach(i: f32, scale: f32, outputs: u32) -> vec2u {
  if (scale == 0) {
    return vec2u(0, outputs);
  }
  let first = ceil((i - 1) / scale - 1e-3);
  let last = floor((i + 1) / scale + 1e-3);
  return vec2u(u32(max(first, 0)), min(u32(last) + 1, outputs));
}

// The share of input i in output j, as in forward.wgsl.
fn share(i: f32, j: u32, scale: f32) -> f32 {
  return max(1 - abs(f32(j) * scale - i), 0);
}
