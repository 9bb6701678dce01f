/**
 * The command line, run in this process.
 *
 * @module
 */

import { main } from "../../lib/cli/main.ts";

/** What a command line came to. */
export interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly notes: string;
}

/** Runs a command line; `-` is the ship of the examples. */
export async function ranet(...args: string[]): Promise<Outcome> {
  const [out, notes]: string[][] = [[], []];
  const code = await main(args, {
    stdout: (text) => out.push(text),
    stderr: (text) => notes.push(text),
    stdin: new Blob([await Deno.readFile(new URL("../../examples/ship.jpg", import.meta.url))]).stream(),
  });
  return { code, out: out.join("\n"), notes: notes.join("\n") };
}

/** Lends an empty folder. */
export async function withFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await use(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
