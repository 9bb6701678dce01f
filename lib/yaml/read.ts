/**
 * Parses untrusted YAML into a validated document, or throws an error that lists every problem by its key.
 *
 * @module
 */

import { parse as parseYaml } from "@std/yaml/parse";
import type { z } from "zod";
import { RanetError } from "../errors.ts";
import { describeIssue } from "./issues.ts";

/** Size limits of a document. */
const LIMITS = {
  /** Number of characters. */
  text: 262_144,
  /** Number of values, with aliases expanded. */
  values: 100_000,
  /** Levels of nesting. */
  depth: 16,
} as const;

/** Only JSON's types and no merge keys, because a chain of merge keys can take unlimited time. */
const YAML_OPTIONS = { schema: "core", allowDuplicateKeys: false } as const;

/** Most problems that a message lists. The rest are counted. */
const LISTED_PROBLEMS = 10;

/** Reports a problem, worded `key.path: what is wrong`. */
export type Report = (problem: string) => void;

/**
 * Parses YAML text.
 *
 * @param text At most 256 KiB.
 * @param subject The document's name in messages: `spec my-ranet.yaml`.
 * @throws {RanetError} If it is not YAML.
 */
export function parseDocument(text: string, subject: string): unknown {
  if (text.length > LIMITS.text) {
    throw cannotRead(subject, [`expected at most ${LIMITS.text} characters, found ${text.length}`]);
  }
  try {
    return parseYaml(text, YAML_OPTIONS);
  } catch (error) {
    // The parser is recursive: deep nesting exhausts the stack.
    const reason = error instanceof RangeError ? "nested too deeply" : firstLine(error);
    throw cannotRead(subject, [`not valid YAML: ${reason}`]);
  }
}

/**
 * Validates a document's shape, then resolves it and checks rules between its keys.
 *
 * @param document The parsed YAML.
 * @param options.schema Its schema.
 * @param options.resolve Called with a document that matches the schema. Its result is ignored if it reports a problem.
 * @param options.subject The document's name in messages.
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
  /** Problems without duplicates, in order of discovery. */
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

/** Refuses documents that contain themselves, or grow without limit when aliases are expanded. */
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
