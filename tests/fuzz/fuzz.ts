/**
 * `./ranet fuzz [FORMAT…] [--minutes N] [--seed S]`: passes damaged files to all parsers of untrusted input, and stops at
 * the first one that fails without a RanetError. Each run uses new seeds unless one is given. A failure is printed with its
 * seed, and its file is kept.
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import fc from "fast-check";
import { isExpected, TARGETS } from "./targets.ts";

/** Number of inputs between two checks of the time. */
const ROUND = 50;

const given = parseArgs(Deno.args, { string: ["minutes", "seed", "_"], boolean: ["help"] });
const names = given._.length > 0 ? given._.map(String) : Object.keys(TARGETS);
const minutes = Number(given.minutes ?? 1);
const seed = given.seed === undefined ? crypto.getRandomValues(new Uint32Array(1))[0] >>> 1 : Number(given.seed);
const unknown = names.find((name) => !Object.hasOwn(TARGETS, name));
if (unknown !== undefined || !(minutes > 0) || !Number.isInteger(seed)) {
  console.error(
    `Cannot fuzz: expected ./ranet fuzz [FORMAT…] [--minutes N] [--seed S], formats ${
      Object.keys(TARGETS).join(", ")
    }` +
      (unknown === undefined ? "" : `; found ${JSON.stringify(unknown)}`),
  );
  Deno.exit(2);
}

let failures = 0;
for (const name of names) {
  await using target = await TARGETS[name]();
  const property = fc.asyncProperty(target.inputs, async (bytes) => {
    try {
      await target.read(bytes);
    } catch (error) {
      if (!isExpected(error)) throw error;
    }
  });
  const end = performance.now() + 60_000 * minutes / names.length;
  let inputs = 0;
  let failure: fc.RunDetails<[Uint8Array<ArrayBuffer>]> | undefined;
  while (!failure && performance.now() < end) {
    const result = await fc.check(property, { seed: seed + inputs, numRuns: ROUND });
    if (result.failed) failure = result;
    inputs += ROUND;
  }
  console.log(`${name.padEnd(12)} ${String(inputs).padStart(7)} inputs, seed ${seed}: ${failure ? "FAILED" : "ok"}`);
  if (!failure) continue;
  failures++;
  const file = await Deno.makeTempFile({ prefix: `fuzz-${name}-` });
  await Deno.writeFile(file, failure.counterexample![0]);
  console.log(`  ${file}\n  ${(failure.errorInstance as Error)?.stack ?? failure.errorInstance}`);
}
Deno.exit(failures === 0 ? 0 : 1);
