// deno-lint-ignore-file no-import-prefix -- a package from a registry has no import map

/**
 * Replaces `@std/yaml` where JSR cannot be reached: js-yaml, of which the original is a port.
 *
 * @module
 */

// @ts-types="npm:@types/js-yaml@4.0.9"
import { CORE_SCHEMA, DEFAULT_SCHEMA, load, type LoadOptions, YAMLException } from "npm:js-yaml@4.3.2";

/** Options of `parse`. */
export interface ParseOptions {
  /** Use the last of several equal keys, instead of throwing. */
  allowDuplicateKeys?: boolean;
  /** Called for each warning. */
  onWarning?(error: Error): void;
  /** The supported tags; `core` excludes merge keys, among others. */
  schema?: "core" | "default";
}

/** Parses one YAML document; throws a SyntaxError if it is invalid. */
export function parse(content: string, options: ParseOptions = {}): unknown {
  const { allowDuplicateKeys: json, onWarning } = options;
  const schema = options.schema === "core" ? CORE_SCHEMA : DEFAULT_SCHEMA;
  return translated(
    () => load(content, { json, onWarning, schema } as LoadOptions),
    SyntaxError,
  ) ?? null;
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
