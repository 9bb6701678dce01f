import { assertEquals } from "@std/assert";
import { exists } from "../../lib/io/exists.ts";

Deno.test("exists() is false for what is missing, lies below a file, or has too long a name", async () => {
  const file = new URL(import.meta.url).pathname;
  assertEquals(await Promise.all([file, `${file}x`, `${file}/x`, `/${"x".repeat(400)}`].map(exists)), [
    true,
    false,
    false,
    false,
  ]);
});
