/**
 * Where an editor finds the schema of a spec that is written somewhere.
 *
 * @module
 */

import { dirname, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";

/** The path or, where this library was imported over the network, the URL of the schema as seen from a spec's path. */
export function schemaSeenFrom(specPath: string): string {
  const schema = new URL("../../specs/ranet.schema.json", import.meta.url);
  if (schema.protocol !== "file:") return schema.href;
  const path = relative(dirname(resolve(specPath)), fileURLToPath(schema)).replaceAll("\\", "/");
  return path.startsWith(".") ? path : `./${path}`;
}
