/**
 * Where in a checkpoint the state_dict is.
 *
 * @module
 */

import { RanetError } from "../errors.ts";
import { quote, SAVE_AGAIN } from "./messages.ts";
import { fittingName, type WeightNamesOptions } from "./names.ts";
import { PickleOpaque } from "./pickle.ts";
import { TorchTensor } from "./torch_objects.ts";

/** Dicts within dicts are looked through as deep as this. */
const MAX_DEPTH = 3;
/** Most keys listed in a message. */
const MAX_LISTED = 20;

type Dict = ReadonlyMap<unknown, unknown>;

/** A dict of tensors, and the keys that lead to it, joined by points. */
interface Found {
  readonly path: string;
  readonly dict: Dict;
}

/** What modules save of their own, beside tensors; it may be a dict of tensors too. */
const EXTRA_STATE = /(^|\.)_extra_state$/;

/**
 * Finds the dict of tensors: what `key` names; else what is under `state_dict`; else the whole, if it is not only a loss or an
 * accuracy that lies beside dicts of tensors; else the only one that has the expected names, or that there is.
 *
 * @param saved What was saved.
 * @param options `key`: the key that it is under, or several joined by points. `onNote`: called with the key that was
 * used, if it is not `state_dict`.
 * @throws {RanetError} If there is none, or several; says which keys there are.
 */
export function findStateDict(
  saved: unknown,
  options: WeightNamesOptions & { readonly key?: string },
): Dict {
  const { key, expected, onNote = () => {} } = options;
  const root = asDict(saved);
  if (!(root instanceof Map)) {
    throw new RanetError(`it holds ${describe(root)} instead of a dict with a state_dict. ${saveAgain(root)}`, {
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
      onNote(`Took the weights under "state_dict"; there are others under ${list(others)} (key ${others[0]})`);
    }
    return usual;
  }
  if (isWhole) return root;
  const fitting = expected ? found.filter(({ dict }) => fittingName(tensorNames(dict), expected)) : [];
  const [only, second] = fitting.length > 0 ? fitting : found;
  if (only && !second) {
    onNote(`Took the weights under ${quote(only.path)}`);
    return only.dict;
  }
  if (found.length > 1) {
    throw new RanetError(
      `it has weights under ${list(others)}, and none under "state_dict". Choose one by its key`,
      { remedy: { key: others[0] } },
    );
  }
  throw new RanetError(`it has no state_dict with tensors, only ${keysOf(root)}. ${SAVE_AGAIN}`, {
    code: "unsupported",
  });
}

/** What was saved, a tuple or list of dicts as a dict of its places. */
function asDict(saved: unknown): unknown {
  if (!Array.isArray(saved) || !saved.some((item) => item instanceof Map)) return saved;
  return new Map(saved.map((item, place) => [String(place), item]));
}

/** How to save what was saved as something else. */
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

/** The dicts of tensors that the fewest keys lead to. */
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

/** Whether it is a dict of tensors by name, or of what might be some, whatever else is in it. */
function isTensors(value: unknown, { opaque = false } = {}): value is Dict {
  if (!(value instanceof Map)) return false;
  for (const [key, item] of value) {
    if (typeof key !== "string") continue;
    if (item instanceof TorchTensor || (opaque && item instanceof PickleOpaque)) return true;
  }
  return false;
}

/** What a value out of a checkpoint is, in words. */
export function describe(value: unknown): string {
  if (value instanceof PickleOpaque) return `what only Python could make (${quote(value.name).slice(1, -1)})`;
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
