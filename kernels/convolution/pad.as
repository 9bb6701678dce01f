// Copies channels of samples into zeros, so that a kernel over them needs no account of the image's edge.
//
// from   [sample][size][size], `pitch` bytes from pixel to pixel
// to     [sample][size + 2 · border][size + 2 · border][channels]. Whole quads are copied: what comes along behind a
//        pixel's channels is overwritten by what is next

function pad(
  from: u32,
  fromBytes: u32,
  pitch: u32,
  size: u32,
  channels: u32,
  border: u32,
  to: u32,
  samples: u32,
): void {
  const width: u32 = 4 * channels;
  const edge = border * (size + 2 * border) * width;
  for (; samples > 0; samples--, from += fromBytes) {
    memory.fill(to, 0, edge);
    to += edge;
    let at = from;
    for (let y: u32 = 0; y < size; y++) {
      memory.fill(to, 0, border * width);
      to += border * width;
      for (let x: u32 = 0; x < size; x++) {
        for (let q: u32 = 0; q < width; q += 16) v128.store(to + q, v128.load(at + q));
        at += pitch;
        to += width;
      }
      memory.fill(to, 0, border * width);
      to += border * width;
    }
    memory.fill(to, 0, edge);
    to += edge;
  }
}

// The step whose input a thread's scratch memory has with its border.
let copied: u32 = 0;

// A new sample's steps have nothing there.
export function forgetCopy(): void {
  copied = 0;
}

// The same for a step, unless another of its parts was computed by this thread and found the same input.
export function padFor(
  step: u32,
  parts: u32,
  from: u32,
  fromBytes: u32,
  pitch: u32,
  size: u32,
  channels: u32,
  border: u32,
  to: u32,
  samples: u32,
): void {
  if (parts > 1 && copied == step) return;
  pad(from, fromBytes, pitch, size, channels, border, to, samples);
  copied = step;
}
