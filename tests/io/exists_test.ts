import { assertEquals } from "@std/assert";
import { exists } from "../../lib/io/exists.ts";

Deno.test("exists() is false for missing paths, paths below a file, and too long names", async () => {
  const file = new URL(import.meta.url).pathname;
  assertEquals(await Promise.all([file, `${file}x`, `${file}/x`, `/${"x".repeat(400)}`].map(exists)), [
    true,
    false,
    false,
    false,
  ]);
});
