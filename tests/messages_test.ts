/**
 * Tests that messages of the library do not mention command-line options, because people also see them when they call the
 * library.
 *
 * @module
 */

import { assertEquals } from "@std/assert";

const LIB = new URL("../lib/", import.meta.url);

/** Files in which words with two leading dashes are options of other programs, such as the authors' trainer. */
const OTHERS = /^spec\/(\w+\/)?(official|boosted_flags)\.ts$/;

/** Options of other programs that messages mention. */
const ADVISED = ["--allow-read", "--no-install-recommends", "--out photo.jpg"];

async function* modules(folder: URL, prefix = ""): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    if (isDirectory) yield* modules(new URL(`${name}/`, folder), `${prefix}${name}/`);
    else if (name.endsWith(".ts")) yield prefix + name;
  }
}

Deno.test("messages of the library do not mention command-line options", async () => {
  const found: string[] = [];
  for await (const path of modules(LIB)) {
    if (path.startsWith("cli/") || OTHERS.test(path)) continue;
    const lines = (await Deno.readTextFile(new URL(path, LIB))).split("\n");
    for (const [index, line] of lines.entries()) {
      if (/^\s*(\*|\/\/|\/\*)/.test(line)) continue;
      const text = line.match(/"[^"]*"|'[^']*'|`.*/g)?.join("\n") ?? "";
      const own = ADVISED.reduce((rest, option) => rest.replace(option, ""), text);
      if (/["'`(\s]--[a-z][a-z-]+/.test(own)) found.push(`lib/${path}:${index + 1}: ${line.trim()}`);
    }
  }
  assertEquals(found, []);
});
