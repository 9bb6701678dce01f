/**
 * The known names in a pickle of NumPy arrays.
 *
 * @module
 */

import { RanetError } from "../errors.ts";
import { type PickleConstructor, PickleGlobal, PickleObject } from "../weights/pickle.ts";

/** An array as NumPy stores it. */
export class PickledArray extends PickleObject {
  /** Type of its numbers, such as `u1`. */
  type = "";
  /** Size of each dimension. */
  shape: readonly number[] = [];
  /** Whether the first dimension varies fastest. */
  isFortran = false;
  /** Its numbers. */
  data: Uint8Array = new Uint8Array(0);

  override build(state: unknown): void {
    const [, shape, type, isFortran, data] = Array.isArray(state) ? state as unknown[] : [];
    this.set({ shape, type, isFortran, data });
  }

  /**
   * Sets everything.
   *
   * @throws {RanetError} If it is not valid.
   */
  set({ shape, type, isFortran, data }: Readonly<Record<"shape" | "type" | "isFortran" | "data", unknown>>): void {
    const isValid = Array.isArray(shape) && shape.every((size) => Number.isSafeInteger(size) && size >= 0) &&
      type instanceof PickledType && typeof isFortran === "boolean" && data instanceof Uint8Array;
    if (!isValid) {
      throw new RanetError("its pickle has an array that is damaged, or in an unknown version of NumPy's format");
    }
    this.shape = shape;
    this.type = type.name;
    this.isFortran = isFortran;
    this.data = data;
  }
}

/** A type of numbers. */
class PickledType extends PickleObject {
  readonly name: string;

  constructor(name: unknown) {
    super();
    this.name = String(name).slice(0, 20);
  }

  /** Byte order, which a type of one byte does not have. */
  override build(): void {}
}

/** Python 3 stores bytes in protocol 2 as text of as many characters. */
const encode: PickleConstructor = ([text]) =>
  typeof text === "string" ? Uint8Array.from(text, (char) => char.charCodeAt(0)) : new Uint8Array(0);

const fromBuffer: PickleConstructor = ([data, type, shape, order]) => {
  const array = new PickledArray();
  array.set({ data, type, shape, isFortran: order === "F" });
  return array;
};

const NAMES: readonly (readonly [name: string, construct?: PickleConstructor])[] = [
  ["numpy.ndarray"],
  ["numpy.dtype", ([name]) => new PickledType(name)],
  ["_codecs.encode", encode],
  // NumPy 1 and 2
  ["numpy.core.multiarray._reconstruct", () => new PickledArray()],
  ["numpy._core.multiarray._reconstruct", () => new PickledArray()],
  ["numpy.core.numeric._frombuffer", fromBuffer],
  ["numpy._core.numeric._frombuffer", fromBuffer],
];

/** What is known. */
export const NUMPY_GLOBALS: ReadonlyMap<string, PickleGlobal> = new Map(
  NAMES.map(([name, construct]) => [name, new PickleGlobal(name, construct)]),
);
