// deno-lint-ignore-file no-import-prefix -- a package from a registry has no import map

/**
 * Stands in for `@std/yaml` where JSR cannot be reached: js-yaml, which the real one is a port of.
 *
 * @module
 */

// @ts-types="npm:@types/js-yaml@4.0.9"
import { dump, type DumpOptions, load, type LoadOptions, YAMLException } from "npm:js-yaml@4.3.2";

/** Options of `parse`. */
export interface ParseOptions {
  /** Let the last of several equal keys win, instead of throwing. */
  allowDuplicateKeys?: boolean;
  /** Called for each warning. */
  onWarning?(error: Error): void;
}

/** Parses one YAML document; throws a SyntaxError if it cannot. */
export function parse(content: string, options: ParseOptions = {}): unknown {
  const { allowDuplicateKeys: json, onWarning } = options;
  return translated(
    () => load(content, { json, onWarning } as LoadOptions),
    SyntaxError,
  ) ?? null;
}

/** Options of `stringify`. */
export interface StringifyOptions {
  /** Spaces per level, 2 unless told. */
  indent?: number;
  /** Indent the items of an array below their key, true unless told. */
  arrayIndent?: boolean;
  /** Leave out what YAML cannot hold instead of throwing. */
  skipInvalid?: boolean;
  /** Level from which collections are written inline, -1 (never) unless told. */
  flowLevel?: number;
  /** Sort keys, or how. */
  sortKeys?: boolean | ((a: string, b: string) => number);
  /** Longest line, 80 unless told. */
  lineWidth?: number;
  /** Write repeated objects as anchors and aliases, true unless told. */
  useAnchors?: boolean;
  /** Quote what YAML 1.1 would read otherwise, true unless told. */
  compatMode?: boolean;
}

/** Writes a value as YAML; throws a TypeError if it cannot. */
export function stringify(
  data: unknown,
  options: StringifyOptions = {},
): string {
  const { arrayIndent = true, useAnchors = true, compatMode = true, ...rest } = options;
  const dumpOptions: DumpOptions = {
    noArrayIndent: !arrayIndent,
    noRefs: !useAnchors,
    noCompatMode: !compatMode,
    ...rest,
  };
  return translated(() => dump(data, dumpOptions), TypeError);
}

function translated<T>(action: () => T, ErrorClass: ErrorConstructor): T {
  try {
    return action();
  } catch (error) {
    if (error instanceof YAMLException) {
      throw new ErrorClass(error.message, { cause: error });
    }
    throw error;
  }
}
