/**
 * Writes a validated architecture as editable YAML, in which each key has a comment with its description in the schema.
 *
 * @module
 */

import { RanetError } from "../errors.ts";
import { type ArchitectureSpec, SPEC_PARTS } from "../network/architecture.ts";
import { jsonSchema } from "../yaml/fields.ts";
import { documentOf } from "./document.ts";
import type { DocumentValue, SpecMapping } from "./document_value.ts";
import { resolveSpec } from "./parse.ts";
import { partsOf } from "./families.ts";
import { wrap } from "../text/wrap.ts";
import { schemaLine, yamlList, yamlScalar } from "./yaml_text.ts";
import { expectObject } from "../text/expect.ts";

/** The parts of a JSON schema that contain descriptions of keys. */
interface SchemaNode {
  readonly description?: string;
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly items?: SchemaNode;
  readonly anyOf?: readonly SchemaNode[];
}

/** Options of {@linkcode specTemplate}. */
export interface TemplateOptions {
  /** Path or URL of `ranet.schema.json`, relative to the stored text. Default: beside it. */
  readonly schema?: string;
  /** Lines of a comment at the start. Default: none. */
  readonly heading?: readonly string[];
}

/**
 * Writes an architecture as a commented spec.
 *
 * @param spec A validated architecture.
 * @param options The location of the schema, and a comment for the start.
 * @returns YAML text that `parseSpec` reads as the same architecture.
 */
export function specTemplate(spec: ArchitectureSpec, options: TemplateOptions = {}): string {
  expectObject("formatSpec", { spec }, ...SPEC_PARTS);
  expectObject("formatSpec", { options });
  const { schema = "./ranet.schema.json", heading = [] } = options;
  const document = documentOf(spec);
  const schemas = jsonSchema(partsOf(spec.family).schema) as SchemaNode;
  return [
    schemaLine(schema),
    ...heading.map((line) => `# ${line}`),
    ...mappingLines(document, schemas, { between: "", defaults: defaultKeys(document, spec) }),
    "",
  ].join("\n");
}

/** Keys that are always written, because users usually change them first. */
const KEPT: ReadonlySet<string> = new Set([
  "input",
  "input.size",
  "subnetworks",
  "layers",
  "layers.mode",
  "layers.step",
]);

/**
 * Paths of keys that can be omitted without changing the architecture. They are commented out, so that their defaults
 * follow other keys.
 */
function defaultKeys(document: SpecMapping, spec: ArchitectureSpec): ReadonlySet<string> {
  const found = new Set<string>();
  const wanted = JSON.stringify(spec);
  const isSame = (mapping: SpecMapping): boolean => {
    try {
      return JSON.stringify(resolveSpec(mapping)) === wanted;
    } catch (error) {
      if (error instanceof RanetError) return false;
      throw error;
    }
  };
  /** Removes such keys of a part from the document. */
  const reduce = (part: SpecMapping, path: string, whole: (part: SpecMapping) => SpecMapping): SpecMapping => {
    let rest = part;
    for (const [key, value] of Object.entries(part)) {
      const { [key]: _, ...without } = rest;
      if (!KEPT.has(path + key) && isSame(whole(without))) {
        found.add(path + key);
        rest = without;
      } else if (typeof value === "object" && !isList(value)) {
        const before = rest;
        rest = { ...before, [key]: reduce(value, `${path}${key}.`, (part) => whole({ ...before, [key]: part })) };
      }
    }
    return rest;
  };
  reduce(document, "", (part) => part);
  return found;
}

/** Lines in block style, each key below its comment. */
function mappingLines(mapping: SpecMapping, schema: SchemaNode, options: MappingOptions): string[] {
  const { between, defaults, path = "" } = options;
  const properties = propertiesOf(schema);
  return Object.entries(mapping).flatMap(([key, value]) => {
    const node = properties[key];
    const inner = { defaults, path: `${path}${key}.` };
    const lines = valueLines(key, value, node, inner);
    return [
      ...between === undefined ? [] : [between],
      ...comment("", node.description ?? ""),
      ...defaults.has(path + key) ? lines.map((line) => line.startsWith("#") ? line : `#${line}`) : lines,
    ];
  });
}

interface MappingOptions {
  /** Whether each key is preceded by an empty line. */
  readonly between?: string;
  /** Paths of keys to comment out. */
  readonly defaults: ReadonlySet<string>;
  /** Path of the mapping. */
  readonly path?: string;
}

function valueLines(key: string, value: DocumentValue, node: SchemaNode, options: MappingOptions): string[] {
  if (!isList(value)) {
    if (typeof value !== "object") return [`${key}: ${yamlScalar(value)}`];
    return [`${key}:`, ...mappingLines(value, node, options).map((line) => `  ${line}`)];
  }
  if (!value.some((item) => typeof item === "object")) return [`${key}: ${flow(value)}`];
  // Entries are written one per line, like a table, with the comments above it.
  const explanations = Object.entries(propertiesOf(node)).flatMap(([name, { description }]) =>
    comment(`  ${name}: `, description ?? "")
  );
  return [...explanations, `${key}:`, ...value.map((item) => `  - ${flow(item)}`)];
}

function flow(value: DocumentValue): string {
  if (isList(value)) return yamlList(value.map(flow));
  if (typeof value !== "object") return yamlScalar(value);
  return `{ ${Object.entries(value).map(([key, item]) => `${key}: ${flow(item)}`).join(", ")} }`;
}

function comment(lead: string, text: string): string[] {
  const indent = lead === "" ? "" : "    ";
  return wrap(lead.trimStart() + text).map((line, i) => `# ${i === 0 ? lead.match(/^ */)![0] : indent}${line}`);
}

/** The keys that a part of the document may have. For alternatives, those of the mapping. */
function propertiesOf(node: SchemaNode): Readonly<Record<string, SchemaNode>> {
  return node.properties ?? (node.items ? propertiesOf(node.items) : undefined) ??
    node.anyOf?.find(({ properties }) => properties)?.properties ?? {};
}

function isList(value: DocumentValue): value is readonly DocumentValue[] {
  return Array.isArray(value);
}
