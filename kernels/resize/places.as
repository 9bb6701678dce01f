// Where rows and columns of a resized feature lie among those of the original, corners aligned: for each of the output the
// first of the two of the input between which it lies, and in how far it is the second one.

@inline
export function place(places: u32, i: u32): u32 {
  return load<u32>(places + 8 * i);
}

@inline
export function share(places: u32, i: u32): f32 {
  return load<f32>(places + 8 * i, 4);
}
