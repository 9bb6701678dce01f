/**
 * Which of a file's named values are a network's weights, and under which names: the same for every kind of file.
 *
 * @module
 */

import { RanetError } from "../errors.ts";
import { refuseOtherLayers } from "./other_layers.ts";
import { quote } from "./messages.ts";

/** What is looked for in a file of weights. */
export interface WeightNamesOptions {
  /**
   * The names of the network's parameters. Default: unknown; then only usual prefixes are taken off, and everything that
   * is there counts as needed.
   */
  readonly expected?: ReadonlySet<string>;
  /** Told what was done to find them, a sentence at a time. Default: nobody is. */
  readonly onNote?: (note: string) => void;
}

/** What a value is: floats, or something else, in words; and if that could be floats after all, what to do about it. */
export type WeightKind = "floats" | { readonly found: string; readonly advice?: string };

/** What training and wrappers leave beside weights: batch norm's counters, thop's counts. */
const COUNTERS = /(^|\.)(num_batches_tracked|total_ops|total_params)$/;
/** Whether a name is that of a counter beside the weights. */
export function isCounter(name: string): boolean {
  return COUNTERS.test(name);
}

/** What wrappers put before a network's names: DataParallel, Lightning and others. */
const WRAPPERS = /^((module|model)\.)+/;
/** What wrappers of single layers put before names, anywhere: torch.compile, FSDP, activation checkpoints. */
const WITHIN = /(?<=^|\.)(_orig_mod|_fsdp_wrapped_module|_checkpoint_wrapped_module)\./g;
/** DataParallel around single layers: a name of its own elsewhere, so taken off only where the rest then fits. */
const PARALLEL = /(?<=\.)module\./g;
/** Most names listed in a note. */
const MAX_LISTED = 5;

/**
 * Picks weights.
 *
 * @param values The file's, by their names there.
 * @param kindOf What a value is.
 * @returns Those that are floats, but for counters, under the network's names: without the prefixes of wrappers, or without
 * one that all share if they then fit, or only those of one prefix, if these are all that the network needs.
 * @throws {RanetError} If a name is there twice, or all weights under two prefixes, or something that is needed is no floats.
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
      leftOut.push(`${quote(before)} (none of the network's)`);
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
  if (example) onNote(`Took the names without their prefix: ${quote(example[1])} is ${quote(example[0])}`);
  if (leftOut.length > 0) {
    const more = leftOut.length > MAX_LISTED ? `, and ${leftOut.length - MAX_LISTED} more` : "";
    onNote(`Left out what is no weights: ${leftOut.slice(0, MAX_LISTED).join(", ")}${more}`);
  }
  return picked;
}

function advice({ advice }: Exclude<WeightKind, "floats">): string {
  return advice === undefined ? "" : `. ${advice}`;
}

/** From a file's names to the network's. */
function renaming(names: readonly string[], expected: ReadonlySet<string> | undefined): Rename {
  return expected && fittingName(names, expected) || unwrap;
}

/** A file's name → the network's; `undefined` for what is none of the network's. */
type Rename = (name: string) => string | undefined;

/**
 * What makes a file's names those of a network, all of which are then there; `undefined` if nothing does.
 *
 * @throws {RanetError} If several prefixes do, none of which is a wrapper's: of a teacher and its student, say.
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

/** Takes only names of one prefix, if all of the network's are under it and others, such as a loss's, are not. */
function underOnePrefix(names: readonly string[], expected: ReadonlySet<string>): Rename | undefined {
  const inner = (name: string): string => name.replaceAll(WITHIN, "");
  const found = new Set(names.map(inner));
  const [any = ""] = expected;
  const prefixes = [...found].filter((name) => name.endsWith(`.${any}`)).map((name) => name.slice(0, -any.length))
    .filter((prefix) => [...expected].every((name) => found.has(prefix + name)));
  const wrappers = prefixes.filter((prefix) => unwrap(prefix) === "");
  const [prefix, other] = wrappers.length === 1 ? wrappers : prefixes;
  if (other !== undefined) {
    throw new RanetError(
      `it has the network's weights under several prefixes: ${prefixes.map(quote).join(", ")}. Save those of one alone`,
    );
  }
  if (prefix === undefined) return undefined;
  return (name) => inner(name).startsWith(prefix) ? inner(name).slice(prefix.length) : undefined;
}

function unwrap(name: string): string {
  return name.replaceAll(WITHIN, "").replace(WRAPPERS, "");
}

/** Lengths of the prefixes, each up to a point, that all names have, the shortest first. */
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
