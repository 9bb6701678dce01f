/**
 * The known names in the pickle of a PyTorch checkpoint: those of tensors, which are views of storages outside the
 * pickle. Numbers are not read here.
 *
 * @module
 */

import { RanetError } from "../errors.ts";
import { FLOAT_BYTES, type FloatType } from "./floats.ts";
import { quote } from "./messages.ts";
import { type PickleConstructor, PickleGlobal, PickleOpaque } from "./pickle.ts";
import { countNumbers, isShape, isSize } from "./shape.ts";

/** A sequence of numbers in a checkpoint, of which tensors are views. */
export class TorchStorage {
  /** Name of the storage in the file. */
  readonly key: string;
  /** Format of its numbers. */
  readonly format: TorchFormat;
  /** Number of values. */
  readonly length: number;

  /**
   * @param key Name of the storage in the file.
   * @param format Format of its numbers.
   * @param length Number of values.
   */
  constructor(key: string, format: TorchFormat, length: number) {
    this.key = key;
    this.format = format;
    this.length = length;
  }

  /** Size in the file in bytes. */
  get byteLength(): number {
    return this.length * this.format.itemBytes;
  }
}

/** A number format of PyTorch. */
export interface TorchFormat {
  /** Its float format; `undefined` for integers, which are never weights. */
  readonly float?: FloatType;
  /** Bytes of one number. */
  readonly itemBytes: number;
}

/** A tensor of a checkpoint: a view within a storage. */
export class TorchTensor {
  /** The storage of its numbers. */
  readonly storage: TorchStorage;
  /** Position of the first number in the storage. */
  readonly offset: number;
  /** Size of each dimension. */
  readonly shape: readonly number[];
  /** Distance between neighbours along each dimension, in numbers. */
  readonly stride: readonly number[];
  /** Number of values of the view. */
  readonly length: number;

  /** @param view The storage and the position of the view. */
  constructor(view: Pick<TorchTensor, "storage" | "offset" | "shape" | "stride" | "length">) {
    ({ storage: this.storage, offset: this.offset, shape: this.shape, stride: this.stride, length: this.length } =
      view);
  }
}

const float = (type: FloatType): TorchFormat => ({ float: type, itemBytes: FLOAT_BYTES[type] });

const bytes = (itemBytes: number): TorchFormat => ({ itemBytes });

const FORMATS: ReadonlyMap<string, TorchFormat> = new Map([
  ["torch.DoubleStorage", float("F64")],
  ["torch.FloatStorage", float("F32")],
  ["torch.HalfStorage", float("F16")],
  ["torch.BFloat16Storage", float("BF16")],
  ["torch.LongStorage", bytes(8)],
  ["torch.IntStorage", bytes(4)],
  ["torch.ShortStorage", bytes(2)],
  ["torch.CharStorage", bytes(1)],
  ["torch.ByteStorage", bytes(1)],
  ["torch.BoolStorage", bytes(1)],
  ["torch.ComplexFloatStorage", bytes(8)],
  ["torch.ComplexDoubleStorage", bytes(16)],
  ["torch.QUInt8Storage", bytes(1)],
  ["torch.QInt8Storage", bytes(1)],
  ["torch.QInt32Storage", bytes(4)],
  ["torch.storage.UntypedStorage", bytes(1)],
]);

const CONSTRUCTORS: ReadonlyMap<string, PickleConstructor> = new Map([
  ["collections.OrderedDict", orderedDict],
  ["collections.defaultdict", () => new Map()],
  ["torch._utils._rebuild_tensor", rebuildTensor],
  ["torch._utils._rebuild_tensor_v2", rebuildTensor],
  ["torch._utils._rebuild_parameter", ([tensor]) => tensor],
  ["torch._utils._rebuild_parameter_with_state", ([tensor]) => tensor],
  ["torch._tensor._rebuild_from_type_v2", rebuildFromType],
  ["torch.Size", ([sizes]) => sizes],
]);

