import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import type { DatasetOptions } from "../../lib/data/dataset.ts";
import { openDataset } from "../../lib/data/open_dataset.ts";
import { RanetError } from "../../lib/errors.ts";

const classes = ["airplane", "bird", "car", "cat", "deer", "dog", "horse", "monkey", "ship", "truck"];
const options: DatasetOptions = { labels: classes, inputSize: 96 };
const PLANE = 96 * 96;

/** An image whose red is the column, whose green is the row, and whose blue is `blue`. */
function stored(blue: number): Uint8Array {
  const planes = new Uint8Array(3 * PLANE).fill(blue);
  for (let x = 0; x < 96; x++) {
    for (let y = 0; y < 96; y++) {
      planes[x * 96 + y] = x; // stored column by column
      planes[PLANE + x * 96 + y] = y;
    }
  }
  return planes;
}

async function withFolder(
  use: (folder: string, write: (name: string, bytes: number[]) => Promise<void>) => Promise<void>,
) {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.mkdir(join(folder, "stl10_binary"));
    for (const [name, blues] of [["train", [7, 8, 9]], ["test", [5]]] as const) {
      await Deno.writeFile(
        join(folder, `stl10_binary/${name}_X.bin`),
        new Uint8Array(await new Blob(blues.map((blue) => stored(blue) as BlobPart)).arrayBuffer()),
      );
    }
    await use(folder, (name, bytes) => Deno.writeFile(join(folder, "stl10_binary", name), Uint8Array.from(bytes)));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("STL-10 is read with its columns turned into rows, and labels from 1", async () => {
  await withFolder(async (folder, write) => {
    await write("train_y.bin", [1, 10, 3]);
    await write("test_y.bin", [8]);
    const training = await openDataset(folder, { ...options, part: "training" });
    assertEquals([training.format, training.size, Array.from(await training.labels())], ["STL-10", 3, [0, 9, 2]]);
    assertEquals(training.origin(1), `${join(folder, "stl10_binary/train_X.bin")}#1`);
    const { image } = await training.read(1);
    const pixel = (x: number, y: number) => Array.from(image.data.subarray(4 * (96 * y + x), 4 * (96 * y + x) + 4));
    assertEquals([image.width, pixel(0, 0), pixel(3, 90), pixel(95, 2)], [
      96,
      [0, 0, 8, 255],
      [3, 90, 8, 255],
      [95, 2, 8, 255],
    ]);
    const test = await openDataset(folder, options);
    assertEquals([test.size, (await test.read(0)).label], [1, 7]);
    const unnamed = await openDataset(folder, { ...options, labels: classes.map((_, i) => String(i)) });
    assertEquals(unnamed.classes, classes);
    await Deno.writeTextFile(join(folder, "list.csv"), "stl10_binary/train_X.bin#2,cat\n");
    const listed = await openDataset(join(folder, "list.csv"), options);
    assertEquals((await listed.read(0)).image.data[2], 9);
  });
});

Deno.test("files that do not match are refused", async () => {
  await withFolder(async (folder, write) => {
    const refused = async (part: DatasetOptions["part"], text: string) => {
      const error = await assertRejects(() => openDataset(folder, { ...options, part }), RanetError);
      assertStringIncludes(error.message, text);
    };
    await refused("training", "train_y.bin");
    await write("train_y.bin", [1, 2]);
    await refused("training", "3 images, but 2 labels");
    await write("train_y.bin", [0, 1, 2]);
    await refused("training", "expected labels from 1 to 10, found 0");
    await write("test_X.bin", [1, 2, 3]);
    await refused("test", "expected images of 27648 bytes (STL-10), found a file of 3 bytes");
  });
});
