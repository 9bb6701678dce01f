/**
 * NumPy's `.npy` files, for tensors from other programs.
 *
 * @module
 */
import { RanetError } from "../errors.ts";
import type { Tensor } from "../weights/tensor.ts";
import { divisorOf, type NumberFormat, NUMBERS } from "./numbers.ts";

/** Supported types, little-endian. */
const FORMATS: Readonly<Record<string, NumberFormat>> = { "<f2": "float16", "<f4": "float32", "<f8": "float64" };
/** Types of integers. */
const INTEGERS: typeof FORMATS = { "|u1": "uint8", "|i1": "int8", "<u2": "uint16", "<i2": "int16" };
const MAX_DIMENSIONS = 32; // NumPy's own limit

/**
 * Reads a float16, float32 or float64 array in C order.
 *
 * @param bytes The whole file.
 * @param options.source The file's name in errors, for example its path.
 * @param options.integers Whether integers of 8 and 16 bits are also read, divided by the largest value of their type.
 * Default: no.
 * @returns The array, as float32.
 * @throws {RanetError} If this is not such a file, its length does not match its header, or a value is not finite.
 *
 * @example
 * ```ts ignore
 * import { readNpy } from "./npy.ts";
 *
 * const { shape } = readNpy(await Deno.readFile("input.npy"), { source: "input.npy" });
 * console.log(shape); // [2, 3, 32, 32]
 * ```
 */
export function readNpy(bytes: Uint8Array, options: { readonly source: string; readonly integers?: boolean }): Tensor {
  const refuse = (reason: string): never => {
    throw new RanetError(`Cannot read tensor ${JSON.stringify(options.source)}: ${reason}`);
  };
  const { descr, shape, start: end } = npyHeader(bytes, refuse);
  const formats = options.integers ? { ...FORMATS, ...INTEGERS } : FORMATS;
  const format = Object.hasOwn(formats, descr) ? formats[descr] : undefined;
  if (format === undefined) {
    return refuse(`its type is ${JSON.stringify(descr)}, expected "<f4" (or "<f2", "<f8"): use array.astype("<f4")`);
  }
  const length = shape.reduce((product, size) => product * size, 1);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const { bytes: size, read } = NUMBERS[format];
  const divisor = divisorOf(NUMBERS[format]);
  if (bytes.length - end !== length * size) {
    return refuse(`shape [${shape}] of ${descr} takes ${length * size} bytes, found ${bytes.length - end}`);
  }
  const data = new Float32Array(length);
  for (let i = 0; i < length; i++) {
    data[i] = read(view, end + i * size, true) / divisor;
    if (!Number.isFinite(data[i])) return refuse(`value ${i} is ${data[i]}, expected finite numbers`);
  }
  return { shape, data };
}

/** Contents of a file's header. */
export interface NpyHeader {
  /** NumPy's name of the type, such as `<f4`. */
  readonly descr: string;
  /** Sizes of the dimensions. */
  readonly shape: readonly number[];
  /** Start of the numbers. */
  readonly start: number;
}

/**
 * Reads the header of an array in C order.
 *
 * @param refuse Throws an error with a reason.
 */
export function npyHeader(bytes: Uint8Array, refuse: (reason: string) => never): NpyHeader {
  const text = (from: number, to: number): string => new TextDecoder().decode(bytes.subarray(from, to));
  if (bytes.length < 12 || bytes[0] !== 0x93 || text(1, 6) !== "NUMPY") {
    return refuse("it is not a .npy file (save it with numpy.save)");
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [before, headerLength] = bytes[6] === 1 ? [10, view.getUint16(8, true)] : [12, view.getUint32(8, true)];
  const start = before + headerLength;
  if (start > bytes.length) return refuse("it ends inside its header");

  const header = text(before, start);
  const descr = /'descr': *'([^']*)'/.exec(header)?.[1];
  const order = /'fortran_order': *(True|False)/.exec(header)?.[1];
  const sizes = /'shape': *\(([\d, ]*)\)/.exec(header)?.[1];
  if (descr === undefined || order === undefined || sizes === undefined) {
    return refuse(`its header lacks descr, fortran_order or shape: ${JSON.stringify(header.slice(0, 200))}`);
  }
  if (order === "True") return refuse("it is in Fortran order: save numpy.ascontiguousarray(array)");
  const shape = (sizes.match(/\d+/g) ?? []).map(Number);
  if (shape.length > MAX_DIMENSIONS) return refuse(`${shape.length} dimensions are more than ${MAX_DIMENSIONS}`);
  return { descr, shape, start };
}
