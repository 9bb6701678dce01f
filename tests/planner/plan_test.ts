import { assert, assertEquals, assertLessOrEqual } from "@std/assert";
import fc from "fast-check";
import { BUNDLED_SPECS, readSpec } from "../../lib/model/read_spec.ts";
import { buildNetwork } from "../../lib/network/build.ts";
import { buildPlan } from "../../lib/planner/build.ts";
import { placeBuffers } from "../../lib/planner/memory.ts";

Deno.test("placeBuffers() never overlaps buffers that are in use at the same time", () => {
  const buffers = fc.array(
    fc.record({ length: fc.integer({ min: 1, max: 100 }), first: fc.nat(20), span: fc.nat(10) })
      .map(({ length, first, span }) => ({ length, first, last: first + span })),
    { minLength: 1, maxLength: 40 },
  );
  fc.assert(fc.property(buffers, (buffers) => {
    const { offsets, length, live } = placeBuffers(buffers);
    buffers.forEach((a, i) => {
      assert(offsets[i] >= 0 && offsets[i] + a.length <= length);
      buffers.slice(0, i).forEach((b, j) => {
        const together = a.first <= b.last && b.first <= a.last;
        const apart = offsets[i] + a.length <= offsets[j] || offsets[j] + b.length <= offsets[i];
        assert(!together || apart);
      });
    });
    const at = (step: number) =>
      buffers.reduce((sum, one) => one.first <= step && step <= one.last ? sum + one.length : sum, 0);
    assertEquals(live, Math.max(...buffers.map(({ first }) => at(first))));
    assertLessOrEqual(live, length);
  }));
});

Deno.test("bundled networks: the arena is at most a quarter larger than the memory in use at once", async () => {
  for (const name of BUNDLED_SPECS) {
    const { sampleQuads, liveQuads } = buildPlan(buildNetwork(await readSpec(name)));
    assertLessOrEqual(sampleQuads, 1.25 * liveQuads);
  }
});
