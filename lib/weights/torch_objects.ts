/**
 * What the pickle of a PyTorch checkpoint may contain: tensors, as views of storages kept outside the pickle, and the
 * few names PyTorch and numpy use to describe them. The numbers themselves are not read here.
 *
 * @module
 */

import { RanetError } from "../errors.ts";
import { FLOAT_BYTES, type FloatType } from "./floats.ts";
import { quote } from "./messages.ts";
import { type PickleConstructor, PickleGlobal } from "./pickle.ts";
import { countNumbers, isShape, isSize } from "./shape.ts";

/** A run of numbers in a checkpoint, which tensors look into. */
export class TorchStorage {
  /**
   * @param key Its name in the file.
   * @param format The format of its numbers.
   * @param length How many numbers it holds.
   */
  constructor(readonly key: string, readonly format: TorchFormat, readonly length: number) {}

  /** Bytes it takes in the file. */
  get byteLength(): number {
    return this.length * this.format.itemBytes;
  }
}

/** A number format of PyTorch's. */
export interface TorchFormat {
  /** Its float format; undefined for integers, which no weight is. */
  readonly float?: FloatType;
  /** Bytes of one number. */
  readonly itemBytes: number;
}

/** A tensor of a checkpoint: a view of a storage that lies within it. */
export class TorchTensor {
  /**
   * @param storage Where its numbers are.
   * @param offset Position of the first one in the storage.
   * @param shape Size of each dimension.
   * @param stride Distance between neighbours along each dimension, in numbers.
   * @param length How many numbers it shows.
   */
  constructor(
    readonly storage: TorchStorage,
    readonly offset: number,
    readonly shape: readonly number[],
    readonly stride: readonly number[],
    readonly length: number,
  ) {}
}

const float = (type: FloatType): TorchFormat => ({ float: type, itemBytes: FLOAT_BYTES[type] });

const FORMATS: ReadonlyMap<string, TorchFormat> = new Map([
  ["torch.DoubleStorage", float("F64")],
  ["torch.FloatStorage", float("F32")],
  ["torch.HalfStorage", float("F16")],
  ["torch.BFloat16Storage", float("BF16")],
  ["torch.LongStorage", { itemBytes: 8 }],
  ["torch.IntStorage", { itemBytes: 4 }],
  ["torch.ShortStorage", { itemBytes: 2 }],
  ["torch.CharStorage", { itemBytes: 1 }],
  ["torch.ByteStorage", { itemBytes: 1 }],
  ["torch.BoolStorage", { itemBytes: 1 }],
]);

/** For values the state_dict has no use for, such as numpy's numbers. */
const ignore: PickleConstructor = () => null;

const CONSTRUCTORS: ReadonlyMap<string, PickleConstructor> = new Map([
  ["collections.OrderedDict", emptyDict],
  ["torch._utils._rebuild_tensor", rebuildTensor],
  ["torch._utils._rebuild_tensor_v2", rebuildTensor],
  ["torch._utils._rebuild_parameter", ([tensor]) => tensor],
  ["torch.Size", ([sizes]) => sizes],
  ["numpy.core.multiarray.scalar", ignore],
  ["numpy._core.multiarray.scalar", ignore],
  ["numpy.dtype", ignore],
  ["_codecs.encode", ignore],
]);

/** The names a checkpoint's pickle may load. */
export const TORCH_GLOBALS: ReadonlyMap<string, PickleGlobal> = new Map(
  [...CONSTRUCTORS.keys(), ...FORMATS.keys()].map((name) => [name, new PickleGlobal(name, CONSTRUCTORS.get(name))]),
);

function emptyDict(args: readonly unknown[]): Map<unknown, unknown> {
  if (args.length > 0) throw new RanetError("its pickle fills an OrderedDict in a way PyTorch does not");
  return new Map();
}

/** `(storage, offset, shape, stride, …)`; the rest concerns training. */
function rebuildTensor([storage, offset, shape, stride]: readonly unknown[]): TorchTensor {
  if (
    !(storage instanceof TorchStorage) || !isSize(offset) || !isShape(shape) || !isShape(stride) ||
    shape.length !== stride.length
  ) {
    throw new RanetError("its pickle describes a tensor in a way PyTorch does not");
  }
  const length = countNumbers(shape);
  const end = length === 0 ? 0 : shape.reduce((at, size, i) => at + (size - 1) * stride[i], offset) + 1;
  if (end > storage.length) {
    throw new RanetError(
      `a tensor of shape [${shape.join(", ")}] reaches to number ${end} of storage ${quote(storage.key)}, which has ` +
        storage.length,
    );
  }
  return new TorchTensor(storage, offset, shape, stride, length);
}

/**
 * Collects the storages a pickle refers to as `("storage", type, key, location, length)`, with a sixth item in the
 * legacy container.
 */
export class TorchStorages {
  readonly #byKey = new Map<unknown, TorchStorage>();

  /** The storage of that key, if the pickle mentioned it. */
  get(key: unknown): TorchStorage | undefined {
    return this.#byKey.get(key);
  }

  /**
   * Resolves a pickle's reference.
   *
   * @throws {RanetError} If it is not one to a storage, or contradicts an earlier one.
   */
  load(id: unknown): TorchStorage {
    const [kind, type, key, _location, length, view = null] = Array.isArray(id) ? id : [];
    const format = type instanceof PickleGlobal ? FORMATS.get(type.name) : undefined;
    if (kind !== "storage" || !format || typeof key !== "string" || !isSize(length)) {
      throw new RanetError("its pickle refers to something that is not a storage");
    }
    if (view !== null) throw new RanetError(`its storage ${quote(key)} is a view of another, which is not supported`);
    const storage = this.#byKey.get(key) ?? new TorchStorage(key, format, length);
    if (storage.format !== format || storage.length !== length) {
      throw new RanetError(`its storage ${quote(key)} is described in two ways`);
    }
    this.#byKey.set(key, storage);
    return storage;
  }
}
