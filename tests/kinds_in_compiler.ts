/**
 * Tests that the type checker names every place that depends on the kinds of layers, by adding a made-up kind to a copy of
 * the source. It takes as long as a complete check, so only CI runs it: `./ranet test tests/kinds_in_compiler.ts`.
 *
 * @module
 */

import { assertEquals, assertNotEquals } from "@std/assert";

const ROOT = new URL("../", import.meta.url);
const UNION = /export type Layer = (.*);/;
const MADE_UP = `
/** A layer that adds two inputs. */
export interface MadeUp {
  readonly kind: "made-up";
  readonly reads: readonly [View, View];
  readonly writes: readonly [View];
  readonly name: string;
}
export type Layer = $1 | MadeUp;`;

Deno.test("a new kind of layer is a type error in every pass, and docs/contributing.md lists all passes", async () => {
  const copy = await Deno.makeTempDir();
  try {
    for (const path of ["lib", "kernels", "weights", "specs", "recipes", "deno.json", "cli.ts"]) {
      await copyAll(new URL(path, ROOT).pathname, `${copy}/${path}`);
    }
    const network = `${copy}/lib/network/network.ts`;
    const source = await Deno.readTextFile(network);
    assertNotEquals(source, source.replace(UNION, MADE_UP));
    await Deno.writeTextFile(network, source.replace(UNION, MADE_UP));
    const { success, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["check", "--quiet", "--no-lock", "cli.ts"],
      cwd: copy,
      env: { NO_COLOR: "1" },
    }).output();
    assertEquals(success, false);
    const named = new TextDecoder().decode(stderr).matchAll(/^ {4}at file:\/\/\S*\/(lib\/\S+\.ts):/gm);
    const docs = await Deno.readTextFile(new URL("docs/contributing.md", ROOT));
    const listed = docs.matchAll(/^\| `(lib\/\S+)` /gm);
    assertEquals(unique(named), unique(listed));
  } finally {
    await Deno.remove(copy, { recursive: true });
  }
});

/** The first groups of all matches, without duplicates and sorted. */
function unique(matches: Iterable<RegExpMatchArray>): string[] {
  return [...new Set(Array.from(matches, ([, path]) => path))].toSorted();
}

async function copyAll(from: string, to: string): Promise<void> {
  if ((await Deno.stat(from)).isFile) return await Deno.copyFile(from, to);
  await Deno.mkdir(to);
  for await (const { name } of Deno.readDir(from)) await copyAll(`${from}/${name}`, `${to}/${name}`);
}
