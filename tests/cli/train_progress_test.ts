import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { fitLine } from "../../lib/cli/train_progress.ts";

Deno.test("fitLine() fits the width and keeps the first parts", () => {
  const parts = [
    "epoch 300",
    "12 h 59 min left",
    "123456/123456",
    "loss 12.345",
    "top-1 85.0…88.0 %",
    "12345 images/s",
  ];
  assertEquals(fitLine(parts, 68), "epoch 300, 12 h 59 min left, 123456/123456, loss 12.345");
  assertEquals(fitLine(["epoch 1", "", "1/9"], 80), "epoch 1, 1/9");
  fc.assert(fc.property(fc.array(fc.string()), fc.nat(120), (parts, columns) => {
    assert(fitLine(parts, columns).length <= columns);
  }));
});
