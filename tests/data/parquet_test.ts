import { assertEquals, assertInstanceOf, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { DatasetOptions } from "../../lib/data/dataset.ts";
import { openDataset } from "../../lib/data/open_dataset.ts";
import { openParquetTable } from "../../lib/data/parquet_table.ts";
import { readClassNames } from "../../lib/data/read_class_names.ts";
import { RanetError } from "../../lib/errors.ts";

// Written by Hugging Face's datasets 5.0.1 and pyarrow 25.0.1 (hugging-face, paths, digits, categories,
// nulls), Apache Arrow's Rust library (npm's
// parquet-wasm 0.8.0, arrow), fastparquet 2026.9.0 (floats), and DuckDB 1.5.6 (the others). Image n is grey with the value
// 10 n, and the labels are cat, hen, dog, dog, cat, hen.
const folder = fileURLToPath(import.meta.resolve("../fixtures/parquet"));
const options: DatasetOptions = { labels: ["cat", "dog", "hen"], inputSize: 2 };
const labels = [0, 2, 1, 1, 0, 2];

const open = (name: string, more: Partial<DatasetOptions> = {}) =>
  openDataset(join(folder, name), { ...options, ...more });

/** Label and grey value of each image. */
async function samples(name: string, more: Partial<DatasetOptions> = {}): Promise<[number, number][]> {
  const set = await open(name, more);
  const all = Array.from({ length: set.size }, async (_, index): Promise<[number, number]> => {
    const { label, image } = await set.read(index);
    assertEquals((await set.labels())[index], label);
    return [label, image.data[0]!];
  });
  return await Promise.all(all);
}

async function refused(name: string, more: Partial<DatasetOptions>, ...parts: readonly string[]) {
  const error = await assertRejects(() => samples(name, more), RanetError);
  for (const part of parts) assertStringIncludes(error.message, part);
}

Deno.test("the parts of a data set of Hugging Face are read from its folder, and classes by name", async () => {
  assertEquals(await samples("pets", { part: "training" }), [[0, 0], [2, 10], [1, 20], [1, 30]]);
  assertEquals(await samples("pets", { part: "validation" }), [[0, 40]]);
  const set = await open("pets", { part: "training" });
  const file = join(folder, "pets/data/train-00001-of-00002.parquet");
  assertEquals([set.format, set.name, set.origin(2)], ["Parquet", "pets", `${file}#0`]);
  const { source, bytes, label } = (await set.file!(2))!;
  assertEquals([source, label, bytes.slice(1, 4)], [`${file}#0`, 1, new TextEncoder().encode("PNG")]);
  assertEquals(set.notes, [`Taking ${join(folder, "pets/data")}`]);
  const one = await open("pets/data/train-00001-of-00002.parquet");
  assertEquals([one.size, one.notes], [2, ["Taking one of 2 files; name their folder to take all"]]);
  assertEquals((await set.digest()).length, 64);
});

Deno.test("if the labels of a part are not published, its substitute is taken", async () => {
  assertEquals(await samples("pets", { part: "test" }), [[0, 40]]);
  const { notes } = await open("pets", { part: "test" });
  assertEquals(notes![0], "The labels of test are not published: taking validation");
  await refused("pets/data/test-00000-of-00001.parquet", {}, "its labels are all -1");
});

Deno.test("an image is a copy of its own, so that a worker is not sent the whole row group", async () => {
  const { bytes } = (await (await open("arrow.parquet")).file!(1))!;
  assertEquals(bytes.buffer.byteLength, bytes.length);
});

Deno.test("names that are digits are names, and no indexes", async () => {
  const set = await open("digits.parquet", { labels: ["3", "2", "1"] });
  assertEquals(Array.from(await set.labels()), [1, 2, 0, 0, 1, 2]);
  await refused("digits.parquet", { labels: ["a", "b", "c", "d"] }, "its label 2 is not a class of the model");
});

Deno.test("a category that no row has is permitted, and columns of WebDataset are known", async () => {
  assertEquals(await samples("categories.parquet"), labels.map((label, n) => [label, 10 * n]));
  assertEquals((await open("categories.parquet")).notes, []);
});

Deno.test("an image without a label is a bad entry", async () => {
  await refused("nulls.parquet", {}, 'nulls.parquet#1": it has no label');
  const { size, bad } = await open("nulls.parquet", { skipBad: true });
  assertEquals([size, bad.length], [5, 1]);
  assertEquals(await readClassNames(join(folder, "nulls.parquet")), ["cat", "dog", "hen"]);
});

Deno.test("row groups, compression and both versions of pages are read", async () => {
  for (const name of ["hugging-face.parquet", "arrow.parquet", "two-labels.parquet", "words.parquet"]) {
    assertEquals(await samples(name), labels.map((label, n) => [label, 10 * n]), name);
  }
  assertEquals((await openParquetTable(join(folder, "arrow.parquet"))).groups, 3);
  await refused("lz4.parquet", {}, "packed with LZ4_RAW", "Snappy");
});

Deno.test("numbers without names are indexes, and a model without names takes those of the table", async () => {
  const own = { labels: ["hen", "cat", "dog"] };
  assertEquals(await samples("numbers.parquet", own), [1, 0, 2, 2, 1, 0].map((label, n) => [label, 10 * n]));
  assertEquals((await samples("floats.parquet", own)).map(([label]) => label), [1, 0, 2, 2, 1, 0]);
  const set = await open("arrow.parquet", { labels: ["0", "1", "2"] });
  assertEquals(set.classes, ["hen", "cat", "dog"]);
  assertStringIncludes(set.notes!.join(), "in the order of their numbers");
  const words = await open("words.parquet", { labels: ["0", "1", "2"] });
  assertEquals(words.classes, ["cat", "dog", "hen"]);
});

Deno.test("of several columns of labels, the one with the model's classes is taken", async () => {
  const coarse = { labels: ["bird", "mammal"] };
  assertEquals(await samples("two-labels.parquet", coarse), [1, 0, 1, 1, 1, 0].map((label, n) => [label, 10 * n]));
  assertEquals((await open("two-labels.parquet", { labels: ["0", "1", "2"] })).classes, ["hen", "cat", "dog"]);
  await refused("two-labels.parquet", { labels: ["a", "b", "c", "d"] }, "fine_label (3 classes)", "coarse_label (2");
});

Deno.test("classes that have no name in common with the model's are refused", async () => {
  await refused("arrow.parquet", { labels: ["a", "b", "c"] }, "none has the same name", "hen, cat, dog");
  const indexes = await samples("arrow.parquet", { labels: ["a", "b", "c"], readLabels: "indexes" });
  assertEquals(indexes.map(([label]) => label), [1, 0, 2, 2, 1, 0]);
  const skipping = await open("arrow.parquet", { labels: ["cat", "dog"], skipBad: true });
  assertEquals([skipping.size, skipping.bad.length], [4, 2]);
  assertStringIncludes(skipping.bad[0]!, 'arrow.parquet#1": its label hen is not a class');
});

Deno.test("tables without images or without labels are refused, and so is an image that is missing", async () => {
  await refused("no-image.parquet", {}, "expected one column of image files", "label (numbers), width (numbers)");
  await refused("empty-image.parquet", {}, 'empty-image.parquet#1": the table does not contain its file');
  // As datasets' to_parquet writes image files that it has not embedded.
  await refused("paths.parquet", {}, "does not contain its file, only the path", "pics/0.png");
});

Deno.test("a list may name rows of a table", async () => {
  const temporary = await Deno.makeTempDir();
  try {
    await Deno.copyFile(join(folder, "arrow.parquet"), join(temporary, "arrow.parquet"));
    await Deno.writeTextFile(join(temporary, "list.csv"), "arrow.parquet#3,cat\narrow.parquet#1,hen\n");
    const set = await openDataset(join(temporary, "list.csv"), options);
    assertEquals(await set.file!(0), undefined);
    const read = [await set.read(0), await set.read(1)];
    assertEquals(read.map(({ label, image }) => [label, image.data[0]]), [[0, 30], [2, 10]]);
  } finally {
    await Deno.remove(temporary, { recursive: true });
  }
});

Deno.test("a spec takes the classes of a table", async () => {
  assertEquals(await readClassNames(join(folder, "pets")), ["hen", "cat", "dog"]);
  assertEquals(await readClassNames(join(folder, "words.parquet")), ["cat", "dog", "hen"]);
  await assertRejects(() => readClassNames(join(folder, "numbers.parquet")), RanetError, "its labels are numbers");
});

Deno.test("data sets side by side are refused, and folders may be named after parts", async () => {
  const root = await Deno.makeTempDir();
  try {
    const table = await Deno.readFile(join(folder, "arrow.parquet"));
    const write = async (...names: string[]) => {
      for (const name of names) {
        await Deno.mkdir(join(root, name), { recursive: true });
        await Deno.writeFile(join(root, name, "0000.parquet"), table);
      }
    };
    await write("plain/train", "plain/test");
    assertEquals((await openDataset(root, { ...options, part: "training" })).size, 6);
    await write("other/train");
    const error = await assertRejects(() => openDataset(root, { ...options, part: "training" }), RanetError);
    assertStringIncludes(error.message, "it contains several data sets");
    assertStringIncludes(error.message, join(root, "other"));
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});

Deno.test("tables beside images do not count, and of several parts, the one with the exact name is taken", async () => {
  const root = await Deno.makeTempDir();
  try {
    const copy = async (from: string, to: string) => {
      await Deno.mkdir(join(root, to, ".."), { recursive: true });
      await Deno.copyFile(join(folder, from), join(root, to));
    };
    const image = fileURLToPath(import.meta.resolve("../fixtures/images/cifar-cat.jpg"));
    for (const name of ["cat", "dog"]) {
      await Deno.mkdir(join(root, "photos", name), { recursive: true });
      await Deno.copyFile(image, join(root, "photos", name, "1.jpg"));
    }
    await copy("words.parquet", "photos/metadata.parquet");
    await copy("no-image.parquet", "photos/features.parquet");
    await copy("words.parquet", "photos/cat/features.parquet");
    assertEquals((await openDataset(join(root, "photos"), options)).format, "class folders");

    await copy("arrow.parquet", "parts/data/train-00000-of-00001.parquet");
    await copy("words.parquet", "parts/data/train_full-00000-of-00001.parquet");
    assertEquals((await openDataset(join(root, "parts"), { ...options, part: "training" })).size, 6);
    await copy("arrow.parquet", "unclear/train_a.parquet");
    await copy("words.parquet", "unclear/train_full.parquet");
    await assertRejects(
      () => openDataset(join(root, "unclear"), { ...options, part: "training" }),
      RanetError,
      "several parts for training, train_a and train_full",
    );

    await copy("arrow.parquet", "datasets--u--d/snapshots/abc/data/train-00000-of-00001.parquet");
    await copy("words.parquet", "datasets--u--d/blobs/0123");
    assertEquals((await openDataset(join(root, "datasets--u--d"), { ...options, part: "training" })).size, 6);

    await copy("arrow.parquet", "only/test.parquet");
    assertEquals(await readClassNames(join(root, "only")), ["hen", "cat", "dog"]);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});

Deno.test("a damaged byte gives a result or an error that names the file", async () => {
  const temporary = await Deno.makeTempFile({ suffix: ".parquet" });
  let errors = 0;
  try {
    for (const [name, step] of [["arrow.parquet", 5], ["words.parquet", 1]] as const) {
      const table = await Deno.readFile(join(folder, name));
      for (let at = 0; at < table.length; at += step) {
        const damaged = table.slice();
        damaged[at]! ^= 0xff;
        await Deno.writeFile(temporary, damaged);
        try {
          const set = await openDataset(temporary, options);
          for (let index = 0; index < set.size; index++) await set.file!(index);
        } catch (error) {
          assertInstanceOf(error, RanetError, `byte ${at} of ${name}: ${error}`);
          assertStringIncludes(error.message, temporary);
          errors++;
        }
      }
    }
  } finally {
    await Deno.remove(temporary);
  }
  assertEquals(errors > 100, true);
});

Deno.test("classes with longer names in the same order are the model's", async () => {
  const own = { labels: ["Hen, Gallus gallus", "cat, Felis catus", "dog"] };
  assertEquals((await samples("arrow.parquet", own)).map(([label]) => label), [1, 0, 2, 2, 1, 0]);
  await refused(
    "arrow.parquet",
    { labels: ["cat, Felis catus", "dog, Canis", "hen, Gallus"] },
    "none has the same name",
  );
});
