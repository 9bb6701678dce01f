import { assert, assertEquals, assertRejects } from "@std/assert";
import { fileURLToPath } from "node:url";
import type { Dataset } from "../../lib/data/dataset.ts";
import { DecoderPool } from "../../lib/data/decoder_pool.ts";
import { subset } from "../../lib/data/subset.ts";
import { openDataset } from "../../lib/data/open_dataset.ts";
import { toPixels } from "../../lib/data/preprocess.ts";
import { RanetError } from "../../lib/errors.ts";
import { ImageStore } from "../../lib/training/image_store.ts";
import { withFolder } from "../cli/ranet.ts";
import { image, IMAGES } from "../data/fixtures.ts";
import { plain } from "./fake.ts";

const photo = fileURLToPath(new URL("photo.png", IMAGES));

/** A data set of copies of a photo. */
async function withPhotos(names: readonly string[], use: (dataset: Dataset) => Promise<void>): Promise<void> {
  await withFolder(async (folder) => {
    await Deno.mkdir(`${folder}/cat`);
    for (const name of names) await Deno.copyFile(photo, `${folder}/cat/${name}`);
    await use(await openDataset(folder, { labels: ["cat"], inputSize: 4 }));
  });
}

Deno.test("ImageStore keeps images in full or at the input size, with or without workers", async () => {
  using decoders = new DecoderPool({ size: 2, deadline: 600_000 });
  const { width, height, data } = await image("photo.png");
  const form = { size: 5, resize: 7 };
  await withPhotos(["a.png", "b.png", "c.png"], async (dataset) => {
    for (const how of [{}, { decoders }]) {
      const whole = await ImageStore.create(dataset, { form: "original", ...how });
      const seen = await ImageStore.create(dataset, { form, ...how });
      for (let index = 0; index < 3; index++) {
        const found = await whole.image(index);
        assert("width" in found);
        assertEquals([found.width, found.height, Array.from(found.data)], [width, height, Array.from(data)]);
        assertEquals(await seen.image(index), { data: toPixels(await image("photo.png"), form) });
      }
    }
  });
});

Deno.test("ImageStore reports errors in files, with or without workers", async () => {
  using decoders = new DecoderPool({ size: 1, deadline: 600_000 });
  await withPhotos(["a.png", "b.png"], async (dataset) => {
    await Deno.writeTextFile(dataset.origin(0), "no image");
    await Deno.remove(dataset.origin(1));
    for (const how of [{}, { decoders }]) {
      const store = await ImageStore.create(dataset, { form: { size: 5, resize: 7 }, ...how });
      await assertRejects(() => store.image(0), RanetError, "it is not an image");
      await assertRejects(() => store.image(1), RanetError, "there is no such file");
      const bad: string[] = [];
      await store.fill({ room: 1e6, onBad: (message) => bad.push(message) });
      assertEquals([store.usable.length, bad.length], [0, 2]);
    }
  });
});

Deno.test("ImageStore keeps images while there is memory; results do not depend on it", async () => {
  const form = { size: 4, resize: 5 };
  const stores = await Promise.all([0, 100, 150, 1e6].map(async (room) => {
    const store = await ImageStore.create(plain(9), { form });
    await store.fill({ room });
    assert(store.bytes <= room);
    return store;
  }));
  assertEquals(stores.map(({ bytes, isWhole }) => [bytes, isWhole]), [[0, false], [96, false], [144, false], [
    432,
    true,
  ]]);
  for (let index = 0; index < 9; index++) {
    const found = await Promise.all(stores.map((store) => store.image(index)));
    for (const one of found) assertEquals(one, found[0]);
  }
});

Deno.test("ImageStore decodes image files in workers, also for a subset of a data set", async () => {
  await withPhotos(["a.png", "b.png"], async (dataset) => {
    using decoders = new DecoderPool({ size: 1, deadline: 600_000 });
    // Not decoded by the data set itself.
    const part = { ...subset(dataset, [1]), read: () => Promise.reject(new Error("decoded here")) };
    const store = await ImageStore.create(part, { form: { size: 4, resize: 4 }, decoders });
    await store.fill({ room: 1000 });
    assertEquals([store.usable.length, store.bytes, [...Array.from(store.labels)]], [1, 48, [0]]);
  });
});
