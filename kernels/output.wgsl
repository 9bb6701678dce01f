// How layers write. Each quad of a layer's output has one owner, who alone reads and writes it in a dispatch: a store to a
// part of a vec4 may rewrite the whole of it. Lanes that are not the layer's own stay what they were.

fn store(pixel: u32, quad: u32, value: vec4f, args: Args) {
  let at = pixel + args.outOffset + quad;
  let lanes = 4 * quad + vec4u(0, 1, 2, 3) - args.outShift; // below the first wraps round to a large number
  arena[at] = select(arena[at], value, lanes < vec4u(args.outChannels));
}
