/**
 * Describes values in errors.
 *
 * @module
 */

/** A description of a value: `undefined`, `"0.5"`, `3`, `an object`, `an Int16Array`. */
export function kindOf(value: unknown): string {
  if (typeof value === "string") return value.length <= 40 ? JSON.stringify(value) : "a string";
  if (typeof value === "function") return "a function";
  if (typeof value !== "object" || value === null) return String(value);
  const name = Array.isArray(value) ? "array" : value.constructor?.name ?? "Object";
  if (name === "Object") return "an object";
  return `${/^[AEIO]/i.test(name) ? "an" : "a"} ${name}`;
}
