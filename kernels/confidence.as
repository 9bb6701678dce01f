// The largest softmax value, rounded as lib/softmax.ts rounds it.

@external("env", "exp")
declare function exp(x: f64): f64;

export function confidence(logits: u32, classes: u32): f32 {
  let largest: f64 = -Infinity;
  for (let k: u32 = 0; k < classes; k++) largest = max(largest, <f64>load<f32>(logits + 4 * k));
  let sum: f64 = 0;
  let most: f64 = 0;
  for (let k: u32 = 0; k < classes; k++) {
    const power = <f64>(<f32>exp(<f64>load<f32>(logits + 4 * k) - largest));
    most = max(most, power);
    sum += power;
  }
  return <f32>(most / sum);
}
