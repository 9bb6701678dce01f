/// <reference lib="dom" />

import { assertEquals, assertStringIncludes } from "@std/assert";
import { longChromiumTest, openSite } from "./browser.ts";

/** The smallest policy for a page, from docs/browser.md. */
const NEEDED = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src blob:; connect-src 'self'";

const policies = [
  { name: "runs on threads under the policy that the documentation gives", policy: NEEDED, threads: true },
  {
    name: "names what a policy lacks",
    policy: NEEDED.replace(" 'wasm-unsafe-eval'", ""),
    error: "A page with a Content-Security-Policy needs script-src 'wasm-unsafe-eval'",
  },
];

for (const { name, policy, threads = false, error } of policies) {
  longChromiumTest(`ranet.js ${name}`, async () => {
    await using site = await openSite({ webgpu: false, policy });
    const { page, complaints } = await site.open("specs/ranet-cifar10-micro.yaml"); // without its own policy
    const found = await page.evaluate(async (url) => {
      let workers = 0;
      globalThis.Worker = class extends Worker {
        constructor(url: string | URL, options?: WorkerOptions) {
          super(url, options);
          workers++;
        }
      };
      try {
        const { loadClassifier } = await import(url);
        const classifier = await loadClassifier("ranet-cifar10-micro", { device: "cpu", threads: 2 });
        const { label } = await classifier.classify("/examples/ship.jpg");
        return { label, threads: workers > 0 };
      } catch (error) {
        return { name: (error as Error).name, message: (error as Error).message };
      }
    }, `${site.url}ranet.js`);
    if (error) {
      assertEquals(found.name, "RanetError");
      assertStringIncludes(found.message!, error);
    } else {
      assertEquals(found, { label: "ship", threads });
      assertEquals(complaints.filter((one) => !/404|favicon|icon/.test(one)), []);
    }
  });
}
