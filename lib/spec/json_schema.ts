/**
 * The JSON schema that editors check and complete specs with. Run as a script, writes `specs/ranet.schema.json`.
 *
 * @module
 */

import { type JsonSchema, jsonSchema, jsonSchemaText } from "../yaml/fields.ts";
import { FAMILY_SCHEMAS } from "./schema.ts";

/**
 * The text of `specs/ranet.schema.json`.
 *
 * @returns JSON, with a final newline.
 */
export function specJsonSchema(): string {
  const { ranet, msdnet } = FAMILY_SCHEMAS;
  const family = { ...jsonSchema(ranet).properties!.family as JsonSchema, const: undefined, enum: ["ranet", "msdnet"] };
  // Where families are alternatives, editors complete and explain what either has: they follow a condition.
  const branch = (schema: JsonSchema) => ({
    ...schema,
    $schema: undefined,
    properties: { ...schema.properties, family },
  });
  return jsonSchemaText({
    $schema: "http://json-schema.org/draft-07/schema#",
    title: "RANet or MSDNet architecture",
    type: "object",
    properties: { family },
    if: { properties: { family: { const: "msdnet" } }, required: ["family"] },
    then: branch(jsonSchema(msdnet)),
    else: branch(jsonSchema(ranet)),
  });
}

if (import.meta.main) {
  Deno.writeTextFileSync(new URL("../../specs/ranet.schema.json", import.meta.url), specJsonSchema());
}
