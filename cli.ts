/**
 * The command line: `deno run --allow-read jsr:@ranet/ranet/cli classify photo.jpg`. `--help` tells the rest.
 *
 * @module
 */

import { main } from "./lib/cli/main.ts";

if (import.meta.main) Deno.exit(await main(Deno.args));
