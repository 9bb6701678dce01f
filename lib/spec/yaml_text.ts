/**
 * Pieces of YAML text, as people would write them.
 *
 * @module
 */

import { wrapWords } from "../text/wrap.ts";

/** Widest line of a list or comment. */
const WIDTH = 100;

/** Characters that YAML does not let stand for themselves in quotes, and JSON does. */
const ESCAPED = /[\u2028\u2029\ufeff\ufffe\uffff]/g;

/**
 * The comment by which an editor finds the schema.
 *
 * @param schema Path or URL of `ranet.schema.json`, as seen from the spec.
 * @returns One line.
 */
export function schemaLine(schema: string): string {
  return `# yaml-language-server: $schema=${schema.replaceAll(/\s/g, encodeURIComponent)}`;
}

/**
 * A string or number. Strings are quoted where YAML would take them for something else.
 *
 * @param value A scalar.
 * @returns Text for flow and block style alike.
 */
export function yamlScalar(value: string | number | boolean): string {
  const isPlain = typeof value === "string" && /^(1\/\d+|[a-z]\w*([ -]\w+)*)$/i.test(value) &&
    !/^(true|false|null|yes|no|on|off|y|n)$/i.test(value);
  if (isPlain) return value;
  return JSON.stringify(value).replaceAll(ESCAPED, (one) => `\\u${one.charCodeAt(0).toString(16)}`);
}

/**
 * A list in one line, or in lines of up to 100 characters.
 *
 * @param items YAML text of each entry.
 * @returns Flow style.
 */
export function yamlList(items: readonly (string | number)[]): string {
  const oneLine = `[${items.join(", ")}]`;
  if (oneLine.length <= WIDTH) return oneLine;
  return `[\n${wrapWords(items.map((item) => `${item},`), WIDTH - 2).map((line) => `  ${line}\n`).join("")}]`;
}
