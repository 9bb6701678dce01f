/**
 * The `ranet` command: `deno run -P=cli cli.ts --help`, or `./ranet --help` from a clone.
 *
 * @module
 */

import { main } from "./lib/cli/main.ts";

if (import.meta.main) {
  const code = await main(Deno.args, {
    stdout: console.log,
    stderr: console.error,
    columns: Deno.stdout.isTerminal() ? Deno.consoleSize().columns : undefined,
    stdin: Deno.stdin.readable,
  });
  Deno.exit(code);
}
