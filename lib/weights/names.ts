/**
 * Selects the weights of a network among a file's named values, and maps their names. It is used for every file format.
 *
 * @module
 */

import { RanetError } from "../errors.ts";
import { refuseOtherLayers } from "./other_layers.ts";
import { quote } from "./messages.ts";

/** Which weights to select from a file. */
export interface WeightNamesOptions {
  /**
   * Names of the network's parameters. Default: unknown; then only the usual prefixes are removed, and every value
   * counts as needed.
   */
  readonly expected?: ReadonlySet<string>;
  /** Called with a sentence for each step that was necessary to find the weights. Default: no call. */
  readonly onNote?: (note: string) => void;
}

/** The kind of a value: floats, or something else in words, with advice if it can be converted to floats. */
export type WeightKind = "floats" | { readonly found: string; readonly advice?: string };

/** Names of counters beside the weights: of batch norm and of thop. */
const COUNTERS = /(^|\.)(num_batches_tracked|total_ops|total_params)$/;
/** Whether a value is a counter, not a weight. */
export function isCounter(name: string): boolean {
  return COUNTERS.test(name);
}

/** Prefixes that wrappers add to a network's names: DataParallel, Lightning and others. */
const WRAPPERS = /^((module|model)\.)+/;
/** Prefixes that wrappers of single layers add at any position: torch.compile, FSDP, activation checkpoints. */
const WITHIN = /(?<=^|\.)(_orig_mod|_fsdp_wrapped_module|_checkpoint_wrapped_module)\./g;
/**
 * The prefix of DataParallel around single layers. It may also be a regular name, so it is removed only if the rest
 * then fits.
 */
const PARALLEL = /(?<=\.)module\./g;
/** Most names listed in a note. */
const MAX_LISTED = 5;

/**
 * Selects weights.
 *
 * @param values The file's values by name.
 * @param kindOf Returns the kind of a value.
 * @returns The floats without counters, by the network's names. To match those, prefixes of wrappers are removed, or a
 * prefix that all names share, or only the names under one prefix are used if these are complete.
 * @throws {RanetError} If a name is duplicated, all weights exist under two prefixes, or a needed value is not floats.
 */
export function pickWeights<Value>(
  values: Iterable<readonly [string, Value]>,
  kindOf: (value: Value) => WeightKind,
  options: WeightNamesOptions = {},
): Map<string, Value> {
  const { expected, onNote = () => {} } = options;
  const entries = [...values].filter(([name]) => !isCounter(name));
  const floats = entries.filter(([, value]) => kindOf(value) === "floats").map(([name]) => name);
  const rename = renaming(floats, expected);
  if (expected) refuseOtherLayers(entries.map(([name]) => name), { expected, rename });

  const picked = new Map<string, Value>();
  const original = new Map<string, string>();
  const leftOut: string[] = [];
  for (const [before, value] of entries) {
    const name = rename(before);
    const kind = kindOf(value);
    if (name === undefined) {
      leftOut.push(`${quote(before)} (not a parameter of the network)`);
      continue;
    }
    if (kind !== "floats") {
      if (expected ? expected.has(name) : kind.advice !== undefined) {
        throw new RanetError(`its ${quote(before)} is ${kind.found}, where floats are expected${advice(kind)}`, {
          code: "unsupported",
        });
      }
      leftOut.push(`${quote(before)} (${kind.found})`);
      continue;
    }
    const other = original.get(name);
    if (other !== undefined) {
      throw new RanetError(`it has ${quote(name)} twice, as ${quote(other)} and ${quote(before)}`);
    }
    original.set(name, before);
    picked.set(name, value);
  }
  const [example] = [...original].filter(([name, before]) => name !== before);
  if (example) onNote(`Removed a prefix from names: ${quote(example[1])} is ${quote(example[0])}`);
  if (leftOut.length > 0) {
    const more = leftOut.length > MAX_LISTED ? `, and ${leftOut.length - MAX_LISTED} more` : "";
    onNote(`Ignored values that are not weights: ${leftOut.slice(0, MAX_LISTED).join(", ")}${more}`);
  }
  return picked;
}

function advice({ advice }: Exclude<WeightKind, "floats">): string {
  return advice === undefined ? "" : `. ${advice}`;
}

/** Returns the mapping from a file's names to the network's. */
function renaming(names: readonly string[], expected: ReadonlySet<string> | undefined): Rename {
  return expected && fittingName(names, expected) || unwrap;
}

/** Maps a file's name to the network's; `undefined` if it is not a parameter of the network. */
type Rename = (name: string) => string | undefined;

/**
 * The mapping from a file's names with which all names of the network exist; `undefined` if there is none.
 *
 * @throws {RanetError} If several prefixes fit and none is a wrapper's, for example those of a teacher and a student.
 */
export function fittingName(names: readonly string[], expected: ReadonlySet<string>): Rename | undefined {
  const choices: Rename[] = [
    (name: string) => name,
    unwrap,
    (name: string) => unwrap(name).replaceAll(PARALLEL, ""),
    ...sharedPrefixes(names).map((length) => (name: string) => unwrap(name.slice(length))),
  ];
  const fitting = choices.filter((rename) => {
    const found = new Set(names.map(rename));
    return [...expected].every((name) => found.has(name));
  });
  const exact = fitting.find((rename) => names.every((name) => expected.has(rename(name)!)));
  return exact ?? underOnePrefix(names, expected) ?? fitting[0];
}

/**
 * Selects only names under one prefix, if all of the network's names are under it and others, such as those of a loss,
 * are not.
 */
function underOnePrefix(names: readonly string[], expected: ReadonlySet<string>): Rename | undefined {
  const inner = (name: string): string => name.replaceAll(WITHIN, "");
  const found = new Set(names.map(inner));
  const [any = ""] = expected;
  const prefixes = [...found].filter((name) => name.endsWith(`.${any}`)).map((name) => name.slice(0, -any.length))
    .filter((prefix) => [...expected].every((name) => found.has(prefix + name)));
  const wrappers = prefixes.filter((prefix) => unwrap(prefix) === "");
  const [prefix, other] = wrappers.length === 1 ? wrappers : prefixes;
  if (prefix === undefined) return undefined;
  const isBare = [...expected].every((name) => found.has(name));
  if (other !== undefined || isBare) {
    const places = [...(isBare ? ["none"] : []), ...prefixes.map(quote)];
    throw new RanetError(
      `it has the network's weights under several prefixes: ${places.join(", ")}. Save only one of them`,
    );
  }
  return (name) => inner(name).startsWith(prefix) ? inner(name).slice(prefix.length) : undefined;
}

function unwrap(name: string): string {
  return name.replaceAll(WITHIN, "").replace(WRAPPERS, "");
}

/** Lengths of the prefixes that all names share, each ending with a dot, the shortest first. */
function sharedPrefixes(names: readonly string[]): number[] {
  const [first = ""] = names;
  const lengths: number[] = [];
  for (let end = first.indexOf(".") + 1; end > 0; end = first.indexOf(".", end) + 1) {
    const prefix = first.slice(0, end);
    if (!names.every((name) => name.startsWith(prefix))) break;
    lengths.push(end);
  }
  return lengths;
}
