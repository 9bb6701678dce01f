import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import fc from "fast-check";
import { RanetError } from "../../lib/errors.ts";
import { BUNDLED_SPECS, readSpec } from "../../lib/model/read_spec.ts";
import { buildNetwork } from "../../lib/network/build.ts";
import type { InputSpec } from "../../lib/network/common.ts";
import { changeSpec, type SpecChanges } from "../../lib/spec/change.ts";

const specs = await Promise.all(BUNDLED_SPECS.map(readSpec));
const [cifar] = specs;
/** For CIFAR's input size. */
const size = 32;

Deno.test("changeSpec() changes only the given keys, in every bundled spec", () => {
  const changes = fc.record({
    name: fc.constantFrom("pets", "a-2"),
    classes: fc.uniqueArray(fc.stringMatching(/^[a-z]{1,9}$/), { minLength: 2, maxLength: 12 }),
    input: fc.record({ resize: fc.integer({ min: 400, max: 500 }) }),
    head: fc.record({
      channels: fc.oneof(fc.constant("input" as const), fc.integer({ min: 1, max: 99 })),
      pool: fc.constant("all" as const),
    }, { noNullPrototype: true }),
  }, { requiredKeys: [] });
  fc.assert(fc.property(fc.constantFrom(...specs), changes, (spec, changes) => {
    const before = structuredClone(spec) as unknown;
    const changed = changeSpec(spec, changes);
    assertEquals<unknown>(changed, { ...spec, ...changes, input: { ...spec.input, ...changes.input } });
    assertEquals<unknown>(spec, before);
    assertEquals(buildNetwork(changed).spec.name, changed.name);
  }));
});

Deno.test("changeSpec() changes keys of a single family", () => {
  assert(cifar.family === "ranet");
  assertEquals(changeSpec(cifar, { compress: 0.5 }).compress, 0.5);
  const msdnet = specs.find((spec) => spec.family === "msdnet")!;
  assertEquals(changeSpec(msdnet, { growth: 12 }).growth, 12);
});

Deno.test("changeSpec() refuses invalid values with the key", () => {
  const input = (changes: Partial<InputSpec>): SpecChanges => ({ input: changes });
  const cases: [changes: SpecChanges, problem: string][] = [
    [{ classes: [] }, "classes: expected"],
    [{ classes: ["cat", "cat"] }, 'classes: expected each label once, found "cat" again'],
    [{ name: "No Name" }, "name: expected"],
    [{ head: { channels: 0, pool: "all" } }, "head.channels: expected"],
    [input({ size: 8, resize: 8 }), "subnetworks[0]: expected exits that read at least"],
    [input({ resize: size - 1 }), "input.resize: expected at least the size, 32, found 31"],
    [input({ std: [0, 1, 1] }), "input.std[0]: expected"],
  ];
  for (const [changes, problem] of cases) {
    const { message } = assertThrows(() => changeSpec(cifar, changes as SpecChanges<typeof cifar>), RanetError);
    assertStringIncludes(message, problem);
  }
});

Deno.test("buildNetwork() refuses a spec that was not validated", () => {
  const byHand = { ...cifar, classes: [] };
  assertThrows(
    // @ts-expect-error: parts of a valid architecture are not a validated one
    () => buildNetwork(byHand),
    RanetError,
    "Cannot build a network of ranet-cifar10: its spec has not been validated",
  );
});
