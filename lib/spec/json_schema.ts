/**
 * The JSON schema with which editors check and complete specs. Run as a script, this file writes
 * `specs/ranet.schema.json`.
 *
 * @module
 */

import { type JsonSchema, jsonSchema, jsonSchemaText } from "../yaml/fields.ts";
import { FAMILY_NAMES, FAMILY_TITLES, partsOf } from "./families.ts";

/**
 * The text of `specs/ranet.schema.json`.
 *
 * @returns JSON, with a final newline.
 */
export function specJsonSchema(): string {
  const [first, ...others] = FAMILY_NAMES.map((name) => ({ name, schema: jsonSchema(partsOf(name).schema) }));
  const family = { ...first.schema.properties!.family as JsonSchema, const: undefined, enum: FAMILY_NAMES };
  // A condition is used because with alternatives, editors complete and describe the keys of both families.
  const branch = (schema: JsonSchema): JsonSchema => ({
    ...schema,
    $schema: undefined,
    properties: { ...schema.properties, family },
  });
  const keys = others.reduceRight<JsonSchema>((otherwise, { name, schema }) => ({
    if: { properties: { family: { const: name } }, required: ["family"] },
    then: branch(schema),
    else: otherwise,
  }), branch(first.schema));
  return jsonSchemaText({
    $schema: "http://json-schema.org/draft-07/schema#",
    title: `${FAMILY_TITLES} architecture`,
    type: "object",
    properties: { family },
    ...keys,
  });
}

if (import.meta.main) {
  Deno.writeTextFileSync(new URL("../../specs/ranet.schema.json", import.meta.url), specJsonSchema());
}
