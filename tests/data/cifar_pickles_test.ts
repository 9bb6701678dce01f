import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { DatasetOptions } from "../../lib/data/dataset.ts";
import { openDataset } from "../../lib/data/open_dataset.ts";
import { readClassNames } from "../../lib/data/read_class_names.ts";
import { RanetError } from "../../lib/errors.ts";
import { CIFAR100_LABELS, CIFAR10_LABELS } from "../../lib/spec/labels.ts";

// CIFAR-10 is written as by Python 2, CIFAR-100 by Python 3.11 and NumPy 2.4 with protocols 5 (train) and 2 (test).
// Image n is red, green and blue n, n + 1 and n + 2.
const root = fileURLToPath(import.meta.resolve("../fixtures/cifar-python"));
const ten = join(root, "cifar-10-batches-py");
const hundred = join(root, "cifar-100-python");

async function samples(path: string, labels: readonly string[], part: DatasetOptions["part"]) {
  const set = await openDataset(path, { labels, inputSize: 32, part });
  const all = Array.from({ length: set.size }, async (_, index) => {
    const { label, image } = await set.read(index);
    assertEquals([image.width, image.height, image.data.length], [32, 32, 4096]);
    return [labels[label], ...image.data.slice(-4)];
  });
  return { set, samples: await Promise.all(all) };
}

Deno.test("CIFAR-10 is read from the files that torchvision downloads", async () => {
  const training = await samples(ten, CIFAR10_LABELS, "training");
  const expected = [["frog", 10, 11, 12, 255], ["truck", 20, 21, 22, 255], ["deer", 30, 31, 32, 255]];
  assertEquals(training.samples, expected);
  assertEquals([training.set.format, training.set.name], ["CIFAR-10", "cifar-10-batches-py"]);
  assertEquals(training.set.origin(2), `${join(ten, "data_batch_2")}#0`);
  for (const part of ["test", "validation"] as const) {
    assertEquals((await samples(ten, CIFAR10_LABELS, part)).samples, [["cat", 40, 41, 42, 255]]);
  }
  assertEquals((await samples(join(ten, "data_batch_2"), CIFAR10_LABELS, "test")).samples, [expected[2]]);
});

Deno.test("CIFAR-100 is read from pickles of Python 3, with its fine labels", async () => {
  const [apple, cattle] = ["apple", "cattle"];
  assertEquals((await samples(hundred, CIFAR100_LABELS, "training")).samples, [
    [cattle, 50, 51, 52, 255],
    [apple, 60, 61, 62, 255],
  ]);
  assertEquals((await samples(hundred, CIFAR100_LABELS, "test")).samples, [["worm", 200, 201, 202, 255]]);
});

Deno.test("torchvision's folder is found inside the one that was given to it", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.mkdir(join(folder, "cifar-10-batches-py"));
    await Deno.copyFile(join(ten, "test_batch"), join(folder, "cifar-10-batches-py/test_batch"));
    await Deno.writeTextFile(join(folder, "cifar-10-python.tar.gz"), "x");
    const { set } = await samples(folder, CIFAR10_LABELS, "test");
    assertEquals([set.size, set.notes], [1, [`Taking ${join(folder, "cifar-10-batches-py")}`]]);
    await assertRejects(() => samples(folder, CIFAR10_LABELS, "training"), RanetError, "it has no files for training");
    // MNIST's packed files stay beside the unpacked ones.
    const raw = join(folder, "m/MNIST/raw");
    await Deno.mkdir(raw, { recursive: true });
    for (const end of ["", ".gz"]) {
      await Deno.writeFile(
        join(raw, `t10k-images-idx3-ubyte${end}`),
        Uint8Array.of(0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 7),
      );
      await Deno.writeFile(join(raw, `t10k-labels-idx1-ubyte${end}`), Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 1, 1));
    }
    const mnist = await openDataset(join(folder, "m"), { labels: ["0", "1"], inputSize: 1 });
    assertEquals([mnist.size, (await mnist.read(0)).label], [1, 1]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a spec takes CIFAR's classes", async () => {
  assertEquals(await readClassNames(ten), CIFAR10_LABELS);
  assertEquals(await readClassNames(hundred), CIFAR100_LABELS);
  assertEquals(await readClassNames(join(ten, "test_batch")), CIFAR10_LABELS);
});

Deno.test("a list may name records of a pickle", async () => {
  const list = await Deno.makeTempFile({ suffix: ".csv" });
  try {
    await Deno.writeTextFile(list, `${join(ten, "data_batch_1")}#1,truck\n${join(hundred, "test")}#0,cat\n`);
    const set = await openDataset(list, { labels: CIFAR10_LABELS, inputSize: 32, allowOutside: true });
    assertEquals([(await set.read(0)).image.data[0], (await set.read(1)).image.data[0]], [20, 200]);
  } finally {
    await Deno.remove(list);
  }
});

Deno.test("other pickles, and damaged ones, are refused with what was expected and found", async () => {
  const file = join(await Deno.makeTempDir(), "data_batch_1");
  const refused = async (bytes: Uint8Array, ...parts: readonly string[]) => {
    await Deno.writeFile(file, bytes);
    const error = await assertRejects(
      () => openDataset(file, { labels: CIFAR10_LABELS, inputSize: 32 }),
      RanetError,
    );
    for (const part of [file, ...parts]) assertStringIncludes(error.message, part);
  };
  try {
    await refused(
      await Deno.readFile(join(ten, "batches.meta")),
      "expected a dict with data, and labels or fine_labels, found the keys label_names",
    );
    const batch = await Deno.readFile(join(ten, "data_batch_1"));
    await refused(batch.subarray(0, 5000), "its pickle does not end");
    const text = Array.from(batch, (byte) => String.fromCharCode(byte)).join("");
    const replaced = (from: string, to: string) =>
      Uint8Array.from(text.replace(from, to), (char) => char.charCodeAt(0));
    await refused(replaced("u1", "f8"), "expected N × 3072 unsigned bytes (u1), found 2 × 3072 of f8");
    await refused(replaced("K\x06K\x09", "K\x06N"), "expected a list of 2 labels");
    await refused(replaced("K\x02M", "K\x03M"), "found 3 × 3072");
    // A name that is not known stays opaque and is never called.
    await refused(replaced("_reconstruct", "_Reconstruct"), "expected a dict with data");
    await refused(replaced("(K\x01K", "(K\x01N"), "");
  } finally {
    await Deno.remove(file);
  }
});
