/**
 * Converts pixels to a network's input tensor, like torchvision's Resize, CenterCrop, ToTensor and Normalize on a
 * Pillow image. The resampling is bit-identical, because a trained network's accuracy depends on it.
 *
 * @module
 */
import { RanetError } from "../errors.ts";
import { inputLength, type InputSpec } from "../network/common.ts";
import { areaOf, type Size, sizeOf } from "../network/size.ts";
import { kindOf } from "../text/kind.ts";
import type { RgbImage } from "./image.ts";
import { expectObject } from "../text/expect.ts";

/**
 * Resizes an image to just cover `input.resize` (bilinear, antialiased), crops the centre and normalises it. If the
 * image already has that size, it is not resampled.
 *
 * @param image An image of any size.
 * @param input The network's input.
 * @returns Planes of red, green and blue, or one plane of grey if the network takes one channel: channels × height ×
 * width.
 * @throws {RanetError} If the image has no pixels or not four bytes per pixel, or the network's number of channels is
 * neither 1 nor 3.
 *
 * @example
 * ```ts
 * import { toTensor } from "@ranet/ranet";
 *
 * const white = { width: 1, height: 1, data: new Uint8Array([255, 255, 255, 255]) };
 * const tensor = toTensor(white, { size: 2, resize: 2, mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] });
 * console.log(tensor); // 12 ones
 * ```
 */
export function toTensor(image: RgbImage, input: InputSpec): Float32Array {
  expectObject("toTensor", { image }, "width", "height", "data");
  expectObject("toTensor", { input }, "size", "resize", "mean", "std");
  const tensor = new Float32Array(inputLength(input));
  normaliser(input)(toPixels(image, input), tensor);
  return tensor;
}

/**
 * The pixels of an image, resized and cropped for a network, before normalisation.
 *
 * @param image An image of any size.
 * @param input The network's input.
 * @returns Red, green and blue, pixel by pixel, row by row: height × width × 3.
 * @throws {RanetError} As {@linkcode toTensor}.
 */
export function toPixels(
  image: RgbImage,
  input: Pick<InputSpec, "size" | "resize">,
): Uint8ClampedArray {
  const size = sizeOf(input.size);
  checkPixels(image);
  const [width, height] = image.extent ?? [image.width, image.height];
  const resized = covering({ height, width }, sizeOf(input.resize));
  if (resized.width === image.width && resized.height === image.height) return cutOut(image, size);
  const columns = resampling(image.width, resized.width, size.width, width);
  const rows = resampling(image.height, resized.height, size.height, height);
  return resample(image, columns, rows);
}

/**
 * Creates a function that resizes and crops planes of numbers, row by row, in floating point.
 *
 * @param from Size of a plane.
 * @param to The size that it is resized to, and the size of the crop.
 */
export function planeResizer(
  from: Size,
  to: Pick<InputSpec, "size" | "resize">,
): (plane: Float32Array) => Float32Array {
  const size = sizeOf(to.size);
  const resized = covering(from, sizeOf(to.resize));
  const columns = resampling(from.width, resized.width, size.width);
  const rows = resampling(from.height, resized.height, size.height);
  const top = rows[0]!.first;
  const last = rows.at(-1)!;
  const height = last.first + last.weights.length - top;
  return (plane) => {
    const narrow = new Float32Array(height * size.width);
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < size.width; x++) {
        const { first, weights } = columns[x]!;
        narrow[y * size.width + x] = weightedSum(plane, (top + y) * from.width + first, 1, weights);
      }
    }
    const out = new Float32Array(areaOf(size));
    for (let y = 0; y < size.height; y++) {
      const { first, weights } = rows[y]!;
      for (let x = 0; x < size.width; x++) {
        out[y * size.width + x] = weightedSum(narrow, (first - top) * size.width + x, size.width, weights);
      }
    }
    return out;
  };
}

/**
 * The smallest size with an image's aspect ratio that covers another size. If that is a square, the shorter side equals
 * its side.
 */
function covering({ height, width }: Size, least: Size): Size {
  return least.height * width >= least.width * height
    ? { height: least.height, width: Math.floor(least.height * width / height) }
    : { height: Math.floor(least.width * height / width), width: least.width };
}

/** A rectangle of an image, in pixels. */
export interface Box {
  /** Columns to its left. */
  readonly left: number;
  /** Rows above it. */
  readonly top: number;
  /** Its columns, at least 1. */
  readonly width: number;
  /** Its rows, at least 1. */
  readonly height: number;
}

