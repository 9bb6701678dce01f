// Convolution as in forward.wgsl, for GPUs: a workgroup computes a tile together and shares what it loads.
//
// The tile is PIXELS · ROWS output pixels × 4 · QUADS · ACROSS channels, each invocation's part of it PIXELS × 4 · QUADS.
// Pixels are numbered through all remaining samples, so that several small samples share a tile. Input and weights are loaded
// in slices of ACROSS quads of input channels, so that each invocation loads one quad of each of its pixels.
// Barriers need uniform control flow: loops depend only on the workgroup and read-only buffers.
//
// Constants  PIXELS, QUADS, LANES (workgroup size), ACROSS (invocations of a workgroup over channels)
// Dispatch   x: pixels of all remaining samples / tile, y: channels / tile, z: steps
// Weights    as in forward.wgsl

const ROWS = LANES / ACROSS;
const COLUMNS = QUADS * ACROSS;

var<workgroup> inputs: array<vec4f, PIXELS * ROWS * ACROSS>; // [pixel][quad]
var<workgroup> factors: array<vec4f, 4 * ACROSS * COLUMNS>; // [input channel][output quad]

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let args = steps[group.z];
  let area = args.outHeight * args.outWidth;
  let pixels = remaining[0] * area;
  let firstPixel = group.x * PIXELS * ROWS;
  let firstQuad = group.y * COLUMNS;
  let row = lane / ACROSS;
  let column = lane % ACROSS;
  let half = args.kernel / 2;
  let taps = select(0, args.kernel, firstPixel < pixels);

// #for p in PIXELS
  let at${p} = firstPixel + ${p} * ROWS + row;
  let pixel${p} = at${p} % area;
  let sample${p} = args.arenaStart + remaining[1 + min(at${p}, max(pixels, 1) - 1) / area] * args.samplePitch;
  let top${p} = pixel${p} / args.outWidth * args.stride - half;
  let left${p} = pixel${p} % args.outWidth * args.stride - half;
// #for c in QUADS
  var sum${p}_${c} = Sum();
// #end
// #end
  var w = args.weights + firstQuad;
  for (var ky = 0u; ky < taps; ky++) {
    for (var kx = 0u; kx < taps; kx++) {
// #for p in PIXELS
      // Coordinates above and left of the image wrap around to large numbers, so one comparison per axis is enough.
      let y${p} = top${p} + ky;
      let x${p} = left${p} + kx;
      let from${p} = sample${p} + args.inOffset + (y${p} * args.inWidth + x${p}) * args.inPitch;
      let in${p} = select(0, from${p}, (y${p} < args.inHeight) & (x${p} < args.inWidth)) + column;
// #end
      for (var first = 0u; first < args.inQuads; first += ACROSS) {
        let slice = min(ACROSS, args.inQuads - first);
        workgroupBarrier();
        if (column < slice) {
// #for p in PIXELS
          inputs[${p} * LANES + lane] = arena[in${p} + first];
// #end
        }
        for (var i = lane; i < 4 * slice * COLUMNS; i += LANES) {
          factors[i] = weight(w + i / COLUMNS * args.outQuads + i % COLUMNS);
        }
        workgroupBarrier();
        for (var k = 0u; k < slice; k++) {
// #for p in PIXELS
          let value${p} = inputs[${p} * LANES + row * ACROSS + k];
// #end
// #for i in 4
// #for c in QUADS
          let weight${i}_${c} = factors[(4 * k + ${i}) * COLUMNS + ${c} * ACROSS + column];
// #for p in PIXELS
          sum${p}_${c} = addProducts(sum${p}_${c}, value${p}[${i}], weight${i}_${c});
// #end
// #end
// #end
        }
        w += 4 * slice * args.outQuads;
      }
    }
  }

// #for c in QUADS
  let quad${c} = firstQuad + ${c} * ACROSS + column;
  if (quad${c} < args.outQuads) {
// #for p in PIXELS
    if (at${p} < pixels) {
      let value = finish(sum${p}_${c}, w + ${c} * ACROSS + column, args);
      store(sample${p} + pixel${p} * args.outPitch, quad${c}, value, args);
    }
// #end
  }
// #end
}
