/**
 * Building blocks of schemas for YAML documents. Every `error` describes what is expected; `read.ts` adds the place and
 * what was found.
 *
 * @module
 */

import * as z from "zod";
import { suggest } from "../text/suggest.ts";

/** A mapping with these keys and no others. The error for a misspelt key suggests the right one. */
export function mapping<Shape extends z.ZodRawShape>(shape: Shape): z.ZodObject<Shape, z.core.$strict> {
  const keys = Object.keys(shape).filter((key) => key !== "$schema");
  return z.strictObject(shape, {
    error: (issue) =>
      issue.code === "unrecognized_keys"
        ? issue.keys.slice(0, 10).map((key) => unknownKey(key, keys)).join("; ")
        : `a mapping with the keys ${keys.join(", ")}`,
  });
}

function unknownKey(key: string, keys: readonly string[]): string {
  if (key === "<<") return "merge keys (<<) are not supported; write the keys out";
  const nearest = suggest(key, keys);
  const advice = nearest === undefined ? `the keys here are ${keys.join(", ")}` : `did you mean ${nearest}?`;
  return `unknown key ${JSON.stringify(key.slice(0, 64))}, ${advice}`;
}

/** A whole number in a range. */
export function whole(min: number, max: number): z.ZodInt {
  const error = `a whole number from ${min} to ${max}`;
  return z.int({ error }).min(min, { error }).max(max, { error });
}

/** A number in a range. */
export function real(min: number, max: number): z.ZodNumber {
  const error = `a number from ${min} to ${max}`;
  return z.number({ error }).min(min, { error }).max(max, { error });
}

/** A number above one bound and up to another. */
export function above(min: number, max: number): z.ZodNumber {
  const error = `a number above ${min}, at most ${max}`;
  return z.number({ error }).gt(min, { error }).max(max, { error });
}

/** A list with a number of items in a range. `of` is the name of the items. */
export function list<Item extends z.ZodType>(item: Item, min: number, max: number, of: string): z.ZodArray<Item> {
  const error = min === max ? `a list of ${min} ${of}` : `a list of ${min} to ${max} ${of}`;
  return z.array(item, { error }).min(min, { error }).max(max, { error });
}

/** Text that matches a pattern. `error` describes it. */
export function text(pattern: RegExp, error: string): z.ZodString {
  return z.string({ error }).regex(pattern, { error });
}

/** One of several words. */
export function words<const Word extends string>(...all: Word[]): z.ZodEnum<{ [Key in Word]: Key }> {
  const error = all.length === 1 ? all[0] : `${all.slice(0, -1).join(", ")} or ${all[all.length - 1]}`;
  return z.enum(all, { error });
}

/** A name that is usable as a file name. */
export const name: z.ZodString = text(
  /^[a-z0-9]+(-[a-z0-9]+)*$/,
  "lower-case letters, digits and single hyphens, such as my-ranet",
).max(64, { error: "at most 64 characters" });

/** Location of the schema for editors. Some tools write it as a key. */
export const schemaKey = z.string({ error: "the path or URL of a schema" }).optional().describe(
  "Path or URL of this schema, for editors that read this key. It has no other effect.",
);

/** A JSON schema (draft 7). */
export type JsonSchema = z.core.JSONSchema.JSONSchema;

/**
 * The JSON schema with which editors check and complete documents, in draft 7, the newest that YAML editors support.
 * Each description is included twice, also as Markdown, because YAML editors insert backslashes into plain ones.
 */
export function jsonSchema(schema: z.ZodType): JsonSchema {
  return z.toJSONSchema(schema, {
    io: "input",
    target: "draft-7",
    override: ({ jsonSchema }) => {
      if (jsonSchema.description) jsonSchema.markdownDescription = jsonSchema.description;
    },
  });
}

/**
 * The text of a schema file.
 *
 * @returns JSON, with a final newline.
 */
export function jsonSchemaText(schema: JsonSchema): string {
  return JSON.stringify(schema, null, 2) + "\n";
}
