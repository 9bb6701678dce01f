/**
 * Types of the values in a YAML document.
 *
 * @module
 */

/** A value of a document. */
export type DocumentValue = string | number | boolean | readonly DocumentValue[] | SpecMapping;

/** A mapping of a document. */
export interface SpecMapping {
  /** Values by key, in snake case. */
  readonly [key: string]: DocumentValue;
}