/**
 * Crops a box from an image and scales it, as torchvision's `resized_crop` does.
 *
 * @param image The image.
 * @param box A box within it.
 * @param size The resulting size.
 * @returns Red, green and blue, pixel by pixel, row by row.
 */
export function resizeBox(image: RgbImage, box: Box, size: Size): Uint8ClampedArray {
  checkPixels(image);
  const shifted = (taps: readonly Taps[], by: number) => taps.map((tap) => ({ ...tap, first: tap.first + by }));
  const columns = shifted(resampling(box.width, size.width, size.width), box.left);
  const rows = shifted(resampling(box.height, size.height, size.height), box.top);
  return resample(image, columns, rows);
}

/** Converts interleaved RGB pixels, or planes of floats, to the planes that a network takes. */
export type Normaliser = (pixels: ArrayLike<number>, planes: Float32Array) => void;

/** Whether a network with this number of channels takes images. */
export function takesImages(channels: number): boolean {
  return channels === 1 || channels === 3;
}

/**
 * Checks that a network takes images.
 *
 * @throws {RanetError} If its number of channels is neither 1 nor 3.
 */
export function checkTakesImages(channels: number): void {
  if (takesImages(channels)) return;
  throw new RanetError(
    `Cannot use images: the network takes ${channels} channels, and images have 3, or 1 if grey. Use arrays of ` +
      `${channels} × height × width, each saved by numpy.save as a .npy file, or TIFF files of ${channels} bands`,
  );
}

/**
 * Creates a function that normalises a network's input. Bytes are RGB; for a network with one channel they are
 * converted to grey as in Pillow, which does not change grey pixels. Floats are planes of the network's channels. The
 * function throws if bytes are given to a network whose number of channels is neither 1 nor 3.
 */
export function normaliser(input: Pick<InputSpec, "mean" | "std">): Normaliser {
  const ofBytes = byteNormaliser(input);
  return (pixels, planes) =>
    pixels instanceof Float32Array ? normalisePlanes(pixels, input, planes) : ofBytes(pixels, planes);
}

function normalisePlanes(
  numbers: Float32Array,
  { mean, std }: Pick<InputSpec, "mean" | "std">,
  planes: Float32Array,
): void {
  const area = planes.length / mean.length;
  for (let i = 0; i < planes.length; i++) {
    const channel = Math.floor(i / area);
    planes[i] = (numbers[i]! - mean[channel]!) / std[channel]!;
  }
}

function byteNormaliser(input: Pick<InputSpec, "mean" | "std">): Normaliser {
  const channels = input.mean.length;
  if (!takesImages(channels)) return () => checkTakesImages(channels);
  const tables = input.mean.map((mean, channel) => normalised(mean, input.std[channel]!));
  if (channels === 1) {
    const [values] = tables;
    return (pixels, planes) => {
      for (let i = 0; i < planes.length; i++) {
        planes[i] =
          values![(19595 * pixels[3 * i]! + 38470 * pixels[3 * i + 1]! + 7471 * pixels[3 * i + 2]! + 32768) >> 16]!;
      }
    };
  }
  return (pixels, planes) => {
    const plane = planes.length / 3;
    tables.forEach((values, channel) => {
      for (let i = 0; i < plane; i++) planes[channel * plane + i] = values[pixels[3 * i + channel]!]!;
    });
  };
}

/**
 * Checks at run time that a value is an image.
 *
 * @throws {RanetError} If it has no pixels, not four samples per pixel, or samples that are not bytes.
 */
export function checkPixels(image: RgbImage): void {
  const { width, height, data } = image ?? {};
  if (!(data instanceof Uint8Array || data instanceof Uint8ClampedArray)) {
    throw new RanetError(
      `Cannot use image: its data are ${
        kindOf(data)
      }, expected a Uint8ClampedArray or Uint8Array of red, green, blue and a ` +
        "fourth byte; samples from 0 to 1 become bytes by Uint8ClampedArray.from(data, (value) => 255 * value)",
    );
  }
  if (!(data.length > 0) || !Number.isInteger(width) || width < 1 || data.length !== 4 * width * height) {
    throw new RanetError(
      `Cannot use image: ${width}×${height} pixels need 4 bytes each, found ${data.length} bytes`,
    );
  }
}

