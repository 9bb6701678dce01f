/**
 * Samples that are arrays. NumPy files (channels × height × width) are read for networks with any number of channels.
 * TIFF files with one band per channel are read for networks with a number other than 1 and 3. Integers are divided by the
 * largest value of their type, as an image's bytes are divided by 255. Other numbers are used unchanged.
 *
 * @module
 */
import { RanetError } from "../errors.ts";
import type { InputSpec } from "../network/common.ts";
import { type Size, sizeOf } from "../network/size.ts";
import { LIMITS } from "../spec/limits.ts";
import type { RgbImage } from "./image.ts";
import { recogniseFormat } from "./image_signatures.ts";
import { readNpy } from "./npy.ts";
import { normaliser, planeResizer, takesImages } from "./preprocess.ts";
import { describeBands } from "./tiff/band_layout.ts";
import { decodeBands } from "./tiff/bands.ts";
import { isTiff } from "./tiff/directory.ts";

/** Names of files that are treated as arrays. */
export const ARRAY_FILE = /\.(npy|tiff?)$/i;

/** Size of the largest file in bytes. Its numbers take up to four times as much memory. */
const MAX_ARRAY_BYTES = 2 ** 26;

/**
 * Whether a file's first bytes are those of an array for a network with this number of channels. For 1 or 3, a TIFF is
 * an image.
 */
export function isArray(bytes: Uint8Array, channels: number): boolean {
  const format = recogniseFormat(bytes);
  return format === "NumPy array" || (format === "TIFF" && !takesImages(channels));
}

/** Each channel is a plane of values, row by row. */
interface Bands extends Size {
  readonly planes: readonly Float32Array[];
}

/**
 * Reads an array as the planes that a network takes, not normalised.
 *
 * @param options `source`: the file's name in errors; `channels`: the number that the network takes.
 * @returns Channels × height × width.
 * @throws {RanetError} If it is not such an array, or has a different number of channels.
 */
export function arrayPlanes(
  bytes: Uint8Array,
  options: { readonly source: string; readonly channels: number; readonly form: Pick<InputSpec, "size" | "resize"> },
): Float32Array {
  const { source, channels, form } = options;
  const bands = readBands(bytes, source);
  if (bands.planes.length !== channels) {
    throw new RanetError(
      `${refusal(source)} it has ${bands.planes.length} channels, expected the network's ${channels}; ` +
        "choose the channels of the array, or set input.channels of the architecture",
    );
  }
  const { height, width } = sizeOf(form.size);
  const planes = new Float32Array(channels * height * width);
  const resize = planeResizer(bands, form);
  bands.planes.forEach((plane, channel) => {
    planes.set(resize(plane), channel * height * width);
  });
  return planes;
}

/**
 * Reads an array as the tensor that a network takes.
 *
 * @throws {RanetError} As {@linkcode arrayPlanes}.
 */
export function arrayTensor(
  bytes: Uint8Array,
  { source, input }: { readonly source: string; readonly input: InputSpec },
): Float32Array {
  const planes = arrayPlanes(bytes, { source, channels: input.mean.length, form: input });
  const tensor = new Float32Array(planes.length);
  normaliser(input)(planes, tensor);
  return tensor;
}

/**
 * A picture of an array: its first three channels as red, green and blue, or only the first as grey.
 *
 * @throws {RanetError} If it is not such an array.
 */
export function arrayPicture(bytes: Uint8Array, source: string): RgbImage {
  const { planes, height, width } = readBands(bytes, source);
  const data = new Uint8ClampedArray(4 * height * width).fill(255);
  for (let c = 0; c < 3; c++) {
    const plane = planes[planes.length < 3 ? 0 : c]!;
    for (let i = 0; i < plane.length; i++) data[4 * i + c] = 255 * plane[i]!;
  }
  return { width, height, data };
}

/**
 * Approximate memory in bytes that reading a TIFF's bands takes.
 *
 * @throws {RanetError} If it cannot be read.
 */
export function arrayMemory(bytes: Uint8Array, source: string): number {
  const pictures = refusing(source, () => describeBands(bytes, { most: MAX_ARRAY_BYTES }));
  const { width, height } = pictures[0]!;
  const samples = pictures.reduce((sum, { samples }) => sum + samples, 0);
  // The floats, and one part with up to as many numbers of eight bytes, unpacked and copied.
  return 20 * width * height * samples;
}

function readBands(bytes: Uint8Array, source: string): Bands {
  if (bytes.length > MAX_ARRAY_BYTES) {
    throw new RanetError(`${refusal(source)} ${bytes.length} bytes are more than ${MAX_ARRAY_BYTES}`, {
      code: "too-large",
    });
  }
  const { shape, data } = isTiff(bytes)
    ? refusing(source, () => decodeBands(bytes, { most: MAX_ARRAY_BYTES }))
    : readNpy(bytes, { source, integers: true });
  // An array of height × width is one channel.
  const [channels, height, width] = shape.length === 2 ? [1, ...shape] : shape;
  if (shape.length < 2 || shape.length > 3 || data.length === 0) {
    throw new RanetError(
      `${refusal(source)} expected an array of channels × height × width, found ${
        shape.join(" × ") || "a single number"
      }`,
    );
  }
  if (channels! > LIMITS.inputChannels) {
    throw new RanetError(`${refusal(source)} ${channels} channels are more than ${LIMITS.inputChannels}`);
  }
  const area = height! * width!;
  return {
    height: height!,
    width: width!,
    planes: Array.from({ length: channels! }, (_, i) => data.subarray(i * area, (i + 1) * area)),
  };
}

/** Turns an error of the TIFF reader into a RanetError. */
function refusing<Found>(source: string, read: () => Found): Found {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    throw new RanetError(`${refusal(source)} ${error.message}`, { cause: error });
  }
}

function refusal(source: string): string {
  return `Cannot read array ${JSON.stringify(source)}:`;
}
