import { assert, assertEquals, assertNotEquals } from "@std/assert";
import fc from "fast-check";
import { splitDataset } from "../../lib/training/split.ts";
import { plain } from "./fake.ts";

const originsOf = (dataset: ReturnType<typeof plain>) =>
  Array.from({ length: dataset.size }, (_, index) => dataset.origin(index));

Deno.test("splitDataset() sets aside a tenth of each class, or more of small data sets", async () => {
  await fc.assert(fc.asyncProperty(fc.integer({ min: 0, max: 900 }), fc.nat(), async (size, seed) => {
    const whole = plain(size);
    const { training, validation } = await splitDataset(whole, { seed });
    const origins = [...originsOf(training), ...originsOf(validation)];
    assertEquals(origins.sort(), originsOf(whole).sort());
    const labels = await validation.labels();
    const toFit = size >= 80 && size < 100;
    const share = toFit ? 20 / size : size <= 250 ? 1 / 5 : size <= 500 ? 50 / size : 1 / 10;
    for (let label = 0; label < 3; label++) {
      const own = Math.ceil((size - label) / 3);
      const aside = Array.from(labels).filter((one) => one === label).length;
      const exact = own * share;
      assertEquals(aside, own < 2 ? 0 : Math.max(1, toFit ? Math.ceil(exact - 1e-9) : Math.round(exact)));
    }
    if (size >= 80) assert(labels.length >= 20, `${labels.length} of ${size}`);
    assertEquals(originsOf((await splitDataset(whole, { seed })).validation), originsOf(validation));
  }));
});

Deno.test("splitDataset() depends on the seed, and its parts read the same samples", async () => {
  const [a, b] = await Promise.all([0, 1].map((seed) => splitDataset(plain(600), { seed })));
  assertNotEquals(originsOf(a.validation), originsOf(b.validation));
  const { name, label } = await a.validation.read(3);
  assertEquals(`/plain#${name}`, a.validation.origin(3));
  assertEquals(label, (await a.validation.labels())[3]);
  assert(a.validation.size === 60);
});
