/**
 * The link to the schema in a spec that is written somewhere, for editors.
 *
 * @module
 */

import { dirname, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";

/** The path of the schema relative to a spec, or its URL if this library was imported over the network. */
export function schemaSeenFrom(specPath: string): string {
  const schema = new URL("../../specs/ranet.schema.json", import.meta.url);
  if (schema.protocol !== "file:") return schema.href;
  const path = relative(dirname(resolve(specPath)), fileURLToPath(schema)).replaceAll("\\", "/");
  return path.startsWith(".") ? path : `./${path}`;
}
