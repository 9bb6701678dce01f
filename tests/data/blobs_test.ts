import { assertEquals, assertNotEquals, assertRejects, assertThrows } from "@std/assert";
import { blobDataset } from "../../lib/data/blobs.ts";
import { RanetError } from "../../lib/errors.ts";

const photo = async (name: string) => new File([await Deno.readFile(`examples/${name}.jpg`)], `${name}.jpg`);

Deno.test("blobDataset() lists the files of each class in the order of the labels", async () => {
  const labels = ["ship", "cat", "dog"];
  const blob = new Blob([await Deno.readFile("examples/horse.jpg")]);
  const photos = blobDataset({ cat: [await photo("cat"), blob], ship: new Set([await photo("ship")]) }, { labels });
  assertEquals([photos.size, photos.format, await photos.labels()], [3, "files", [0, 1, 1]]);
  const samples = await Promise.all([0, 1, 2].map((index) => photos.read(index)));
  assertEquals(samples.map(({ name, label, image }) => [name, label, image.width]), [
    ["ship.jpg", 0, 32],
    ["cat.jpg", 1, 32],
    ["cat 2", 1, 32],
  ]);
  assertEquals(new Set([0, 1, 2].map(photos.origin)).size, 3);
  assertEquals((await photos.file!(0))!.bytes, await Deno.readFile("examples/ship.jpg"));
  const other = blobDataset({ cat: [blob, await photo("cat")], ship: [await photo("ship")] }, { labels });
  assertNotEquals(await other.digest(), await photos.digest());
});

Deno.test("blobDataset() refuses classes that the model does not have, and names files that are not images", async () => {
  const { message } = assertThrows(() => blobDataset({ cow: [] }, { labels: ["cat", "dog"] }), RanetError);
  assertEquals(message, 'Cannot use images of class "cow": the model\'s classes are cat, dog');
  assertThrows(() => blobDataset({ toString: [] }, { labels: ["cat", "dog"] }), RanetError, "toString");
  assertEquals(blobDataset({ cat: [] }, { labels: ["cat", "constructor"] }).size, 0);
  const text = blobDataset({ cat: [new File(["text"], "notes.jpg")] }, { labels: ["cat"] });
  await assertRejects(() => text.read(0), RanetError, 'Cannot read image "notes.jpg": it is not an image');
});
