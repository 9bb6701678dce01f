// Copies channels of a sample into a border of zeros, like pad.as, for inputs of one byte.
//
// from   [height][width], `pitch` bytes from pixel to pixel
// to     [height + 2 · border][width + 2 · border], `bytes` of each pixel. 16 bytes are copied at a time: the extra bytes
//        after a pixel are overwritten by the next pixel

function pad(from: u32, pitch: u32, height: u32, width: u32, bytes: u32, border: u32, to: u32): void {
  const edge = border * (width + 2 * border) * bytes;
  const side = border * bytes;
  memory.fill(to, 0, edge);
  to += edge;
  for (let y: u32 = 0; y < height; y++) {
    memory.fill(to, 0, side);
    to += side;
    if (pitch == bytes) {
      memory.copy(to, from, width * bytes);
      from += width * pitch;
      to += width * bytes;
    } else {
      for (let x: u32 = 0; x < width; x++) {
        v128.store(to, v128.load(from));
        for (let k: u32 = 16; k < bytes; k += 16) v128.store(to + k, v128.load(from + k));
        from += pitch;
        to += bytes;
      }
    }
    memory.fill(to, 0, side);
    to += side;
  }
  memory.fill(to, 0, edge);
}

// The step whose input, with its border, is in a thread's scratch memory.
let copied: u32 = 0;

// For a new sample, the scratch memory contains no input.
export function forgetInt8Copy(): void {
  copied = 0;
}

// The same for a step, unless another of its parts was computed by this thread and found the same input.
export function padInt8For(
  step: u32,
  parts: u32,
  from: u32,
  pitch: u32,
  height: u32,
  width: u32,
  bytes: u32,
  border: u32,
  to: u32,
): void {
  if (parts > 1 && copied == step) return;
  pad(from, pitch, height, width, bytes, border, to);
  copied = step;
}
