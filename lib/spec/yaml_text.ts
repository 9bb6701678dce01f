/**
 * Formats pieces of YAML text.
 *
 * @module
 */

import { wrapWords } from "../text/wrap.ts";

/** Maximum width of a line of a list or comment. */
const WIDTH = 100;

/** Characters that must be escaped in quotes in YAML, but not in JSON. */
const ESCAPED = /[\u2028\u2029\ufeff\ufffe\uffff]/g;

/**
 * The comment with which an editor finds the schema.
 *
 * @param schema Path or URL of `ranet.schema.json`, relative to the spec.
 * @returns One line.
 */
export function schemaLine(schema: string): string {
  return `# yaml-language-server: $schema=${schema.replaceAll(/\s/g, encodeURIComponent)}`;
}

/**
 * Formats a string or number. Strings are quoted if YAML would interpret them as something else.
 *
 * @param value A scalar.
 * @returns Text that is valid in flow and block style.
 */
export function yamlScalar(value: string | number | boolean): string {
  const isPlain = typeof value === "string" && /^(1\/\d+|[a-z]\w*([ -]\w+)*)$/i.test(value) &&
    !/^(true|false|null|yes|no|on|off|y|n)$/i.test(value);
  if (isPlain) return value;
  return JSON.stringify(value).replaceAll(ESCAPED, (one) => `\\u${one.charCodeAt(0).toString(16)}`);
}

/**
 * Formats a list in one line, or in lines of up to 100 characters.
 *
 * @param items YAML text of each entry.
 * @returns Flow style.
 */
export function yamlList(items: readonly (string | number)[]): string {
  const oneLine = `[${items.join(", ")}]`;
  if (oneLine.length <= WIDTH) return oneLine;
  return `[\n${wrapWords(items.map((item) => `${item},`), WIDTH - 2).map((line) => `  ${line}\n`).join("")}]`;
}
