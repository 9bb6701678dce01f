// How gradients of what a layer read are written: added to what other readers sent, or in its place.

fn storeGradient(pixel: u32, quad: u32, value: vec4f, args: Args) {
  let before = select(vec4f(), arena[pixel + args.outOffset + quad], vec4<bool>(args.accumulate > 0));
  store(pixel, quad, before + value, args);
}
