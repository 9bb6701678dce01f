/**
 * The JSON schema that editors check and complete specs with. Run as a script, writes `specs/ranet.schema.json`.
 *
 * @module
 */

import { jsonSchema } from "../yaml/fields.ts";
import { specSchema } from "./schema.ts";

/**
 * The text of `specs/ranet.schema.json`.
 *
 * @returns JSON, with a final newline.
 */
export function specJsonSchema(): string {
  return jsonSchema(specSchema);
}

if (import.meta.main) {
  Deno.writeTextFileSync(new URL("../../specs/ranet.schema.json", import.meta.url), specJsonSchema());
}
