/**
 * Runs the command line in this process.
 *
 * @module
 */

import { setTimeout as delay } from "node:timers/promises";
import { main } from "../../lib/cli/main.ts";

/** How often removing a folder is tried. */
const TURNS = 20;

/** The result of a command line. */
export interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly notes: string;
}

/** Runs a command line. An operand `-` reads examples/ship.jpg from standard input. */
export async function ranet(...args: string[]): Promise<Outcome> {
  const [out, notes]: string[][] = [[], []];
  const code = await main(args, {
    stdout: (text) => out.push(text),
    stderr: (text) => notes.push(text),
    stdin: new Blob([await Deno.readFile(new URL("../../examples/ship.jpg", import.meta.url))]).stream(),
  });
  return { code, out: out.join("\n"), notes: notes.join("\n") };
}

/** Provides an empty folder, and removes it afterwards. */
export async function withFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await use(folder);
  } finally {
    await removeFolder(folder);
  }
}

/** Removes a folder. Other processes of a test, such as Slurm's, may still write to it while they end. */
async function removeFolder(folder: string): Promise<void> {
  for (let turn = 1; turn < TURNS; turn++) {
    try {
      return await Deno.remove(folder, { recursive: true });
    } catch (error) {
      if ((error as { code?: string }).code !== "ENOTEMPTY") throw error;
      await delay(100);
    }
  }
  await Deno.remove(folder, { recursive: true });
}
