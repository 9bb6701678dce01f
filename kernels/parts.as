// A step may be computed in parts, by different threads.

// The first unit of a part, of `units` in total; for part = parts, one more than the last.
@inline
export function firstOf(part: u32, parts: u32, units: u32): u32 {
  return part * units / parts;
}
