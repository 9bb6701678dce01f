/**
 * Tables for kernels/convolution/tiles.as that say which pixels are multiplied by which weights: for each output pixel
 * the start of its inputs, and runs of contiguous inputs. Border pixels are zeros around a copy of the input.
 *
 * @module
 */

/** Output pixels that use the same taps. */
export interface Phase {
  /** Index of the first input pixel for each output pixel of a sample; the border counts. */
  readonly inPixels: readonly number[];
  /** Indices of the output pixels, in row-major order. */
  readonly outPixels: readonly number[];
  /** Bytes from the end of each run to the start of the next; the first counts from a pixel's `inPixels`. */
  readonly moves: readonly number[];
  /** Numbers in a run. */
  readonly runLength: number;
  /** Taps of all runs, in their order, as indices into the kernel. */
  readonly taps: readonly number[];
}

/** How a kernel moves over a square input. */
export interface Windows {
  /** A key that identifies the places, which do not depend on channels. */
  readonly key: string;
  /** Pixels of a sample, including the border. */
  readonly pixels: number;
  /** Width of the border of zeros on each side. */
  readonly border: number;
  /** Stride of pixels in bytes. */
  readonly pitch: number;
  /** Bytes of a sample, including the border. */
  readonly bytes: number;
  /** At least one phase. */
  readonly phases: readonly Phase[];
}

/** The geometry of a convolution. */
export interface Geometry {
  /** Height and width of its input. */
  readonly inSize: number;
  /** Height and width of its output. */
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
 * The windows of its input gradient, which reads the output's gradient and computes the input's. With a stride, inputs
 * whose coordinates have the same remainders use the same taps.
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
 * For each tap of a kernel the output pixels whose input is inside: byte offsets of their input and of the pixel
 * itself.
 *
 * @param pitch Stride of pixels in bytes.
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

/** Along one axis, for inputs i = phase + stride · q: the outputs q + shift that use them, ascending, and the taps. */
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