/** The tensor's value for each value of a byte, rounded to float32 after every step as in PyTorch. */
function normalised(mean: number, std: number): Float32Array {
  const { fround } = Math;
  return Float32Array.from({ length: 256 }, (_, byte) => fround(fround(byte / 255) - fround(mean)) / fround(std));
}

/** One output pixel along one axis: the weighted sum of the input pixels from `first` on. */
interface Taps {
  readonly first: number;
  /** Fixed-point weights. Their sum is about 1 << PRECISION. */
  readonly weights: Int32Array;
}

/** Number of fraction bits, as in Pillow. A weighted sum of bytes fits an int32. */
const PRECISION = 22;

/**
 * The weights of the central `crop` pixels of an axis after scaling it from `from` to `to` pixels. The filter is a
 * triangle that widens when the image shrinks. Only the crop is computed, so that a 3×10000 strip costs no more than a
 * square. The last pixel may cover only a part of a pixel: `extent` is the exact length.
 */
function resampling(from: number, to: number, crop: number, extent = from): Taps[] {
  const offset = roundHalfToEven((to - crop) / 2);
  const scale = extent / to;
  const support = Math.max(scale, 1);
  return Array.from({ length: crop }, (_, i) => {
    if (from === to) return { first: offset + i, weights: Int32Array.of(1 << PRECISION) };
    const center = (offset + i + 0.5) * scale;
    const first = Math.max(0, Math.trunc(center - support + 0.5));
    const end = Math.min(from, Math.trunc(center + support + 0.5));
    const weights = Float64Array.from(
      { length: end - first },
      (_, tap) => Math.max(0, 1 - Math.abs((first + tap - center + 0.5) * (1 / support))),
    );
    const sum = weights.reduce((total, weight) => total + weight, 0);
    return { first, weights: Int32Array.from(weights, (weight) => 0.5 + (weight / sum) * (1 << PRECISION)) };
  });
}

/** The central pixels of an image that needs no resampling. */
function cutOut({ width, height, data }: RgbImage, size: Size): Uint8ClampedArray {
  const left = roundHalfToEven((width - size.width) / 2);
  const top = roundHalfToEven((height - size.height) / 2);
  const pixels = new Uint8ClampedArray(3 * areaOf(size));
  for (let y = 0, to = 0; y < size.height; y++) {
    for (let from = 4 * ((top + y) * width + left), x = 0; x < size.width; x++, from += 4, to += 3) {
      pixels[to] = data[from]!;
      pixels[to + 1] = data[from + 1]!;
      pixels[to + 2] = data[from + 2]!;
    }
  }
  return pixels;
}

/** Python's `round`, with which torchvision positions the crop. */
function roundHalfToEven(value: number): number {
  const floor = Math.floor(value);
  return value - floor === 0.5 ? floor + (floor % 2) : Math.round(value);
}

/** Resamples rows, then columns, rounding to bytes after each. Returns RGB, interleaved. */
function resample(image: RgbImage, columns: readonly Taps[], rows: readonly Taps[]): Uint8ClampedArray {
  const top = rows[0]!.first;
  const last = rows.at(-1)!;
  const height = last.first + last.weights.length - top;
  const width = columns.length;
  const narrow = new Uint8ClampedArray(3 * width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const { first, weights } = columns[x]!;
      const from = 4 * ((top + y) * image.width + first);
      for (let c = 0; c < 3; c++) narrow[3 * (y * width + x) + c] = weigh(image.data, from + c, 4, weights);
    }
  }
  const pixels = new Uint8ClampedArray(3 * width * rows.length);
  for (let y = 0; y < rows.length; y++) {
    const { first, weights } = rows[y]!;
    const from = 3 * (first - top) * width;
    for (let i = 0; i < 3 * width; i++) pixels[3 * y * width + i] = weigh(narrow, from + i, 3 * width, weights);
  }
  return pixels;
}

/** The weighted sum of numbers `stride` apart. */
function weightedSum(values: Float32Array, from: number, stride: number, weights: Int32Array): number {
  let sum = 0;
  for (let tap = 0; tap < weights.length; tap++) sum += values[from + tap * stride]! * weights[tap]!;
  return sum / (1 << PRECISION);
}

/** The weighted sum of bytes `stride` apart, rounded. */
function weigh(bytes: Uint8Array | Uint8ClampedArray, from: number, stride: number, weights: Int32Array): number {
  let sum = 1 << (PRECISION - 1);
  for (let tap = 0; tap < weights.length; tap++) sum += bytes[from + tap * stride]! * weights[tap]!;
  return sum >> PRECISION;
}
