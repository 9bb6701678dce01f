import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { zipSync } from "fflate";
import { join } from "node:path";
import type { DatasetOptions } from "../../lib/data/dataset.ts";
import { openDataset } from "../../lib/data/open_dataset.ts";
import { readClassNames } from "../../lib/data/read_class_names.ts";
import { RanetError } from "../../lib/errors.ts";
import { npy } from "../npy_writer.ts";

const options: DatasetOptions = { labels: ["cat", "dog", "hen"], inputSize: 4 };

async function withFiles(files: Readonly<Record<string, Uint8Array>>, use: (folder: string) => Promise<void>) {
  const folder = await Deno.makeTempDir();
  try {
    for (const [name, bytes] of Object.entries(files)) await Deno.writeFile(join(folder, name), bytes);
    await use(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Bytes 0, 1, 2, … */
const counting = (length: number) => Uint8Array.from({ length }, (_, i) => i);
const zip = (arrays: Readonly<Record<string, Uint8Array>>) =>
  zipSync(Object.fromEntries(Object.entries(arrays).map(([name, bytes]) => [`${name}.npy`, bytes])));
/** Replaces a word of a file. */
function replaced(bytes: Uint8Array<ArrayBuffer>, from: string, to: string): Uint8Array<ArrayBuffer> {
  const at = new TextDecoder("latin1").decode(bytes).indexOf(from);
  bytes.set(new TextEncoder().encode(to), at);
  return bytes;
}

Deno.test("archives of arrays are read by part, in the layouts of MedMNIST and Keras", async () => {
  const medical = zip({
    train_images: npy([3, 2, 2, 3], counting(36)),
    train_labels: npy([3, 1], Uint8Array.of(2, 0, 1)),
    val_images: npy([1, 2, 2, 3], counting(12)),
    val_labels: npy([1, 1], Uint8Array.of(1)),
    test_images: npy([2, 2, 2, 3], counting(24)),
    test_labels: npy([2, 1], Uint8Array.of(0, 2)),
  });
  const keras = zip({
    x_train: npy([3, 2, 3], counting(18)),
    y_train: npy([3], BigInt64Array.of(0n, 1n, 2n)),
    x_test: npy([1, 2, 3], counting(6)),
    y_test: npy([1], BigInt64Array.of(2n)),
  });
  await withFiles({ "m.npz": medical, "k.npz": keras }, async (folder) => {
    const open = (name: string, part: DatasetOptions["part"]) => openDataset(join(folder, name), { ...options, part });
    const training = await open("m.npz", "training");
    assertEquals([training.format, training.size, Array.from(await training.labels())], ["NumPy arrays", 3, [2, 0, 1]]);
    assertEquals(training.origin(1), `${join(folder, "m.npz")}#train_images/1`);
    const { image } = await training.read(1);
    assertEquals([image.width, image.height], [2, 2]);
    assertEquals([...image.data], [12, 13, 14, 255, 15, 16, 17, 255, 18, 19, 20, 255, 21, 22, 23, 255]);
    assertEquals(Array.from(await (await open("m.npz", "validation")).labels()), [1]);
    assertEquals(Array.from(await (await open("m.npz", "test")).labels()), [0, 2]);
    // Without a validation part, the test images are used, as in folders.
    const grey = await open("k.npz", "validation");
    assertEquals(Array.from(await grey.labels()), [2]);
    const { image: first } = await grey.read(0);
    assertEquals([first.width, first.height, [...first.data.slice(4, 8)]], [3, 2, [1, 1, 1, 255]]);
    // The folder, if it contains a single archive.
    await Deno.remove(join(folder, "k.npz"));
    assertEquals((await openDataset(folder, { ...options, part: "training" })).size, 3);
    // A list may refer to its images.
    await Deno.writeTextFile(join(folder, "list.csv"), "path,class name\nm.npz#val_images/0,dog\n");
    const listed = await openDataset(join(folder, "list.csv"), options);
    assertEquals([...(await listed.read(0)).image.data.slice(0, 4)], [0, 1, 2, 255]);
    await Deno.writeTextFile(join(folder, "list.csv"), "path,class name\nm.npz#other/0,dog\n");
    await assertRejects(
      async () => await (await openDataset(join(folder, "list.csv"), options)).read(0),
      RanetError,
      'does not contain the array "other"',
    );
  });
});

Deno.test("a file of images is read with the labels beside it, in the layouts of CIFAR-10-C and CIFAR-10.1", async () => {
  const images = npy([2, 3, 2, 2], counting(24)); // channels first
  const labels = npy([2], Uint8Array.of(1, 0));
  const oneHot = npy([2, 3], Float32Array.of(0, 0, 1, 1, 0, 0));
  const files = { "fog.npy": images, "labels.npy": labels, "c_v6_data.npy": images, "c_v6_labels.npy": oneHot };
  await withFiles({ ...files, "x_test.npy": images, "y_test.npy": labels }, async (folder) => {
    const marks = async (name: string) => Array.from(await (await openDataset(join(folder, name), options)).labels());
    assertEquals(await marks("fog.npy"), [1, 0]);
    assertEquals(await marks("c_v6_data.npy"), [2, 0]);
    assertEquals(await marks("x_test.npy"), [1, 0]);
    const dataset = await openDataset(join(folder, "fog.npy"), options);
    assertEquals(dataset.origin(1), `${join(folder, "fog.npy")}#1`);
    assertEquals([...(await dataset.read(1)).image.data.slice(0, 8)], [12, 16, 20, 255, 13, 17, 21, 255]);
    const digest = await dataset.digest();
    await Deno.writeFile(join(folder, "labels.npy"), npy([2], Uint8Array.of(1, 1)));
    assertEquals(digest === await (await openDataset(join(folder, "fog.npy"), options)).digest(), false);
  });
});

Deno.test("arrays that are not images and labels are refused with the reason", async () => {
  const images = npy([2, 2, 2, 3], counting(24));
  const labels = npy([2], Uint8Array.of(0, 1));
  const cases: readonly (readonly [file: Uint8Array, expected: string])[] = [
    [zip({ x: images }), "found x 2×2×2×3"],
    [zip({ a: images, b: images, y: labels }), "expected one array of images"],
    [zip({}), "found none"],
    [zip({ x: npy([2, 2, 2], new Float32Array(8)), y: labels }), 'array.astype("uint8")'],
    [zip({ x: npy([2, 2, 2, 4], counting(32)), y: labels }), "1 or 3 channels, found x 2×2×2×4"],
    [zip({ x: images, y: npy([3], Uint8Array.of(0, 1, 1)) }), "2 images, but 3 labels"],
    [zip({ x: images, y: npy([2, 3], Uint8Array.of(0, 1, 1, 0, 0, 1)) }), "found 2 in row 0 of y 2×3"],
    [zip({ x: images, y: npy([1e12, 0], new Uint8Array()) }), "found y 1000000000000×0"],
    [zip({ x: npy([0, 1e6, 1e6], new Uint8Array()), y: labels }), "too large"],
    [zip({ x: images, y: npy([2], Float32Array.of(0.5, 1)) }), "label 0 is 0.5"],
    [zip({ x: images, y: npy([2], Uint8Array.of(0, 3)) }), "3"],
    [zip({ x: replaced(images.slice(), "|u1", "|O1"), y: labels }), '"|O1"'],
    [zip({ x: images.slice(0, -1), y: labels }), "takes 24 bytes, found 23"],
    [Uint8Array.of(1, 2, 3), "zip archive"],
  ];
  for (const [bytes, expected] of cases) {
    await withFiles({ "a.npz": bytes }, async (folder) => {
      await assertRejects(() => openDataset(join(folder, "a.npz"), options), RanetError, expected);
    });
  }
  await withFiles({ "fog.npy": images }, async (folder) => {
    const { message } = await assertRejects(() => openDataset(join(folder, "fog.npy"), options), RanetError);
    assertStringIncludes(message, "expected its labels in");
    await assertRejects(() => openDataset(folder, options), RanetError, "specify the file of images");
    await assertRejects(() => readClassNames(join(folder, "fog.npy")), RanetError, "its labels are numbers");
    const bands = { ...options, channels: 4 };
    await assertRejects(() => openDataset(join(folder, "fog.npy"), bands), RanetError, "takes 4 channels");
  });
});
