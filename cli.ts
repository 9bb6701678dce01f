/**
 * The `ranet` command: `deno run -P=cli cli.ts --help`, or `./ranet --help` from a clone.
 *
 * @module
 */

import { main } from "./lib/cli/main.ts";

if (import.meta.main) {
  Deno.exit(await main(Deno.args, { stdout: console.log, stderr: console.error, stdin: Deno.stdin.readable }));
}
