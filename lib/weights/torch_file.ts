/**
 * The two containers that `torch.save` writes: a zip archive (`data.pkl` and a file per storage), and before PyTorch
 * 1.6 a sequence of pickles followed by the storages.
 *
 * @module
 */

import { RanetError } from "../errors.ts";
import { unzip } from "../io/unzip.ts";
import { quote, SAVE_AGAIN } from "./messages.ts";
import { PickleOpaque, unpickle } from "./pickle.ts";
import { TORCH_GLOBALS, type TorchStorage, TorchStorages } from "./torch_objects.ts";

/** An opened checkpoint file. */
export interface TorchFile {
  /** The saved object. */
  readonly root: unknown;
  /** Byte order of the storages. */
  readonly littleEndian: boolean;
  /**
   * Finds the bytes of storages to which `root` refers.
   *
   * @throws {RanetError} If one is missing or truncated.
   */
  readonly locate: (wanted: ReadonlySet<TorchStorage>) => ReadonlyMap<TorchStorage, Uint8Array>;
}

/**
 * Opens a file written by `torch.save` in either container.
 *
 * @throws {RanetError} If it is neither, is damaged, or its pickle is refused.
 */
export function openTorchFile(bytes: Uint8Array): TorchFile {
  if (bytes[0] === 0x50 && bytes[1] === 0x4b) return openZip(bytes); // "PK"
  if (bytes[0] === 0x80) return openLegacy(bytes); // a pickle's first instruction
  throw new RanetError("it is not a file written by torch.save");
}

function openZip(bytes: Uint8Array): TorchFile {
  let hasArrays = false;
  let isProgram = false;
  let inner: string | undefined;
  const small = readZip(bytes, (name) => {
    hasArrays ||= /^[^/]+\.npy$/.test(name);
    isProgram ||= /(^|\/)(archive_format|serialized_exported_program\.json)$/.test(name);
    if (/\.(pth?|ckpt|safetensors|bin|tar)$/.test(name)) inner ??= name;
    return /^[^/]+\/(data\.pkl|byteorder|version)$/.test(name);
  });
  const pickles = [...small.keys()].filter((name) => name.endsWith("/data.pkl"));
  if (pickles.length === 0 && [...small.keys()].some((name) => name.endsWith("/version"))) {
    throw new RanetError(
      "torch.save failed while it wrote the file, and left an archive without data: its error says what could not be saved. " +
        SAVE_AGAIN,
      { code: "damaged" },
    );
  }
  if (pickles.length === 0 && hasArrays) {
    throw new RanetError(`it is an archive of NumPy arrays (.npz), expected a PyTorch checkpoint. ${SAVE_AGAIN}`, {
      code: "unsupported",
    });
  }
  if (pickles.length === 0 && isProgram) {
    throw new RanetError(
      "it is a program of torch.export, expected a checkpoint: " +
        'torch.save({"state_dict": torch.export.load("FILE").state_dict}, "weights.pth")',
      { code: "unsupported" },
    );
  }
  if (pickles.length === 0 && inner !== undefined) {
    throw new RanetError(`it is a zip archive: unpack it first, and use ${quote(inner)} in it`, {
      code: "unsupported",
    });
  }
  if (pickles.length !== 1) {
    throw new RanetError(`it is a zip archive with ${pickles.length} data.pkl, not one written by torch.save`);
  }
  const folder = pickles[0].slice(0, -"/data.pkl".length);
  const byteOrder = new TextDecoder().decode(small.get(`${folder}/byteorder`) ?? new Uint8Array()).trim();
  const storages = new TorchStorages();
  return {
    root: unpickle(small.get(pickles[0])!, { globals: TORCH_GLOBALS, persistentLoad: (id) => storages.load(id) }).value,
    littleEndian: byteOrder !== "big",
    locate(wanted) {
      const path = (storage: TorchStorage) => `${folder}/data/${storage.key}`;
      const paths = new Set([...wanted].map(path));
      const files = readZip(bytes, (name) => paths.has(name));
      return new Map([...wanted].map((storage) => [storage, checkLength(storage, files.get(path(storage)))]));
    },
  };
}

/**
 * Extracts the selected files of an archive. They must be uncompressed, and are therefore together no larger than the
 * archive.
 */
function readZip(bytes: Uint8Array, wants: (name: string) => boolean): Map<string, Uint8Array> {
  return unzip(bytes, {
    maxBytes: bytes.length,
    want: ({ name, packed, size, isStored }) => {
      if (!wants(name)) return false;
      if (isStored && packed === size) return true;
      throw new RanetError(`its zip entry ${quote(name)} is compressed, which torch.save never does`);
    },
  });
}

const LEGACY_MAGIC = 0x1950a86a20f9469cfc6cn;
const LEGACY_PROTOCOL = 1001;

function openLegacy(bytes: Uint8Array): TorchFile {
  const storages = new TorchStorages();
  let at = 0;
  const next = (): unknown => {
    const pickle = unpickle(bytes, { offset: at, globals: TORCH_GLOBALS, persistentLoad: (id) => storages.load(id) });
    at = pickle.end;
    return pickle.value;
  };
  if (next() !== LEGACY_MAGIC) {
    throw new RanetError(`it is a pickle, but not one written by torch.save. ${SAVE_AGAIN}`, { code: "unsupported" });
  }
  const protocol = next();
  if (protocol !== LEGACY_PROTOCOL) {
    throw new RanetError(`its format is ${quote(protocol)}, expected ${LEGACY_PROTOCOL}`);
  }
  next(); // describes the machine that wrote it; storages are little-endian in any case
  const root = next();
  const keys = next();
  if (!Array.isArray(keys)) throw new RanetError("its list of storages is not a list");
  return {
    root,
    littleEndian: true,
    locate(wanted) {
      const found = new Map<TorchStorage, Uint8Array>();
      let start = at;
      for (const key of keys) {
        const storage = storages.get(key);
        if (!storage) throw new RanetError(`its list of storages contains ${quote(key)}, which is not referred to`);
        if (storage instanceof PickleOpaque) {
          throw new RanetError(
            `its storage ${quote(key)} is a ${storage.name}, whose size is unknown. ${SAVE_AGAIN}`,
          );
        }
        start += 8; // the length again
        found.set(storage, bytes.subarray(start, start + storage.byteLength));
        start += storage.byteLength;
      }
      return new Map([...wanted].map((storage) => [storage, checkLength(storage, found.get(storage))]));
    },
  };
}

function checkLength(storage: TorchStorage, bytes: Uint8Array = new Uint8Array()): Uint8Array {
  if (bytes.length === storage.byteLength) return bytes;
  throw new RanetError(
    `its storage ${quote(storage.key)} has ${bytes.length} bytes instead of ${storage.byteLength}; it may be truncated`,
  );
}
