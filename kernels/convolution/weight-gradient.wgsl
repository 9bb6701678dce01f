// Gradient of a convolution's weights, and of its bias if it has one, summed over a part of the pixels: a few numbers, each a
// sum of very many products. One invocation computes a register tile, INS quads of input channels × OUTS quads of output
// channels, of one tap of the kernel.
//
// A bias is treated as weights whose input is ones. A tile that extends beyond the channels reads other data and discards the
// results. There are no early returns: CPU drivers share loads only where all lanes are certain to be active.
//
// Constants  INS, OUTS, LANES (workgroup size)
// Dispatch   x · y: tiles · splits / LANES
// Partials   [split], each laid out as the weights: [kernel · kernel][4 · inQuads][gradQuads] vec4, then [gradQuads] for a bias
// Arena      starts with zeros, which are read for pixels outside the image

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let args = steps[0];
  let index = (group.y * groups.x + group.x) * LANES + lane;
  let outTiles = (args.gradQuads + OUTS - 1) / OUTS;
  let inTiles = (args.inQuads + INS - 1) / INS;
  let taps = args.kernel * args.kernel;
  let tiles = outTiles * (inTiles * taps + args.bias);
  let split = index / tiles;
  let tile = index % tiles;
  let outQuad = tile % outTiles * OUTS;
  let inQuad = tile / outTiles % inTiles * INS;
  let tap = tile / outTiles / inTiles;
  let top = tap / args.kernel - args.kernel / 2;
  let left = tap % args.kernel - args.kernel / 2;
  let first = split * args.rows;
  let end = select(0, min(first + args.rows, remaining[0] * args.gradHeight), split < args.splits);

// #for i in INS
// #for o in OUTS
// #for k in 4
  var sum${i}_${k}_${o} = vec4f();
// #end
// #end
// #end
  for (var row = first; row < end; row++) {
    let sample = args.arenaStart + row / args.gradHeight * args.samplePitch;
    // Coordinates above and left of the image wrap around to large numbers, so one comparison per axis is enough.
    let y = row % args.gradHeight * args.stride + top;
    let origin = sample + args.inOffset + y * args.inWidth * args.inPitch + inQuad;
    var grad = sample + args.gradOffset + row % args.gradHeight * args.gradWidth * args.gradPitch + outQuad;
    var x = left;
    for (var i = 0u; i < args.gradWidth; i++) {
      let inside = select(0, origin + x * args.inPitch, (y < args.inHeight) & (x < args.inWidth));
      let at = select(args.ones, inside, tap < taps);
// #for o in OUTS
      let grad${o} = arena[grad + ${o}];
// #end
// #for i in INS
      let value${i} = arena[at + ${i}];
// #for k in 4
// #for o in OUTS
      sum${i}_${k}_${o} = fma(vec4f(value${i}[${k}]), grad${o}, sum${i}_${k}_${o});
// #end
// #end
// #end
      grad += args.gradPitch;
      x += args.stride;
    }
  }

  if (split >= args.splits) {
    return;
  }
  let quads = (taps * 4 * args.inQuads + args.bias) * args.gradQuads;
  let partial = args.partials + split * quads + (tap * args.inQuads + inQuad) * 4 * args.gradQuads + outQuad;
// #for o in OUTS
  if (outQuad + ${o} < args.gradQuads) {
    if (tap == taps) {
      partials[partial + ${o}] = sum0_0_${o};
    }
// #for i in INS
    if (tap < taps && inQuad + ${i} < args.inQuads) {
// #for k in 4
      partials[partial + (${i} * 4 + ${k}) * args.gradQuads + ${o}] = sum${i}_${k}_${o};
// #end
    }
// #end
  }
// #end
}
