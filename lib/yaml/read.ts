/**
 * YAML text that may be hostile → a document of the right shape, or an error that lists every problem by its key.
 *
 * @module
 */

import { parse as parseYaml } from "@std/yaml/parse";
import type { z } from "zod";
import { RanetError } from "../errors.ts";
import { describeIssue } from "./issues.ts";

/** How large a document may be. */
const LIMITS = {
  /** Characters in its text. */
  text: 262_144,
  /** Values, with aliases expanded. */
  values: 100_000,
  /** Levels of nesting. */
  depth: 16,
} as const;

/** JSON's types, and no merge keys: a chain of those takes time without end. */
const YAML_OPTIONS = { schema: "core", allowDuplicateKeys: false } as const;

/** Problems that a message lists before it only counts them. */
const LISTED_PROBLEMS = 10;

/** Takes a problem, worded `key.path: what is wrong`. */
export type Report = (problem: string) => void;

/**
 * Parses YAML text.
 *
 * @param text At most 256 KiB.
 * @param subject What messages call it: `spec my-ranet.yaml`.
 * @throws {RanetError} If it is not YAML.
 */
export function parseDocument(text: string, subject: string): unknown {
  if (text.length > LIMITS.text) {
    throw cannotRead(subject, [`expected at most ${LIMITS.text} characters, found ${text.length}`]);
  }
  try {
    return parseYaml(text, YAML_OPTIONS);
  } catch (error) {
    // The parser recurses: brackets without end exhaust the stack.
    const reason = error instanceof RangeError ? "nested too deeply" : firstLine(error);
    throw cannotRead(subject, [`not valid YAML: ${reason}`]);
  }
}

/**
 * Makes something of a document: of its shape first, then of what its keys ask of each other.
 *
 * @param document What the YAML holds.
 * @param options.schema Its shape.
 * @param options.resolve Called for a document of that shape; what it returns is not used if it reports anything.
 * @param options.subject What messages call it.
 * @throws {RanetError} If there is any problem; lists each by its key.
 */
export function resolveDocument<Schema extends z.ZodType, Result>(
  document: unknown,
  options: {
    readonly schema: Schema;
    readonly resolve: (document: z.infer<Schema>, report: Report) => Result | undefined;
    readonly subject: string;
  },
): Result {
  const { schema, resolve, subject } = options;
  /** Each once, in the order in which they are found. */
  const problems = new Set<string>();
  const report: Report = (problem) => void problems.add(problem);
  checkExtent(document, report);
  let resolved: Result | undefined;
  if (problems.size === 0) {
    const result = schema.safeParse(document);
    if (result.success) resolved = resolve(result.data, report);
    else result.error.issues.flatMap((issue) => describeIssue(issue, document)).forEach(report);
  }
  if (resolved === undefined || problems.size > 0) throw cannotRead(subject, [...problems]);
  return resolved;
}

function cannotRead(subject: string, problems: readonly string[]): RanetError {
  const listed = problems.slice(0, LISTED_PROBLEMS);
  if (problems.length > listed.length) listed.push(`… and ${problems.length - listed.length} more`);
  const what = `Cannot read ${subject}`;
  return new RanetError(listed.length === 1 ? `${what}: ${listed[0]}` : `${what}:\n  ${listed.join("\n  ")}`);
}

function firstLine(error: unknown): string {
  const [line] = String(error instanceof Error ? error.message : error).split("\n");
  return line.replace(/:$/, "");
}

/** Refuses documents that grow without bound as aliases are expanded, or contain themselves. */
function checkExtent(document: unknown, report: Report): void {
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