/** Subclasses of tensors that are treated as tensors. */
const TENSOR_TYPES = ["torch.Tensor", "torch.nn.parameter.Parameter", "torch.nn.parameter.Buffer"];

/** The known names in a checkpoint's pickle. */
export const TORCH_GLOBALS: ReadonlyMap<string, PickleGlobal> = new Map(
  [...CONSTRUCTORS.keys(), ...FORMATS.keys(), ...TENSOR_TYPES].map((
    name,
  ) => [name, new PickleGlobal(name, CONSTRUCTORS.get(name))]),
);

/** Creates an empty dict that later instructions fill; or, as written by Python 2.7, one from a list of pairs. */
function orderedDict([pairs = [], ...more]: readonly unknown[]): Map<unknown, unknown> {
  const isPair = (pair: unknown): pair is [unknown, unknown] => Array.isArray(pair) && pair.length === 2;
  if (more.length > 0 || !Array.isArray(pairs) || !pairs.every(isPair)) {
    throw new RanetError("its pickle fills an OrderedDict in a way Python does not");
  }
  return new Map(pairs);
}

/** `(function, type, arguments, attributes)`: a tensor with attributes or of a subclass. */
function rebuildFromType([rebuild, type, args]: readonly unknown[]): unknown {
  if (type instanceof PickleOpaque) return type;
  if (rebuild instanceof PickleOpaque) return rebuild;
  const construct = rebuild instanceof PickleGlobal ? rebuild.construct : undefined;
  if (!construct || construct === rebuildFromType || !Array.isArray(args)) {
    throw new RanetError("its pickle describes a tensor in a way PyTorch does not");
  }
  return construct(args);
}

/** `(storage, offset, shape, stride, …)`. The rest is only used in training. */
function rebuildTensor([storage, offset, shape, stride]: readonly unknown[]): TorchTensor | PickleOpaque {
  const unknown = [storage, offset, shape, stride].find((part) => part instanceof PickleOpaque);
  if (unknown) return unknown;
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
  return new TorchTensor({ storage, offset, shape, stride, length });
}

/**
 * Collects the storages that a pickle refers to as `("storage", type, key, location, length)`, with a sixth item in the
 * legacy container.
 */
export class TorchStorages {
  readonly #byKey = new Map<unknown, TorchStorage | PickleOpaque>();

  /** The storage with this key, if the pickle refers to it; opaque if its type is unknown. */
  get(key: unknown): TorchStorage | PickleOpaque | undefined {
    return this.#byKey.get(key);
  }

  /**
   * Resolves a pickle's reference. A reference to a storage of unknown type, or to a class, is opaque.
   *
   * @throws {RanetError} If it is neither, or contradicts an earlier one.
   */
  load(id: unknown): TorchStorage | PickleOpaque {
    const [kind, type, key, _location, length, view = null] = Array.isArray(id) ? id : [];
    // A class with its source code, in the legacy container.
    if (kind === "module" && type instanceof PickleOpaque) return type;
    const format = type instanceof PickleGlobal ? FORMATS.get(type.name) : undefined;
    const known = format !== undefined || type instanceof PickleOpaque;
    if (kind !== "storage" || !known || typeof key !== "string" || !isSize(length)) {
      throw new RanetError("its pickle refers to something that is not a storage");
    }
    const storage = this.#byKey.get(key) ??
      (format ? new TorchStorage(key, format, length) : new PickleOpaque((type as PickleOpaque).name));
    const same = storage instanceof PickleOpaque
      ? type instanceof PickleOpaque && type.name === storage.name
      : storage.format === format && storage.length === length;
    if (!same) throw new RanetError(`its storage ${quote(key)} is described in two ways`);
    this.#byKey.set(key, storage);
    // Before PyTorch 0.4, a storage could be a part of another one.
    return view === null ? storage : new PickleOpaque("torch storage that is a part of another");
  }
}
