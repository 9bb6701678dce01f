import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { RanetError } from "../../lib/errors.ts";
import { readCheckpoint } from "../../lib/weights/checkpoint.ts";

const fixture = (name: string) => Deno.readFileSync(new URL(`../fixtures/weights/${name}.pth.tar`, import.meta.url));

for (const name of ["everything-protocol2", "everything-protocol4", "everything-protocol5", "everything-legacy"]) {
  Deno.test(`checkpoint: what is beside the state_dict does not matter, whatever it is: ${name}, by PyTorch 1.13.1`, () => {
    const notes: string[] = [];
    assertEquals(
      readCheckpoint(fixture(name), { source: name, onNote: (note) => notes.push(note) }),
      new Map([
        ["a.weight", { shape: [2, 3], data: Float32Array.of(0, 1, 2, 3, 4, 5) }],
        ["a.bias", { shape: [2], data: Float32Array.of(0.5, -0.5) }],
        ["a.tagged", { shape: [3], data: Float32Array.of(0, 1, 2) }],
      ]),
    );
    assertEquals(notes, []);
  });
}

Deno.test("checkpoint: an OrderedDict as Python 2.7 fills it", () => {
  assertEquals(
    readCheckpoint(fixture("python2"), { source: "x" }),
    new Map([["a.weight", { shape: [4], data: Float32Array.of(0, 1, 2, 3) }]]),
  );
});

Deno.test("checkpoint: wrappers' prefixes, counters and another key, and what is said of them", () => {
  const notes: string[] = [];
  const read = readCheckpoint(fixture("wrapped"), { source: "x", onNote: (note) => notes.push(note) });
  assertEquals([...read.keys()], ["0.weight", "0.bias", "1.weight", "1.bias", "1.running_mean", "1.running_var"]);
  assertEquals(read.get("0.weight")?.data, Float32Array.of(0.25, 0.25));
  assertEquals(notes, [
    'Used the weights under "net"',
    'Removed a prefix from names: "module._orig_mod.0.weight" is "0.weight"',
    'Ignored values that are not weights: "n_averaged" (a tensor without floats)',
  ]);
});

Deno.test("checkpoint: another key that is asked for has to be one of a dict of tensors", () => {
  assertEquals(readCheckpoint(fixture("wrapped"), { source: "x", key: "net" }).size, 6);
  const { message } = assertThrows(() => readCheckpoint(fixture("wrapped"), { source: "x", key: "epoch" }), RanetError);
  assertStringIncludes(
    message,
    'it has 1 under "epoch", where a dict of tensors is expected; there are tensors under "net"',
  );
});
