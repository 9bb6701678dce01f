/**
 * The `ranet` command: `deno run -P=cli cli.ts --help`, or `./ranet --help` from a clone.
 *
 * @module
 */

import { main } from "./lib/cli/main.ts";
import { announcements, divertConsole, flushOutput, notices } from "./lib/cli/output.ts";
import { keepNohup } from "./lib/cli/signals.ts";

if (import.meta.main) {
  keepNohup();
  divertConsole();
  const code = await main(Deno.args, {
    stdout: console.log,
    announce: (text) => announcements.line(text),
    stderr: (text) => notices.line(text),
    notices,
    columns: Deno.stdout.isTerminal() ? Deno.consoleSize().columns : undefined,
    stdin: Deno.stdin.readable,
  }).finally(flushOutput);
  Deno.exit(code);
}
