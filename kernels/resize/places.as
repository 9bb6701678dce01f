// Positions of a resized feature's rows and columns in the original, corners aligned: for each row of the output the first of
// the two rows of the input between which it lies, and the share of the second one; likewise for columns.

@inline
export function place(places: u32, i: u32): u32 {
  return load<u32>(places + 8 * i);
}

@inline
export function share(places: u32, i: u32): f32 {
  return load<f32>(places + 8 * i, 4);
}
