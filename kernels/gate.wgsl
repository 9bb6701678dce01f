// Decides which samples leave at an exit: those whose confidence (largest softmax value) reaches the threshold. Writes their
// exit and removes them from the list of remaining samples, whose order is kept.
//
// Constants  LANES (workgroup size)
// Dispatch   one workgroup
// Remaining  [0]: number of remaining samples, then their indices [batchSize], then the exit of each sample [batchSize]

const NONE = 0xffffffffu;

@group(0) @binding(0) var<storage, read> logits: array<f32>;
@group(0) @binding(1) var<storage, read_write> remaining: array<u32>;
@group(0) @binding(2) var<uniform> args: Args;

@compute @workgroup_size(LANES)
fn main(@builtin(local_invocation_index) lane: u32) {
  let count = remaining[0];
  for (var slot = lane; slot < count; slot += LANES) {
    let sample = remaining[1 + slot];
    let first = args.logits + sample * args.classes;
    var largest = logits[first];
    for (var i = 1u; i < args.classes; i++) {
      largest = max(largest, logits[first + i]);
    }
    var sum = 0.0;
    for (var i = 0u; i < args.classes; i++) {
      sum += exp(logits[first + i] - largest);
    }
    if (1 / sum >= args.threshold) {
      remaining[1 + args.batchSize + sample] = args.exit;
    }
  }
  storageBarrier();
  if (lane > 0) {
    return;
  }
  var kept = 0u;
  for (var slot = 0u; slot < count; slot++) {
    let sample = remaining[1 + slot];
    if (remaining[1 + args.batchSize + sample] == NONE) {
      remaining[1 + kept] = sample;
      kept++;
    }
  }
  remaining[0] = kept;
}
