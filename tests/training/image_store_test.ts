import { assert, assertEquals, assertRejects } from "@std/assert";
import { fileURLToPath } from "node:url";
import { subset } from "../../lib/data/subset.ts";
import { openDataset } from "../../lib/data/open_dataset.ts";
import { toPixels } from "../../lib/data/preprocess.ts";
import { RanetError } from "../../lib/errors.ts";
import { DecodePool } from "../../lib/training/decode_pool.ts";
import { ImageStore } from "../../lib/training/image_store.ts";
import { withFolder } from "../cli/ranet.ts";
import { image, IMAGES } from "../data/fixtures.ts";
import { plain } from "./fake.ts";

const photo = fileURLToPath(new URL("photo.png", IMAGES));

Deno.test("workers decode the very pixels, whole or as the network sees them; what is wrong comes back", async () => {
  using pool = new DecodePool(2);
  const original = await image("photo.png");
  const { width, height, data } = original;
  const form = { size: 5, resize: 7 };
  const found = await Promise.all(
    Array.from({ length: 12 }, (_, i) => pool.decode({ path: photo, form: i % 2 ? "original" : form })),
  );
  found.forEach((stored, i) => {
    const { data: bytes, ...sides } = stored;
    assertEquals(sides, i % 2 ? { width, height } : {});
    assertEquals(Array.from(bytes), Array.from(i % 2 ? data : toPixels(original, form)));
  });
  await assertRejects(() => pool.decode({ path: "no/such.png", form }), RanetError, "there is no such file");
  const text = fileURLToPath(new URL("../../deno.json", import.meta.url));
  await assertRejects(() => pool.decode({ path: text, form }), RanetError, "it is not an image");
});

Deno.test("images are kept in order while there is room, and are the same either way", async () => {
  using pool = new DecodePool(1);
  const form = { size: 4, resize: 5 };
  const stores = await Promise.all([0, 100, 150, 1e6].map(async (room) => {
    const store = await ImageStore.create(plain(9), form, pool);
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

Deno.test("image files are decoded by the pool, for a part of a data set too", async () => {
  await withFolder(async (folder) => {
    await Deno.mkdir(`${folder}/cat`);
    for (const name of ["a.png", "b.png"]) await Deno.copyFile(photo, `${folder}/cat/${name}`);
    const dataset = await openDataset(folder, { labels: ["cat"], inputSize: 4 });
    using pool = new DecodePool(1);
    const store = await ImageStore.create(subset(dataset, [1]), { size: 4, resize: 4 }, pool);
    await store.fill({ room: 1000 });
    assertEquals([store.usable.length, store.bytes, [...Array.from(store.labels)]], [1, 48, [0]]);
  });
});
