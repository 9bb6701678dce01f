/**
 * Parses YAML into a validated architecture, or throws an error that lists every problem by its key.
 *
 * @module
 */

import { type ArchitectureSpec, markValidated } from "../network/architecture.ts";
import { buildUnchecked, type UncheckedSpec } from "../network/families.ts";
import { parseDocument, type Report, resolveDocument } from "../yaml/read.ts";
import { checkNetwork } from "./check.ts";
import { partsOf, type SpecDocument, specSchema } from "./families.ts";
import { expectObject, expectString } from "../text/expect.ts";

/** Options of {@linkcode parseSpec}. */
export interface ParseSpecOptions {
  /** Origin of the spec for messages: a path or URL. Default: not mentioned. */
  readonly source?: string;
}

/**
 * Reads an architecture from YAML text: validates it, fills in defaults, resolves the authors' rules.
 *
 * @param text YAML as described by `specs/ranet.schema.json`; at most 256 KiB.
 * @param options The origin of the text.
 * @returns The complete architecture.
 * @throws {RanetError} If the text is not YAML, or not a valid architecture. Lists every problem by its key.
 *
 * @example
 * ```ts
 * import { parseSpec } from "@ranet/ranet/spec";
 *
 * const spec = parseSpec(`
 * name: tiny
 * classes: [cat, dog]
 * base_features:
 *   - { scale: 1/2, channels: 16 }
 *   - { scale: 1, channels: 8 }
 * `);
 * if (spec.family === "ranet") console.log(spec.subnetworks[1].fusion); // ["up-conv", "down-conv"]
 * ```
 */
export function parseSpec(text: string, options: ParseSpecOptions = {}): ArchitectureSpec {
  expectString("parseSpec", { text });
  expectObject("parseSpec", { options });
  return resolveSpec(parseDocument(text, subjectOf(options)), options);
}

/**
 * Resolves an architecture from an object with the same shape as the YAML document.
 *
 * @param document The contents of the YAML, with keys in snake_case.
 * @param options The origin of the document.
 * @returns The complete architecture.
 * @throws {RanetError} If the document is not a valid architecture. Lists every problem by its key.
 */
export function resolveSpec(document: unknown, options: ParseSpecOptions = {}): ArchitectureSpec {
  const subject = subjectOf(options);
  return markValidated(resolveDocument(document, { schema: specSchema, resolve: resolveAndCheck, subject }));
}

/** Resolves a document. Only a consistent architecture is built and checked as a network. */
function resolveAndCheck(document: SpecDocument, report: Report): UncheckedSpec | undefined {
  let problems = 0;
  const spec = partsOf(document.family).resolve(document, (problem) => {
    problems++;
    report(problem);
  });
  if (spec && problems === 0) checkNetwork(buildUnchecked(spec), report);
  return spec;
}

function subjectOf({ source }: ParseSpecOptions): string {
  return source === undefined ? "spec" : `spec ${source}`;
}
