// A step may be computed in parts, by different threads.

// The first of a part's units, of which there are so many in all; for part = parts, the one behind the last.
@inline
export function firstOf(part: u32, parts: u32, units: u32): u32 {
  return part * units / parts;
}
