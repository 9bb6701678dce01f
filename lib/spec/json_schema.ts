/**
 * The JSON schema that editors check and complete specs with. Run as a script, writes `specs/ranet.schema.json`.
 *
 * @module
 */

import * as z from "zod";
import { specSchema } from "./schema.ts";

/**
 * The text of `specs/ranet.schema.json`, in JSON Schema draft 7: the newest that YAML editors know.
 *
 * @returns JSON, with a final newline.
 */
export function specJsonSchema(): string {
  return JSON.stringify(z.toJSONSchema(specSchema, { io: "input", target: "draft-7" }), null, 2) + "\n";
}

if (import.meta.main) {
  Deno.writeTextFileSync(new URL("../../specs/ranet.schema.json", import.meta.url), specJsonSchema());
}
