import { assertEquals } from "@std/assert";
import { specJsonSchema } from "../../lib/spec/json_schema.ts";

Deno.test("specs/ranet.schema.json is current", () => {
  const file = Deno.readTextFileSync(new URL("../../specs/ranet.schema.json", import.meta.url));
  assertEquals(file, specJsonSchema(), "run `deno task schema`");
});

Deno.test("every key has a description", () => {
  const undescribed: string[] = [];
  const visit = (node: unknown, path: string): void => {
    if (typeof node !== "object" || node === null) return;
    const { properties } = node as { properties?: Record<string, { description?: string }> };
    for (const [key, { description }] of Object.entries(properties ?? {})) {
      if (!description) undescribed.push(`${path}.${key}`);
    }
    for (const [key, child] of Object.entries(node)) visit(child, `${path}.${key}`);
  };
  visit(JSON.parse(specJsonSchema()), "");
  assertEquals(undescribed, []);
});
