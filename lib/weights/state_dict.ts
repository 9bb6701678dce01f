/**
 * Finds the state_dict in a checkpoint.
 *
 * @module
 */

import { RanetError } from "../errors.ts";
import { quote, SAVE_AGAIN } from "./messages.ts";
import { fittingName, type WeightNamesOptions } from "./names.ts";
import { PickleOpaque } from "./pickle.ts";
import { TorchTensor } from "./torch_objects.ts";

/** Depth to which nested dicts are searched. */
const MAX_DEPTH = 3;
/** Most keys listed in a message. */
const MAX_LISTED = 20;

type Dict = ReadonlyMap<unknown, unknown>;

/** A dict of tensors and the path of keys to it, joined by dots. */
interface Found {
  readonly path: string;
  readonly dict: Dict;
}

/** Extra state of modules, which may also be a dict of tensors. */
const EXTRA_STATE = /(^|\.)_extra_state$/;

/**
 * Finds the dict of tensors: the one at `key`, or else the one at `state_dict`, or else the whole checkpoint (unless
 * its tensors are only a loss or an accuracy beside dicts of tensors), or else the only dict with the expected names,
 * or the only one at all.
 *
 * @param saved The saved object.
 * @param options `key`: its key, or several keys joined by dots. `onNote`: called with the key that was used, if it is
 * not `state_dict`.
 * @throws {RanetError} If there is none, or several. Lists the keys.
 */
export function findStateDict(
  saved: unknown,
  options: WeightNamesOptions & { readonly key?: string },
): Dict {
  const { key, expected, onNote = () => {} } = options;
  const root = asDict(saved);
  if (!(root instanceof Map)) {
    throw new RanetError(`it contains ${describe(root)} instead of a dict with a state_dict. ${saveAgain(root)}`, {
      code: "unsupported",
    });
  }
  if (key !== undefined) return underKey(root, key);

  const usual = root.get("state_dict");
  const dicts = nearest(root).filter(({ path }) => !EXTRA_STATE.test(path));
  const isWhole = !isTensors(usual, { opaque: true }) && isTensors(root) &&
    (dicts.length === 0 || (expected !== undefined && fittingName(tensorNames(root), expected) !== undefined));
  const found = isWhole ? [] : dicts;
  const others = found.filter(({ dict }) => dict !== usual).map(({ path }) => path);
  if (isTensors(usual, { opaque: true })) {
    if (others.length > 0) {
      onNote(`Used the weights under "state_dict"; there are others under ${list(others)} (key ${others[0]})`);
    }
    return usual;
  }
  if (isWhole) {
    if (dicts.length > 0) {
      onNote(`Used the file's own weights; there are others under ${list(dicts.map(({ path }) => path))}`);
    }
    return root;
  }
  const fitting = expected ? found.filter(({ dict }) => fittingName(tensorNames(dict), expected)) : [];
  const [only, second] = fitting.length > 0 ? fitting : found;
  if (only && !second) {
    onNote(`Used the weights under ${quote(only.path)}`);
    return only.dict;
  }
  if (found.length > 1) {
    throw new RanetError(
      `it has weights under ${list(others)}, but none under "state_dict". Choose one by its key`,
      { remedy: { key: others[0] } },
    );
  }
  throw new RanetError(`it has no state_dict with tensors, only ${keysOf(root)}. ${SAVE_AGAIN}`, {
    code: "unsupported",
  });
}

/** The saved object. A tuple or list of dicts becomes a dict with positions as keys. */
function asDict(saved: unknown): unknown {
  if (!Array.isArray(saved) || !saved.some((item) => item instanceof Map)) return saved;
  return new Map(saved.map((item, place) => [String(place), item]));
}

/** Advice on how to save a checkpoint of another kind. */
function saveAgain(root: unknown): string {
  const isScript = root instanceof PickleOpaque && root.name.startsWith("__torch__.");
  return isScript
    ? 'It is TorchScript: torch.save({"state_dict": torch.jit.load("FILE").state_dict()}, "weights.pth")'
    : SAVE_AGAIN;
}

function underKey(root: Dict, key: string): Dict {
  const value = root.get(key) ?? key.split(".").reduce<unknown>(
    (value, step) => value instanceof Map ? value.get(step) : undefined,
    root,
  );
  if (isTensors(value)) return value;
  const found = value === undefined ? "nothing" : describe(value);
  const choices = nearest(root).map(({ path }) => path);
  const advice = choices.length > 0 ? `there are tensors under ${list(choices)}` : `it has ${keysOf(root)}`;
  throw new RanetError(`it has ${found} under ${quote(key)}, where a dict of tensors is expected; ${advice}`);
}

/** The dicts of tensors with the shortest path. */
function nearest(root: Dict): Found[] {
  const seen = new Set<unknown>([root]);
  let level: Found[] = [{ path: "", dict: root }];
  for (let depth = 0; depth < MAX_DEPTH; depth++) {
    const below: Found[] = [];
    for (const { path, dict } of level) {
      for (const [key, value] of dict) {
        if (typeof key !== "string" || !(value instanceof Map) || seen.has(value)) continue;
        seen.add(value);
        below.push({ path: path === "" ? key : `${path}.${key}`, dict: value });
      }
    }
    const found = below.filter(({ dict }) => isTensors(dict));
    if (found.length > 0) return found;
    level = below;
  }
  return [];
}

function tensorNames(dict: Dict): string[] {
  const names: string[] = [];
  for (const [key, item] of dict) if (typeof key === "string" && item instanceof TorchTensor) names.push(key);
  return names;
}

/** Whether a value is a dict that contains tensors by name; with `opaque`, also values that may be tensors. */
function isTensors(value: unknown, { opaque = false } = {}): value is Dict {
  if (!(value instanceof Map)) return false;
  for (const [key, item] of value) {
    if (typeof key !== "string") continue;
    if (item instanceof TorchTensor || (opaque && item instanceof PickleOpaque)) return true;
  }
  return false;
}

/** Describes a value of a checkpoint in words. */
export function describe(value: unknown): string {
  if (value instanceof PickleOpaque) {
    return `an object that only Python could create (${quote(value.name).slice(1, -1)})`;
  }
  if (value instanceof TorchTensor) return "a tensor";
  return value instanceof Map ? "a dict" : quote(value);
}

function list(paths: readonly string[]): string {
  const more = paths.length > MAX_LISTED ? ", …" : "";
  return paths.slice(0, MAX_LISTED).map(quote).join(", ") + more;
}

function keysOf(dict: Dict): string {
  const keys = [...dict.keys()].slice(0, MAX_LISTED);
  const more = dict.size > keys.length ? ", …" : "";
  const shown = keys.map((key) => {
    const value = dict.get(key);
    return quote(key) + (value instanceof PickleOpaque ? ` (${describe(value)})` : "");
  });
  return `the keys ${shown.join(", ") || "of an empty dict"}${more}`;
}
