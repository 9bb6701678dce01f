import { assertEquals } from "@std/assert";
import { costLabels } from "../../lib/report/plots.ts";

Deno.test("labels of costs differ from their neighbours, whatever the network's size", () => {
  const labels = (...millions: number[]) => costLabels(millions.map((million) => ({ flops: 1e6 * million })));
  assertEquals(labels(8.36, 21.77, 51.2, 51.4), ["8.4", "21.8", "51.2", "51.4"]);
  assertEquals(labels(0.571, 0.575, 1.06), ["0.571", "0.575", "1.060"]);
  assertEquals(labels(7, 7, 9), ["7", "", "9"]);
  // With many points, not all labels are shown.
  const many = labels(...Array.from({ length: 40 }, (_, i) => 10 + i / 2));
  assertEquals([many[0], many[1], many[2], many[3]], ["10", "11", "", "12"]);
  assertEquals(labels(), []);
});
