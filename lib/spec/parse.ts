/**
 * YAML text → a validated architecture, or an error that lists every problem by its key.
 *
 * @module
 */

import { parse as parseYaml } from "@std/yaml/parse";
import { RanetError } from "../errors.ts";
import type { ArchitectureSpec } from "./architecture.ts";
import { describeIssue } from "./issues.ts";
import { LIMITS } from "./limits.ts";
import { checkShapes, resolve } from "./resolve.ts";
import { specSchema } from "./schema.ts";

/** Where the text given to {@linkcode parseSpec} came from. */
export interface ParseSpecOptions {
  /** Where the spec comes from, for messages: a path, a URL. Default: not mentioned. */
  readonly source?: string;
}

/** JSON's types, and no merge keys: a chain of those takes time without end. */
const YAML_OPTIONS = { schema: "core", allowDuplicateKeys: false } as const;

/** Problems that a message lists before it only counts them. */
const LISTED_PROBLEMS = 10;

/**
 * Reads an architecture from YAML text: validates it, fills in defaults, resolves the authors' rules.
 *
 * @param text YAML, as `specs/ranet.schema.json` describes it; at most 256 KiB.
 * @param options Where the text comes from.
 * @returns The complete architecture.
 * @throws {RanetError} If the text is not YAML, or not an architecture that can work; lists every problem by its key.
 *
 * @example
 * ```ts
 * import { parseSpec } from "@ranet/ranet";
 *
 * const spec = parseSpec(`
 * name: tiny
 * classes: [cat, dog]
 * base_features:
 *   - { scale: 1/2, channels: 16 }
 *   - { scale: 1, channels: 8 }
 * `);
 * console.log(spec.subnetworks[1].fusion); // ["up-conv", "down-conv"]
 * ```
 */
export function parseSpec(text: string, options: ParseSpecOptions = {}): ArchitectureSpec {
  if (text.length > LIMITS.text) {
    throw cannotRead(options, [`expected at most ${LIMITS.text} characters, found ${text.length}`]);
  }
  let document: unknown;
  try {
    document = parseYaml(text, YAML_OPTIONS);
  } catch (error) {
    // The parser recurses: brackets without end exhaust the stack.
    const reason = error instanceof RangeError ? "nested too deeply" : firstLine(error);
    throw cannotRead(options, [`not valid YAML: ${reason}`]);
  }
  return resolveSpec(document, options);
}

/**
 * Resolves an architecture from an object of the same shape as the YAML document.
 *
 * @param document What the YAML would hold, keys in snake_case.
 * @param options Where the document comes from.
 * @returns The complete architecture.
 * @throws {RanetError} If the document is not an architecture that can work; lists every problem by its key.
 */
export function resolveSpec(document: unknown, options: ParseSpecOptions = {}): ArchitectureSpec {
  const problems: string[] = [];
  const report = (problem: string) => problems.push(problem);
  checkExtent(document, report);
  let spec: ArchitectureSpec | undefined;
  if (problems.length === 0) {
    const result = specSchema.safeParse(document);
    if (result.success) spec = resolve(result.data, report);
    else problems.push(...result.error.issues.flatMap((issue) => describeIssue(issue, document)));
  }
  if (spec && problems.length === 0) checkShapes(spec, report);
  if (!spec || problems.length > 0) throw cannotRead(options, problems);
  return spec;
}

function cannotRead(options: ParseSpecOptions, problems: readonly string[]): RanetError {
  const listed = problems.slice(0, LISTED_PROBLEMS);
  if (problems.length > listed.length) listed.push(`… and ${problems.length - listed.length} more`);
  const subject = options.source === undefined ? "Cannot read spec" : `Cannot read spec ${options.source}`;
  return new RanetError(listed.length === 1 ? `${subject}: ${listed[0]}` : `${subject}:\n  ${listed.join("\n  ")}`);
}

function firstLine(error: unknown): string {
  const [line] = String(error instanceof Error ? error.message : error).split("\n");
  return line.replace(/:$/, "");
}

/** Refuses documents that grow without bound as aliases are expanded, or contain themselves. */
function checkExtent(document: unknown, report: (problem: string) => void): void {
  let values = 0;
  const isWithin = (value: unknown, depth: number): boolean => {
    if (++values > LIMITS.values || depth > LIMITS.depth) return false;
    if (typeof value !== "object" || value === null) return true;
    return Object.values(value).every((item) => isWithin(item, depth + 1));
  };
  if (isWithin(document, 0)) return;
  report(
    `expected at most ${LIMITS.values} values and ${LIMITS.depth} levels, aliases expanded, found more; ` +
      "remove aliases that multiply or contain themselves",
  );
}
