import { assert, assertEquals, assertNotEquals, assertRejects, assertStringIncludes } from "@std/assert";
import type { Dataset } from "../../lib/data/dataset.ts";
import { openDataset } from "../../lib/data/open_dataset.ts";
import { RanetError } from "../../lib/errors.ts";
import { CIFAR100_LABELS, CIFAR10_LABELS } from "../../lib/spec/labels.ts";
import { fixture, rgb } from "./fixtures.ts";

type Files = Readonly<Record<string, Uint8Array<ArrayBuffer> | string>>;

/** Runs a test on a folder with these files. */
async function withFolder(files: Files, test: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    for (const [name, content] of Object.entries(files)) {
      const path = `${folder}/${name}`;
      await Deno.mkdir(path.slice(0, path.lastIndexOf("/")), { recursive: true });
      await (typeof content === "string" ? Deno.writeTextFile(path, content) : Deno.writeFile(path, content));
    }
    await test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function entries(dataset: Dataset): Promise<[name: string, label: number][]> {
  const samples = await Promise.all(Array.from({ length: dataset.size }, (_, index) => dataset.read(index)));
  return samples.map(({ name, label }) => [name, label]);
}

const refused = (path: string, labels: readonly string[], ...messages: string[]): Promise<void> =>
  assertRejects(() => openDataset(path, { labels, inputSize: 32 }), RanetError).then(({ message, remedies }) =>
    messages.forEach((part) => assertStringIncludes(message + JSON.stringify(remedies), part))
  );

const cat = await fixture("cifar-cat.jpg");
const ship = await fixture("cifar-ship.jpg");
const labels = ["ship", "cat"]; // not in alphabetical order
const options = { labels, inputSize: 32 };

Deno.test("class folders are matched to labels by name, and sorted like ImageFolder", async () => {
  await withFolder(
    {
      "ship/b.jpg": ship,
      "ship/a.JPG": ship,
      "ship/deeper/0.png": await fixture("photo.png"),
      "cat/1.jpg": cat,
      "README.md": "pets",
      ".DS_Store": "",
      "cat/.hidden": "",
    },
    async (folder) => {
      const dataset = await openDataset(folder, options);
      assertEquals([dataset.format, dataset.size, dataset.bad], ["class folders", 4, []]);
      assertEquals(await entries(dataset), [["cat/1.jpg", 1], ["ship/a.JPG", 0], ["ship/b.jpg", 0], [
        "ship/deeper/0.png",
        0,
      ]]);
      const { image } = await dataset.read(0);
      assertEquals([image.width, image.height], [32, 32]);
      assertEquals(await dataset.file?.(0), { label: 1, bytes: cat, source: `${folder}/cat/1.jpg` });
    },
  );
});

Deno.test("class names are equal in all Unicode normalisation forms, as in files from macOS", async () => {
  const composed = "caf\u00e9";
  const decomposed = "cafe\u0301";
  await withFolder({ [`${decomposed}/1.jpg`]: cat }, async (folder) => {
    const dataset = await openDataset(folder, { ...options, labels: ["tea", composed] });
    assertEquals(await entries(dataset), [[`${decomposed}/1.jpg`, 1]]);
  });
  await withFolder({ "1.jpg": cat, "list.csv": `path,label\n1.jpg,${composed}\n` }, async (folder) => {
    const dataset = await openDataset(`${folder}/list.csv`, { ...options, labels: ["tea", decomposed] });
    assertEquals(await entries(dataset), [["1.jpg", 1]]);
  });
});

Deno.test("bad entries of class folders are refused; skipBad leaves them out and counts them", async () => {
  const bad = { "dog/1.jpg": cat, "cat/photo.heic": "x", "astray.png": cat };
  const good = { "cat/1.jpg": cat, "ship/1.jpg": ship };
  for (const [name, content] of Object.entries(bad)) {
    await withFolder(
      { ...good, [name]: content },
      (folder) => refused(folder, labels, "Cannot use ", '{"skipBad":true}'),
    );
  }
  await withFolder({ ...good, "dog/1.jpg": cat }, (folder) => refused(folder, labels, '/dog"', "ship, cat"));
  await withFolder({ ...good, ...bad }, async (folder) => {
    const dataset = await openDataset(folder, { ...options, skipBad: true });
    assertEquals(await entries(dataset), [["cat/1.jpg", 1], ["ship/1.jpg", 0]]);
    assertEquals(dataset.bad.length, 3);
  });
});

Deno.test("reading an unreadable image throws an error that names it", async () => {
  await withFolder({ "cat/1.jpg": "not a JPEG", "cat/2.jpg": cat }, async (folder) => {
    const dataset = await openDataset(folder, { ...options, skipBad: true });
    await assertRejects(() => dataset.read(0), RanetError, 'cat/1.jpg": it is not an image');
    assertEquals((await dataset.read(1)).label, 1);
    await Deno.remove(`${folder}/cat/2.jpg`);
    await assertRejects(() => dataset.read(1), RanetError, 'cat/2.jpg": there is no such file');
  });
});

Deno.test("links to files and folders are followed, but not in cycles", async () => {
  await withFolder({ "set/cat/1.jpg": cat, "photos/2.jpg": ship, "photos/more/3.jpg": ship }, async (folder) => {
    const set = `${folder}/set`;
    for (let i = 0; i < 6; i++) await Deno.symlink(".", `${set}/cat/self${i}`);
    await Deno.symlink("../..", `${set}/cat/up`);
    await Deno.symlink("../photos", `${set}/ship`);
    await Deno.symlink("../../set/ship", `${folder}/photos/more/back`);
    await Deno.symlink("../../photos/2.jpg", `${set}/cat/2.jpg`);
    const dataset = await openDataset(set, options);
    assertEquals(
      await entries(dataset),
      [
        ["ship/2.jpg", 0],
        ["ship/more/3.jpg", 0],
        ["cat/1.jpg", 1],
        ["cat/2.jpg", 1],
      ].toSorted(),
    );
    await Deno.symlink("cat", `${set}/another-cat`);
    await assertRejects(
      () => openDataset(set, options),
      RanetError,
      "another-cat\": the model's classes are ship, cat",
    );
  });
});

Deno.test("class folders accept all usual file extensions of images", async () => {
  const endings = [
    "JPG",
    "jpeg",
    "jpe",
    "jfif",
    "pjpeg",
    "mpo",
    "png",
    "webp",
    "avif",
    "gif",
    "bmp",
    "dib",
    "tif",
    "TIFF",
  ];
  const files = Object.fromEntries(endings.map((ending) => [`cat/x.${ending}`, cat]));
  await withFolder({ ...files, "ship/1.jpg": ship }, async (folder) => {
    assertEquals((await openDataset(folder, options)).size, endings.length + 1);
  });
});

/** A record of CIFAR whose pixel p has the bytes p, p + 1, p + 2 (modulo 256). */
const record = (...label: number[]): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(
    { length: label.length + 3072 },
    (_, i) => label[i] ?? (i - label.length) % 1024 + Math.floor((i - label.length) / 1024),
  );
const join = (...parts: Uint8Array<ArrayBuffer>[]): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(parts.flatMap((part) => [...part]));

Deno.test("CIFAR-10 files are read record by record, and their classes are matched by name", async () => {
  const reversed = CIFAR10_LABELS.toReversed();
  await withFolder({ "a.bin": join(record(3), record(8)), "b.bin": record(0) }, async (folder) => {
    const dataset = await openDataset(folder, { labels: reversed, inputSize: 32 });
    assertEquals(await entries(dataset), [["a.bin, record 0", 6], ["a.bin, record 1", 1], ["b.bin, record 0", 9]]);
    assertEquals([dataset.format, dataset.size], ["CIFAR-10", 3]);
    const { image } = await dataset.read(2);
    assertEquals(rgb(image).slice(0, 6), [0, 1, 2, 1, 2, 3]);
    assertEquals(rgb(image).slice(-3), [255, 0, 1]);

    const numbered = await openDataset(`${folder}/a.bin`, { labels: [..."0123456789"], inputSize: 32 });
    assertEquals(await entries(numbered), [["a.bin, record 0", 3], ["a.bin, record 1", 8]]);
  });
});

/** Records that can be told apart by their first pixels. */
function manyRecords(count: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(3073 * count);
  for (let i = 0; i < count; i++) bytes.set([i % 10, i & 255, i >> 8], 3073 * i);
  return bytes;
}

Deno.test("CIFAR-10 files are opened once for many records, which can be read concurrently in any order", async () => {
  await withFolder({ "a.bin": manyRecords(300), "b.bin": manyRecords(200) }, async (folder) => {
    const dataset = await openDataset(folder, { labels: CIFAR10_LABELS, inputSize: 32 });
    const check = async (index: number) => {
      const { image, label } = await dataset.read(index);
      const record = index % 300;
      assertEquals([label, rgb(image)[0], rgb(image)[3]], [record % 10, record & 255, record >> 8]);
    };
    const { open } = Deno;
    let opened = 0;
    Deno.open = (...args) => {
      opened++;
      return open(...args);
    };
    try {
      for (let index = 0; index < 500; index += 50) {
        await Promise.all(Array.from({ length: 50 }, (_, i) => check(index + i)));
      }
      assertEquals(opened, 3 + 2);
    } finally {
      Deno.open = open;
    }
    await Promise.all(Array.from({ length: 500 }, (_, i) => check(i * 137 % 500)));
  });
});

Deno.test("a truncated or missing CIFAR file is an error that names it; reading works again once it is restored", async () => {
  await withFolder({ "a.bin": manyRecords(3) }, async (folder) => {
    const path = `${folder}/a.bin`;
    const dataset = await openDataset(path, { labels: CIFAR10_LABELS, inputSize: 32 });
    await Deno.remove(path);
    await assertRejects(() => dataset.read(0), RanetError, "a.bin");
    await Deno.writeFile(path, manyRecords(2));
    assertEquals((await dataset.read(1)).label, 1);
    const error = await assertRejects(() => dataset.read(2), RanetError);
    assertStringIncludes(error.message, `a.bin": the file has become shorter`);
  });
});

Deno.test("a CIFAR folder is read as its test set", async () => {
  await withFolder(
    { "data_batch_1.bin": record(1), "test_batch.bin": record(2), "batches.meta.txt": "" },
    async (folder) => {
      const dataset = await openDataset(folder, { labels: CIFAR10_LABELS, inputSize: 32 });
      assertEquals(await entries(dataset), [["test_batch.bin, record 0", 2]]);
      assertEquals(dataset.name, "test_batch.bin");
    },
  );
});

Deno.test("CIFAR-100 files are read with fine labels", async () => {
  await withFolder({ "test.bin": join(record(5, 99), record(5, 0)) }, async (folder) => {
    const dataset = await openDataset(folder, { labels: CIFAR100_LABELS, inputSize: 32 });
    assertEquals([dataset.format, (await entries(dataset)).map(([, label]) => label)], ["CIFAR-100", [99, 0]]);
    await refused(folder, ["x", "y"], "CIFAR-100 with this model: it has 100 classes, the model 2 (x, y)");
  });
});

Deno.test("CIFAR files of a wrong length or label are refused", async () => {
  await withFolder(
    { "x.bin": new Uint8Array(3072) },
    (folder) => refused(folder, CIFAR10_LABELS, "found files of 3072 bytes"),
  );
  await withFolder({ "x.bin": "" }, (folder) => refused(folder, CIFAR10_LABELS, "found files of 0 bytes"));
  await withFolder({ "x.bin": join(record(10), record(9)) }, async (folder) => {
    const eight = CIFAR10_LABELS.slice(1, 9);
    await refused(folder, eight, "x.bin, record 0 of", "its label 10 is not a class of the model", '{"skipBad":true}');
    await Deno.writeFile(`${folder}/x.bin`, join(record(1), record(9)));
    await refused(folder, eight, "x.bin, record 1 of", "its label truck is not a class of the model");
  });
});

const idx = (shape: number[], data: number[]): Uint8Array<ArrayBuffer> =>
  Uint8Array.from([0, 0, 8, shape.length, ...shape.flatMap((size) => [0, 0, size >> 8, size & 255]), ...data]);
const gzip = async (bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> =>
  new Uint8Array(
    await new Response(new Blob([bytes]).stream().pipeThrough(new CompressionStream("gzip"))).arrayBuffer(),
  );
const digits = [..."0123456789"];

Deno.test("IDX images are padded to the model's input size; files may be gzipped", async () => {
  const images = idx([2, 1, 2], [10, 20, 30, 40]);
  const marks = idx([2], [7, 3]);
  for (const [a, b] of [["", ""], [".gz", ".gz"], ["", ".gz"]] as const) {
    const files = {
      [`t10k-images-idx3-ubyte${a}`]: a ? await gzip(images) : images,
      [`t10k-labels-idx1-ubyte${b}`]: b ? await gzip(marks) : marks,
      "train-images-idx3-ubyte": "not looked at",
    };
    await withFolder(files, async (folder) => {
      const dataset = await openDataset(folder, { labels: digits, inputSize: 4 });
      assertEquals([dataset.format, await entries(dataset)], ["IDX", [["image 0", 7], ["image 1", 3]]]);
      const { image } = await dataset.read(1);
      const red = rgb(image).filter((_, i) => i % 3 === 0);
      assertEquals(red, [0, 0, 0, 0, 0, 30, 40, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
      const wide = await openDataset(folder, { labels: digits, inputSize: [1, 4] });
      assertEquals(rgb((await wide.read(1)).image).filter((_, i) => i % 3 === 0), [0, 30, 40, 0]);
      const small = await openDataset(folder, { labels: digits, inputSize: 1 });
      assertEquals(rgb((await small.read(0)).image), [10, 10, 10, 20, 20, 20]);
      const fewer = ["trouser", "shirt", "coat", "bag"];
      await refused(folder, fewer, 'As indexes from 0: 3 → class "bag", 7 → no class', '{"readLabels":"indexes"}');
      await assertRejects(
        () => openDataset(folder, { labels: fewer, inputSize: 1, readLabels: "indexes" }),
        RanetError,
        "its label 7 is not a class of the model (trouser, shirt, coat, bag)",
      );
    });
  }
});

Deno.test("EMNIST's images are read with rows and columns swapped, as they are stored, with a note", async () => {
  for (const [name, isNoted] of [["emnist-letters-test", true], ["t10k", false]] as const) {
    const files = {
      [`${name}-images-idx3-ubyte`]: idx([2, 1, 2], [1, 2, 3, 4]),
      [`${name}-labels-idx1-ubyte`]: idx([2], [1, 2]),
    };
    await withFolder(files, async (folder) => {
      const { notes, read } = await openDataset(folder, { labels: ["1", "2"], inputSize: 1 });
      assertEquals(notes?.some((note) => note.includes("rows and columns swapped")), isNoted);
      assertEquals(rgb((await read(0)).image), [1, 1, 1, 2, 2, 2]);
    });
  }
});

Deno.test("a gzipped IDX file is decompressed only up to the size in its header", async () => {
  const gzip = async (bytes: Uint8Array<ArrayBuffer>) =>
    await new Response(new Blob([bytes]).stream().pipeThrough(new CompressionStream("gzip"))).bytes();
  const head = (...shape: number[]) => [0, 0, 8, shape.length, ...shape.flatMap((size) => [0, 0, 0, size])];
  const marks = Uint8Array.from([...head(2), 0, 1]);
  const images = (rest: number) => Uint8Array.from([...head(2, 3, 3), ...new Array<number>(rest).fill(7)]);
  for (const [rest, found] of [[17, 17], [19, 19], [500_000, 19]]) {
    const files = { "t-images-idx3-ubyte.gz": await gzip(images(rest)), "t-labels-idx1-ubyte": marks };
    await withFolder(files, (folder) => refused(folder, labels, `its header says 2×3×3 bytes, found ${found}`));
  }
  const huge = Uint8Array.from([0, 0, 8, 3, ...new Array<number>(12).fill(255), 1, 2, 3]);
  await withFolder(
    { "t-images-idx3-ubyte.gz": await gzip(huge), "t-labels-idx1-ubyte": marks },
    (folder) => refused(folder, labels, "it unpacks to more than 1000000000 bytes"),
  );
});

Deno.test("IDX files that are damaged or do not belong together are refused", async () => {
  const images = idx([2, 1, 2], [10, 20, 30, 40]);
  const cases: [Files, string][] = [
    [{ "images.idx3-ubyte": images }, "expected its labels in "],
    [{ "images.idx3-ubyte": images, "labels.idx1-ubyte": idx([3], [1, 2, 3]) }, "2 images, but 3 labels"],
    [{ "images.idx3-ubyte": images.slice(0, -1), "labels.idx1-ubyte": "" }, "its header says 2×1×2 bytes, found 3"],
    [
      { "images.idx3-ubyte": images, "labels.idx1-ubyte": images },
      "it is not an IDX file of unsigned bytes in 1 dimensions",
    ],
    [{ "images.idx3-ubyte": idx([0, 1, 1], []) }, "its header says 0×1×1 bytes"],
    [{ "images-idx3-ubyte.gz": (await gzip(images)).slice(0, 20) }, "its gzip data is truncated or damaged"],
    [{ "a-images-idx3-ubyte": images, "b-images-idx3-ubyte": images }, "specify one of its files"],
  ];
  for (const [files, message] of cases) await withFolder(files, (folder) => refused(folder, digits, message));
});

Deno.test("paths in a CSV are relative to the CSV", async () => {
  const csv = '\ufeffpath,label\r\n"in, side/1.jpg",cat\r\n\r\nship.jpg , ship\r\n"ship.jpg","ship"';
  await withFolder({ "list.csv": csv, "in, side/1.jpg": cat, "ship.jpg": ship }, async (folder) => {
    const dataset = await openDataset(`${folder}/list.csv`, options);
    assertEquals([dataset.format, dataset.name, dataset.size], ["CSV", "list.csv", 3]);
    assertEquals(await entries(dataset), [["in, side/1.jpg", 1], ["ship.jpg", 0], ["ship.jpg", 0]]);
    const outside = [`${folder}/ship.jpg`, "../x.jpg", "in/../../x.jpg", ".."];
    for (const file of outside) {
      await Deno.writeTextFile(`${folder}/outside.csv`, `${file},ship`);
      await refused(`${folder}/outside.csv`, labels, `${JSON.stringify(file)} is outside`, '{"allowOutside":true}');
    }
    await Deno.writeTextFile(`${folder}/outside.csv`, outside.map((file) => `${file},ship\n`).join(""));
    const allowed = await openDataset(`${folder}/outside.csv`, { ...options, allowOutside: true });
    assertEquals([allowed.size, (await allowed.read(0)).label], [4, 0]);
    assertEquals((await openDataset(`${folder}/outside.csv`, { ...options, skipBad: true })).bad.length, 4);
  });
});

Deno.test("bad lines of a CSV are refused; skipBad leaves them out and counts them", async () => {
  const cases: [string, string][] = [
    ["a.jpg,cat\nb.jpg,dog", '"dog" is not a class of the model (ship, cat)'],
    ["a.jpg,cat\nb.jpg,2", '"2" is not a class'],
    ["a.jpg,cat\nb.jpg", "line 2 of "],
    ["a.jpg,cat\nb.jpg,cat,1", 'expected path,label, found "b.jpg,cat,1"'],
    ["a.jpg,cat\n,cat", "line 2 of "],
    ["path,label\nlabel,label", "line 2 of"],
  ];
  for (const [csv, message] of cases) {
    await withFolder({ "x.csv": csv }, async (folder) => {
      await refused(`${folder}/x.csv`, labels, message, '{"skipBad":true}');
      const dataset = await openDataset(`${folder}/x.csv`, { ...options, skipBad: true });
      assertEquals(dataset.bad.length, 1);
      assert(dataset.size <= 1);
    });
  }
  await withFolder(
    { "x.csv": 'a.jpg,"cat' },
    (folder) => refused(`${folder}/x.csv`, labels, 'x.csv": Quote Not Closed'),
  );
});

Deno.test("openDataset() refuses other paths and names what it expects", async () => {
  await refused("/nowhere/pets", labels, 'Cannot read "/nowhere/pets": there is no such file or folder');
  await withFolder({ "x.zip": "PK" }, async (folder) => {
    await refused(`${folder}/x.zip`, labels, "expected a folder of class folders", "unpack the archive");
    await refused(folder, labels, 'it contains no images, only "x.zip"; unpack the archive first');
  });
  await withFolder(
    { "notes.md": "" },
    (folder) => refused(folder, labels, "expected folders named after the classes (ship, cat)"),
  );
});

Deno.test("a data set's digest depends on its content, not on its path or format", async () => {
  const cases: [path: string, files: Files, changed: Files][] = [
    ["", { "cat/1.jpg": cat, "ship/1.jpg": ship }, { "cat/1.jpg": ship, "ship/1.jpg": ship }],
    ["", { "cat/1.jpg": cat, "ship/1.jpg": ship }, { "cat/2.jpg": cat, "ship/1.jpg": ship }],
    ["x.csv", { "x.csv": "1.jpg,cat", "1.jpg": cat }, { "x.csv": "1.jpg,ship", "1.jpg": cat }],
    ["", { "test.bin": record(0) }, { "test.bin": record(1) }],
    [
      "",
      { "images-idx3-ubyte": idx([1, 1, 1], [1]), "labels-idx1-ubyte": idx([1], [0]) },
      { "images-idx3-ubyte": idx([1, 1, 1], [1]), "labels-idx1-ubyte": idx([1], [1]) },
    ],
  ];
  for (const [path, files, changed] of cases) {
    const digests: string[] = [];
    const own = path === "x.csv" || "cat/1.jpg" in files ? options : { labels: CIFAR10_LABELS, inputSize: 32 };
    for (const each of [files, files, changed]) {
      await withFolder(each, async (folder) => {
        digests.push(await (await openDataset(`${folder}/${path}`, own)).digest());
      });
    }
    assertEquals(digests[0], digests[1]);
    assertNotEquals(digests[0], digests[2]);
  }
});

/** Records of CIFAR-10, one for each label, filled with the label. */
function recordsOf(...values: number[]): Uint8Array<ArrayBuffer> {
  return new Uint8Array(values.flatMap((value) => Array.from({ length: 3073 }, () => value)));
}

Deno.test("a folder with test and training files gives the requested part", async () => {
  const files = {
    "data_batch_1.bin": recordsOf(1, 2),
    "data_batch_2.bin": recordsOf(3),
    "test_batch.bin": recordsOf(4),
  };
  await withFolder(files, async (folder) => {
    const open = (part?: "test" | "training") => openDataset(folder, { labels: CIFAR10_LABELS, inputSize: 32, part });
    assertEquals((await open()).size, 1);
    assertEquals((await open("test")).size, 1);
    const training = await open("training");
    assertEquals([...Array.from(await training.labels())], [1, 2, 3]);
    assertEquals([0, 1, 2].map((index) => training.origin(index).slice(folder.length + 1)), [
      "data_batch_1.bin#0",
      "data_batch_1.bin#1",
      "data_batch_2.bin#0",
    ]);
  });
});

Deno.test("labels and origins of samples are available without reading images, also for records in a CSV", async () => {
  const files = {
    "a.bin": recordsOf(3, 5, 7),
    "photos/cat/1.jpg": cat,
    "list.csv": "path,label\na.bin#2,horse\nphotos/cat/1.jpg,cat\na.bin#0,cat\na.bin#9,cat\n",
  };
  await withFolder(files, async (folder) => {
    const list = await openDataset(`${folder}/list.csv`, { labels: CIFAR10_LABELS, inputSize: 32 });
    assertEquals([...Array.from(await list.labels())], [7, 3, 3, 3]);
    assertEquals(list.origin(0), `${folder}/a.bin#2`);
    assertEquals(list.origin(1), `${folder}/photos/cat/1.jpg`);
    const { name, label, image } = await list.read(0);
    assertEquals([name, label, image.data[0]], ["a.bin#2", 7, 7]);
    assertEquals(await list.file?.(0), undefined);
    assertEquals((await list.file?.(1))?.source, `${folder}/photos/cat/1.jpg`);
    assertEquals((await list.read(1)).name, "photos/cat/1.jpg");
    const error = await assertRejects(() => list.read(3), RanetError);
    assertStringIncludes(error.message, "the file has 3 records, counted from 0");
    const digest = await list.digest();
    await Deno.writeFile(`${folder}/a.bin`, recordsOf(3, 5, 8));
    assertNotEquals(await list.digest(), digest);
  });
});

Deno.test("a label that the model does not have is found without reading images", async () => {
  await withFolder({ "a.bin": recordsOf(3, 200) }, async (folder) => {
    await refused(`${folder}/a.bin`, CIFAR10_LABELS, "its label 200 is not a class of the model");
  });
});
