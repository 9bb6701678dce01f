/**
 * Which pixels meet which weights, as kernels/convolution/tiles.as is told of it: for each pixel that is made where its
 * inputs start, and runs of inputs that lie together. Border pixels are zeros around a copy of the input.
 *
 * @module
 */

/** Output pixels that are made by the same taps. */
export interface Phase {
  /** Pixels from the input's start, border included, to the first input of each pixel of a sample. */
  readonly inPixels: readonly number[];
  /** Which pixels are made, row by row counted. */
  readonly outPixels: readonly number[];
  /** Bytes from each run's end to the next one's start; the first from a pixel's `inPixels`. */
  readonly moves: readonly number[];
  /** Numbers in a run. */
  readonly runLength: number;
  /** Taps of all runs, in their order, as indices into the kernel. */
  readonly taps: readonly number[];
}

/** How a kernel goes over a square input. */
export interface Windows {
  /** What tells places from others; they do not depend on channels. */
  readonly key: string;
  /** Pixels of a sample, border included. */
  readonly pixels: number;
  /** Zeros on each side. */
  readonly border: number;
  /** Bytes from pixel to pixel. */
  readonly pitch: number;
  /** Bytes of a sample, border included. */
  readonly bytes: number;
  /** At least one. */
  readonly phases: readonly Phase[];
}

/** What a convolution does. */
export interface Geometry {
  /** Height and width of what it reads. */
  readonly inSize: number;
  /** Height and width of what it writes. */
  readonly outSize: number;
  /** Height and width of its kernel. */
  readonly kernel: number;
  /** Step between outputs, in input pixels. */
  readonly stride: number;
}

/**
 * The windows of a convolution's forward pass.
 *
 * @param options `channels` that are read; `pitch` of the tensor that they lie in, in bytes.
 */
export function forwardWindows(
  { inSize, outSize, kernel, stride }: Geometry,
  options: { channels: number; pitch: number },
): Windows {
  const { channels } = options;
  const border = kernel >> 1;
  const pitch = border > 0 ? 4 * channels : options.pitch;
  const width = inSize + 2 * border;
  const runLength = kernel * channels;
  return {
    key: ["forward", inSize, outSize, kernel, stride].join(),
    pixels: width ** 2,
    border,
    pitch,
    bytes: width ** 2 * pitch,
    phases: [{
      inPixels: grid(outSize, outSize, (y, x) => (y * width + x) * stride),
      outPixels: grid(outSize, outSize, (y, x) => y * outSize + x),
      moves: movesOf(kernel, width * pitch - 4 * runLength),
      runLength,
      taps: grid(kernel, kernel, (y, x) => y * kernel + x),
    }],
  };
}

/**
 * The windows of its input gradient, which reads the output's gradient and makes the input's: with a stride, inputs whose
 * coordinates leave the same remainders are met by the same taps.
 *
 * @param options `channels` that are read; `pitch` of the tensor that they lie in, in bytes.
 */
export function gradientWindows(
  { inSize, outSize, kernel, stride }: Geometry,
  options: { channels: number; pitch: number },
): Windows {
  const { channels } = options;
  const lines = Array.from({ length: Math.min(stride, inSize) }, (_, phase) => lineOf(phase, kernel, stride));
  const border = Math.max(...lines.flatMap(({ shifts }) => shifts.map(Math.abs)));
  const pitch = border > 0 ? 4 * channels : options.pitch;
  const width = outSize + 2 * border;
  const phases = lines.flatMap((row, y0) =>
    lines.map((column, x0): Phase => {
      const height = Math.ceil((inSize - y0) / stride);
      const length = Math.ceil((inSize - x0) / stride);
      const runLength = column.shifts.length * channels;
      const runs = runLength > 0 ? row.shifts.length : 0;
      const top = border + (row.shifts[0] ?? 0);
      const left = border + (column.shifts[0] ?? 0);
      return {
        inPixels: grid(height, length, (y, x) => (y + top) * width + x + left),
        outPixels: grid(height, length, (y, x) => (y0 + y * stride) * inSize + x0 + x * stride),
        moves: movesOf(runs, width * pitch - 4 * runLength),
        runLength,
        taps: grid(runs, column.taps.length, (y, x) => row.taps[y] * kernel + column.taps[x]),
      };
    })
  );
  const key = ["gradient", inSize, outSize, kernel, stride].join();
  return { key, pixels: width ** 2, border, pitch, bytes: width ** 2 * pitch, phases };
}

/**
 * For each tap of a kernel the output pixels whose input is inside: bytes to each one's input, and to itself.
 *
 * @param pitch Bytes from pixel to pixel.
 */
export function insidePlaces(
  { inSize, outSize, kernel, stride }: Geometry,
  pitch: { readonly input: number; readonly output: number },
): number[][] {
  const line = Array.from(
    { length: kernel },
    (_, tap) =>
      Array.from({ length: outSize }, (_, to) => ({ from: to * stride + tap - (kernel >> 1), to }))
        .filter(({ from }) => from >= 0 && from < inSize),
  );
  return grid(kernel, kernel, (y, x) => [y, x]).map(([y, x]) =>
    line[y].flatMap((row) =>
      line[x].flatMap((column) => [
        (row.from * inSize + column.from) * pitch.input,
        (row.to * outSize + column.to) * pitch.output,
      ])
    )
  );
}

/** Along one axis, for inputs i = phase + stride · q: outputs q + shift that they reach, ascending, and by which tap. */
function lineOf(phase: number, kernel: number, stride: number): { shifts: number[]; taps: number[] } {
  const shifts: number[] = [];
  const taps: number[] = [];
  for (let tap = kernel - 1; tap >= 0; tap--) {
    const distance = phase + (kernel >> 1) - tap;
    if (distance % stride !== 0) continue;
    shifts.push(distance / stride);
    taps.push(tap);
  }
  return { shifts, taps };
}

function movesOf(runs: number, gap: number): number[] {
  return Array.from({ length: runs }, (_, run) => run === 0 ? 0 : gap);
}

function grid<Place>(height: number, width: number, at: (y: number, x: number) => Place): Place[] {
  return Array.from({ length: height * width }, (_, i) => at(Math.floor(i / width), i % width));
}
