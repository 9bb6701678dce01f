import { assertEquals, assertThrows } from "@std/assert";
import { RanetError } from "../../lib/errors.ts";
import { parseSpec } from "../../lib/spec/parse.ts";
import { lineOf } from "../../web/locate.ts";

const SPEC = `name: x # subnetworks: not here
classes: [cat, dog]
base_features:
  - { scale: 1/2, channels: 32 }
  - scale: 1
    channels: 16
subnetworks:
  - { blocks: 2 }
  - blocks: 4
    fusion: [up-conv, down-conv]
`;

/** The line of the first problem of a spec. */
function lineOfProblem(spec: string): number | undefined {
  const { message } = assertThrows(() => parseSpec(spec), RanetError);
  return lineOf(message.replace(/^Cannot read spec:\s*/, "").split("\n")[0], spec);
}

const problems: readonly (readonly [what: string, from: string, to: string, line: number | undefined])[] = [
  ["a key", "classes: [cat, dog]", "classes: 1.5", 2],
  ["a key of an item in braces", "channels: 32", "channels: many", 4],
  ["a key of an item over several lines", "channels: 16", "channels: many", 6],
  ["an item of a list in brackets", "down-conv]", "sideways]", 10],
  ["a key of the second list", "blocks: 4", "blocks: four", 9],
  ["an unknown key", "fusion", "fussion", 10],
  ["a missing key: its parent", "scale: 1/2, ", "", 4],
  ["YAML that does not parse", "classes: [cat", "classes: [cat: ]", 2],
  ["nothing that is there", "name: x", "nom: x", 1],
];
for (const [what, from, to, line] of problems) {
  Deno.test(`lineOf() finds the line of ${what}`, () => assertEquals(lineOfProblem(SPEC.replace(from, to)), line));
}

Deno.test("lineOf() is undefined for a message without a place", () => {
  assertEquals(lineOf("expected at most 10 characters, found 12", SPEC), undefined);
});
