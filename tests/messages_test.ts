/**
 * What the library says is for people who call it, too: only the command line knows its options.
 *
 * @module
 */

import { assertEquals } from "@std/assert";

const LIB = new URL("../lib/", import.meta.url);

/** Where words that begin with two dashes are other programs' options: those of the authors' trainer, which checkpoints keep. */
const OTHERS = /^spec\/(\w+\/)?(official|boosted_flags)\.ts$/;

/** Options of other programs that messages advise. */
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
