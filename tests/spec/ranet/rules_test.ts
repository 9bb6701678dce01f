import { assertEquals } from "@std/assert";
import { ruledFusion, ruledTransitions, scaleIndices } from "../../../lib/spec/ranet/rules.ts";

Deno.test("scaleIndices() counts distinct neighbours", () => {
  assertEquals(scaleIndices([4, 2, 1]), [1, 2, 3]);
  assertEquals(scaleIndices([4, 2, 2, 1]), [1, 2, 2, 3]);
  assertEquals(scaleIndices([2, 2, 1]), [1, 1, 2]);
});

Deno.test("ruledFusion() makes blocks down-conv if a coarser sub-network ends there", () => {
  const downBlocks = (scaleIndex: number, blocksBefore: number[]) =>
    ruledFusion(scaleIndex, blocksBefore).flatMap((kind, j) => kind === "down-conv" ? [j + 1] : []);
  assertEquals(ruledFusion(1, []), []);
  assertEquals(downBlocks(2, [2]), [2]);
  assertEquals(downBlocks(3, [2, 4]), [2, 4]);
  assertEquals(downBlocks(4, [2, 4, 6]), [2, 4, 6]);
  // 1-2-2-3: only the last of the coarser ends counts (l_s − 1).
  assertEquals(downBlocks(2, [2, 3]), [3]);
  assertEquals(downBlocks(3, [2, 3, 4]), [3, 4]);
  // 1-1-2-3: the second sub-network has the same resolution as the first.
  assertEquals(ruledFusion(1, [2]), ["up-conv", "up-conv"]);
});

Deno.test("ruledTransitions() places transitions at equal distances by the scale index", () => {
  assertEquals(ruledTransitions(1, 2), []);
  assertEquals(ruledTransitions(2, 4), [2]);
  assertEquals(ruledTransitions(3, 6), [2, 4]);
  assertEquals(ruledTransitions(3, 8), [2, 5]);
  assertEquals(ruledTransitions(4, 2), [1], "no block 0, no block twice");
});
