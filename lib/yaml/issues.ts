/**
 * Words the validator's issues: where, what was expected, what was found.
 *
 * @module
 */

import type { z } from "zod";

/**
 * Words an issue as `key.path: expected …, found …`.
 *
 * @param issue An issue of the validator, whose message describes what was expected.
 * @param document The validated document.
 * @returns One problem, or several if the issue is about alternatives.
 */
export function describeIssue(issue: z.core.$ZodIssue, document: unknown): string[] {
  if (issue.code === "invalid_union") {
    // If the value has the right type for one alternative, only the problems inside it are reported.
    const inner = issue.errors.find((all) =>
      all.every((one) => one.path.length > 0 || one.code === "unrecognized_keys")
    );
    if (inner) return inner.flatMap((one) => describeIssue({ ...one, path: [...issue.path, ...one.path] }, document));
  }
  const path = issue.path.reduce<string>(
    (path, key) => typeof key === "number" ? `${path}[${key}]` : path ? `${path}.${String(key)}` : String(key),
    "",
  );
  const prefix = path === "" ? "" : `${path}: `;
  if (issue.code === "unrecognized_keys") return [prefix + issue.message];
  const found = issue.path.reduce<unknown>((value, key) => (value as Record<PropertyKey, unknown>)?.[key], document);
  return [
    found === undefined
      ? `${prefix}missing, expected ${issue.message}`
      : `${prefix}expected ${issue.message}, found ${describeValue(found)}`,
  ];
}

function describeValue(value: unknown): string {
  if (value === null) return "nothing";
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === "object") return "a mapping";
  if (typeof value !== "string") return String(value);
  const characters = [...value];
  return JSON.stringify(characters.length > 60 ? `${characters.slice(0, 60).join("")}…` : value);
}
