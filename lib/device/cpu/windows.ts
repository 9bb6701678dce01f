/**
 * Tables for kernels/convolution/tiles.as that say which pixels are multiplied by which weights: for each output pixel
 * the start of its inputs, and runs of contiguous inputs. Border pixels are zeros around a copy of the input.
 *
 * @module
 */

import { type Size, sizeText } from "../../network/size.ts";

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

/** How a kernel moves over an input. */
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
  readonly input: Size;
  /** Height and width of its output. */
  readonly output: Size;
  /** Height and width of its kernel. */
  readonly kernel: number;
  /** Stride in input pixels. */
  readonly stride: number;
}

/** A key of a geometry. */
export function geometryKey({ input, output, kernel, stride }: Geometry): string {
  return [sizeText(input), sizeText(output), kernel, stride].join();
}

/**
 * The windows of a convolution's forward pass.
 *
 * @param options `channels` that are read; `pitch` of their tensor in bytes.
 */
export function forwardWindows(
  geometry: Geometry,
  options: { channels: number; pitch: number },
): Windows {
  const { input, output, kernel, stride } = geometry;
  const { channels } = options;
  const border = kernel >> 1;
  const pitch = border > 0 ? 4 * channels : options.pitch;
  const { height, width } = bordered(input, border);
  const runLength = kernel * channels;
  return {
    key: `forward ${geometryKey(geometry)}`,
    pixels: height * width,
    border,
    pitch,
    bytes: height * width * pitch,
    phases: [{
      inPixels: grid(output.height, output.width, (y, x) => (y * width + x) * stride),
      outPixels: grid(output.height, output.width, (y, x) => y * output.width + x),
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
 * @param options `channels` that are read; `pitch` of their tensor in bytes.
 */
export function gradientWindows(
  geometry: Geometry,
  options: { channels: number; pitch: number },
): Windows {
  const { input, output, kernel, stride } = geometry;
  const { channels } = options;
  const lines = Array.from({ length: stride }, (_, phase) => lineOf(phase, kernel, stride));
  const [rows, columns] = [lines.slice(0, input.height), lines.slice(0, input.width)];
  const border = Math.max(...[...rows, ...columns].flatMap(({ shifts }) => shifts.map(Math.abs)));
  const pitch = border > 0 ? 4 * channels : options.pitch;
  const { height, width } = bordered(output, border);
  const phases = rows.flatMap((row, y0) =>
    columns.map((column, x0): Phase => {
      const count = Math.ceil((input.height - y0) / stride);
      const length = Math.ceil((input.width - x0) / stride);
      const runLength = column.shifts.length * channels;
      const runs = runLength > 0 ? row.shifts.length : 0;
      const top = border + (row.shifts[0] ?? 0);
      const left = border + (column.shifts[0] ?? 0);
      return {
        inPixels: grid(count, length, (y, x) => (y + top) * width + x + left),
        outPixels: grid(count, length, (y, x) => (y0 + y * stride) * input.width + x0 + x * stride),
        moves: movesOf(runs, width * pitch - 4 * runLength),
        runLength,
        taps: grid(runs, column.taps.length, (y, x) => row.taps[y] * kernel + column.taps[x]),
      };
    })
  );
  const key = `gradient ${geometryKey(geometry)}`;
  return { key, pixels: height * width, border, pitch, bytes: height * width * pitch, phases };
}

/**
 * For each tap of a kernel the output pixels whose input is inside: byte offsets of their input and of the pixel
 * itself.
 *
 * @param pitch Stride of pixels in bytes.
 */
export function insidePlaces(
  { input, output, kernel, stride }: Geometry,
  pitch: { readonly input: number; readonly output: number },
): number[][] {
  const along = (side: keyof Size) =>
    Array.from(
      { length: kernel },
      (_, tap) =>
        Array.from({ length: output[side] }, (_, to) => ({ from: to * stride + tap - (kernel >> 1), to }))
          .filter(({ from }) => from >= 0 && from < input[side]),
    );
  const [rows, columns] = [along("height"), along("width")];
  return grid(kernel, kernel, (y, x) => [y, x]).map(([y, x]) =>
    rows[y].flatMap((row) =>
      columns[x].flatMap((column) => [
        (row.from * input.width + column.from) * pitch.input,
        (row.to * output.width + column.to) * pitch.output,
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

function bordered({ height, width }: Size, border: number): Size {
  return { height: height + 2 * border, width: width + 2 * border };
}

function movesOf(runs: number, gap: number): number[] {
  return Array.from({ length: runs }, (_, run) => run === 0 ? 0 : gap);
}

function grid<Place>(height: number, width: number, at: (y: number, x: number) => Place): Place[] {
  return Array.from({ length: height * width }, (_, i) => at(Math.floor(i / width), i % width));
}
