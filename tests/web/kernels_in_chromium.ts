/**
 * Tests the kernels, the self-test and the reference networks in Chromium. It takes a minute, so only `.ci/run` runs it:
 * `./ranet test tests/web/kernels_in_chromium.ts`.
 *
 * @module
 */

import { assertEquals, assertGreater } from "@std/assert";
import { chromium, chromiumTest } from "./browser.ts";
import { runInChromium } from "./suite.ts";

const FILES = [
  "tests/device/webgpu/kernels_test.ts",
  "tests/device/webgpu/self_test_test.ts",
  "tests/device/webgpu/training_self_test_test.ts",
  "tests/reference_test.ts",
];

const results = chromium ? await runInChromium(FILES) : [];

for (const { name, outcome, message } of results) {
  chromiumTest(name, () => {
    assertEquals(outcome, "passed", message);
    return Promise.resolve();
  });
}

chromiumTest("kernels and reference networks have been tested", () => {
  for (
    const file of [
      "tiles of 8 pixels × 4 quads",
      "the self-test detects",
      "training self-test detects",
      "imagenet-even: logits",
    ]
  ) {
    assertGreater(results.filter(({ name }) => name.includes(file)).length, 0, file);
  }
  return Promise.resolve();
});
