import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { openDataset } from "../../lib/data/open_dataset.ts";
import { findValidation } from "../../lib/data/folder_layout.ts";
import { readClassNames } from "../../lib/data/read_class_names.ts";
import type { DatasetOptions } from "../../lib/data/dataset.ts";
import { RanetError } from "../../lib/errors.ts";
import { CIFAR10_LABELS, LABELS } from "../../lib/spec/labels.ts";
import { entries, open, pets, refused, withFolder } from "./folders.ts";

const numbers = (count: number) => Array.from({ length: count }, (_, i) => String(i));

Deno.test("numeric labels are names or indexes for a whole list; if both are possible, the error shows both", async () => {
  const images = Object.fromEntries(["a", "b", "c", "d"].map((name) => [`${name}.jpg`, null]));
  const grades = ["1", "2", "3"];
  const list = (labels: readonly number[]) => labels.map((label, i) => `${"abcd"[i]}.jpg,${label}\n`).join("");
  const cases: [labels: number[], classes: readonly string[], found: string | undefined][] = [
    [[0, 1, 2, 3], grades, undefined],
    [[0, 1, 2, 1], grades, undefined],
    [[1, 2, 2, 1], grades, undefined],
    [[1, 2, 3, 1], grades, "1231"],
    [[0, 1, 2, 3], numbers(4), "0123"],
    [[0, 1, 0, 1], pets, "cat dog cat dog"],
    [[1, 2, 1, 2], pets, undefined],
    [[0, 1, 2, 1], pets, undefined],
  ];
  for (const [labels, classes, found] of cases) {
    await withFolder({ ...images, "list.csv": list(labels) }, async (folder) => {
      const path = join(folder, "list.csv");
      if (found === undefined) {
        await refused(
          open(path, classes),
          "As names: ",
          "As indexes from 0: ",
          '[{"readLabels":"names"},{"readLabels":"indexes"}]',
        );
        return;
      }
      const dataset = await open(path, classes);
      const names = Array.from(await dataset.labels(), (label) => classes[label]);
      assertEquals(names.join(found.includes(" ") ? " " : ""), found);
    });
  }
  await withFolder({ ...images, "list.csv": list([1, 2, 1, 2]) }, async (folder) => {
    const path = join(folder, "list.csv");
    const read = async (readLabels: DatasetOptions["readLabels"]) =>
      Array.from(await (await open(path, grades, { readLabels })).labels());
    assertEquals(await read("names"), [0, 1, 0, 1]);
    assertEquals(await read("indexes"), [1, 2, 1, 2]);
    await Deno.writeTextFile(path, `path,class_name\n${list([1, 2, 1, 2])}`);
    assertEquals(await read(undefined), [0, 1, 0, 1]);
    // With labels from 1, leaving out the last one would shift all others.
    await Deno.writeTextFile(path, list([1, 2, 1, 2]));
    await refused(open(path, pets, { skipBad: true }), '1 → class "dog", 2 → no class', "They seem to count from 1");
  });
});

Deno.test("a number among names in a list is not read as an index", async () => {
  await withFolder({ "a.jpg": null, "b.jpg": null, "x.csv": "a.jpg,cat\nb.jpg,0\n" }, async (folder) => {
    await refused(open(join(folder, "x.csv"), pets), '"0" is not a class of the model (cat, dog)');
    assertEquals((await open(join(folder, "x.csv"), pets, { skipBad: true })).size, 1);
  });
});

/** Records of CIFAR-10, one for each label. */
const records = (...labels: number[]) => new Uint8Array(labels.flatMap((label) => Array(3073).fill(label)));

Deno.test("records listed in a CSV have the CSV's labels; only their pixels are read", async () => {
  const files = {
    "a.bin": records(3, 8, 200),
    "train-images-idx3-ubyte": Uint8Array.from([0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 77]), // without labels
    "list.csv": "path,label\na.bin#0,machine\na.bin#1,animal\na.bin#2,animal\ntrain-images-idx3-ubyte#0,machine\n",
  };
  await withFolder(files, async (folder) => {
    const dataset = await open(join(folder, "list.csv"), ["animal", "machine"]);
    const samples = await Promise.all([0, 1, 2, 3].map((i) => dataset.read(i)));
    assertEquals(samples.map(({ label }) => label), [1, 0, 0, 1]);
    assertEquals(samples.map(({ image }) => image.data[0]), [3, 8, 200, 0]); // small grey images are padded
    assertEquals(Array.from(await dataset.labels()), [1, 0, 0, 1]);
  });
});

Deno.test("CIFAR-10 is refused for a model with ten other classes", async () => {
  await withFolder({ "test_batch.bin": records(3, 8) }, async (folder) => {
    const others = CIFAR10_LABELS.map((name) => `toy ${name}`);
    await refused(
      open(folder, others),
      "it has 10 classes, the model 10",
      "none has the same name",
      '[{"readLabels":"indexes"}]',
    );
    assertEquals(Array.from(await (await open(folder, others, { readLabels: "indexes" })).labels()), [3, 8]);
  });
});

Deno.test("skipBad leaves out and names unknown labels of CIFAR and IDX files", async () => {
  await withFolder({ "x.bin": records(3, 9, 8) }, async (folder) => {
    const dataset = await open(folder, ["cat", "ship"], { skipBad: true });
    assertEquals(Array.from(await dataset.labels()), [0, 1]);
    assertEquals(dataset.origin(1), join(folder, "x.bin#2"));
    assertEquals((await dataset.read(1)).image.data[0], 8);
    assertStringIncludes(dataset.bad.join(), "x.bin, record 1");
  });
  const idx = {
    "t10k-images-idx3-ubyte": Uint8Array.from([0, 0, 8, 3, 0, 0, 0, 3, 0, 0, 0, 1, 0, 0, 0, 1, 70, 80, 90]),
    "t10k-labels-idx1-ubyte": Uint8Array.from([0, 0, 8, 1, 0, 0, 0, 3, 0, 7, 1]),
  };
  await withFolder(idx, async (folder) => {
    const dataset = await openDataset(folder, { labels: ["shirt", "shoe"], inputSize: 1, skipBad: true });
    assertEquals(Array.from(await dataset.labels()), [0, 1]);
    assertEquals((await dataset.read(1)).image.data[0], 90);
    assertStringIncludes(dataset.bad.join(), "its label 7 is not a class");
  });
});

Deno.test("links to class folders are followed, and each real folder is read once", async () => {
  await withFolder({ "all/cats/1.jpg": null, "all/cats/deep/2.jpg": null, "all/dogs/3.jpg": null }, async (folder) => {
    const data = join(folder, "data");
    await Deno.mkdir(data);
    await Deno.symlink("../all/cats", join(data, "cat"));
    await Deno.symlink("../all/dogs", join(data, "dog"));
    await Deno.symlink("deep", join(folder, "all/cats/again"));
    const dataset = await open(data, pets);
    assertEquals(await entries(dataset, data, pets), ["cat/1.jpg cat", "cat/again/2.jpg cat", "dog/3.jpg dog"]);
    await Deno.remove(join(data, "dog"));
    await Deno.symlink("../all/cats", join(data, "dog"));
    await refused(open(data, pets), '"', "it is the same as one of cat, another class");
  });
});

Deno.test("system files in folders are ignored; other files among images are named and do not stop reading", async () => {
  const files = {
    ...{ "cat/1.jpg": null, "dog/1.jpg": null, "Thumbs.db": "x", "cat/Thumbs.db": "x", "cat/desktop.ini": "x" },
    ...{ "__MACOSX/cat/._1.jpg": "x", "cat/__MACOSX/._1.jpg": "x", "cat/notes.txt": "x", "dog/boxes.xml": "x" },
  };
  await withFolder(files, async (folder) => {
    const dataset = await open(folder, pets);
    assertEquals([dataset.size, dataset.bad], [2, []]);
    assertEquals(dataset.notes, ["Ignored 2 files that are not images: cat/notes.txt, dog/boxes.xml"]);
    await Deno.writeTextFile(join(folder, "cat/photo.HEIC"), "x");
    await refused(open(folder, pets), "photo.HEIC", '{"skipBad":true}');
  });
});

Deno.test("folders named by WordNet ids are ImageNet's classes in sorted order", async () => {
  const files = { "n01443537/a.JPEG": null, "n01440764/b.JPEG": null, "n15075141/c.JPEG": null };
  await withFolder(files, async (folder) => {
    const dataset = await open(folder, LABELS.imagenet);
    assertEquals(await entries(dataset, folder, LABELS.imagenet), [
      ...["n01440764/b.JPEG tench", "n01443537/a.JPEG goldfish", "n15075141/c.JPEG toilet tissue"],
    ]);
    const some = ["goldfish", "toilet tissue", "tench"];
    assertEquals(Array.from(await (await open(folder, some)).labels()), [2, 0, 1]);
  });
});

Deno.test("N unnamed classes match N folders in sorted order, with one note", async () => {
  await withFolder({ "zebra/1.jpg": null, "ant/1.jpg": null, "Cow/1.jpg": null }, async (folder) => {
    const dataset = await open(folder, numbers(3));
    assertEquals(dataset.classes, ["Cow", "ant", "zebra"]);
    assertEquals(Array.from(await dataset.labels()), [0, 1, 2]);
    assertEquals(dataset.notes, [
      "The model's classes have no names: they are taken for Cow, ant, zebra, in sorted order",
    ]);
    await refused(open(folder, numbers(4)), "4 classes have no names, and there are 3 folders", '[{"classesFrom":');
  });
});

const tiny = {
  "train/n01443537/images/n01443537_0.JPEG": null,
  "train/n01443537/n01443537_boxes.txt": "n01443537_0.JPEG\t0\t10\t63\t58\n",
  "train/n01629819/images/n01629819_0.JPEG": null,
  "train/n01629819/n01629819_boxes.txt": "n01629819_0.JPEG\t0\t10\t63\t58\n",
  "val/images/val_0.JPEG": null,
  "val/images/val_1.JPEG": null,
  "val/val_annotations.txt": "val_0.JPEG\tn01629819\t0\t32\t44\t62\nval_1.JPEG\tn01443537\t0\t32\t44\t62\n",
  "test/images/test_0.JPEG": null,
  "wnids.txt": "n01629819\nn01443537\n",
  "words.txt": "n00001740\tentity\n",
};

Deno.test("Tiny ImageNet is read in its own layout", async () => {
  await withFolder(tiny, async (folder) => {
    for (const labels of [numbers(2), ["n01443537", "n01629819"], ["goldfish", "European fire salamander"]]) {
      const training = await open(folder, labels, { part: "training" });
      assertEquals((await entries(training, folder, ["0", "1"])).map((entry) => entry.slice(6)), [
        ...["n01443537/images/n01443537_0.JPEG 0", "n01629819/images/n01629819_0.JPEG 1"],
      ]);
      assertEquals(training.bad, []);
      assert(training.notes!.includes(`Taking ${join(folder, "train")}`));
      for (const part of ["validation", "test"] as const) {
        const held = await open(folder, labels, { part });
        assertEquals(await entries(held, folder, ["0", "1"]), ["val/images/val_0.JPEG 1", "val/images/val_1.JPEG 0"]);
        assertEquals((await held.read(0)).image.width, 32);
      }
    }
    await refused(open(join(folder, "test"), numbers(2)), "it contains images and no list with labels");
  });
});

Deno.test("ImageNet's flat validation folder is read with Caffe's and Kaggle's lists", async () => {
  const images = Object.fromEntries([1, 2].map((i) => [`val/ILSVRC2012_val_0000000${i}.JPEG`, null]));
  const lists = {
    "val.txt": "ILSVRC2012_val_00000001.JPEG 1\nILSVRC2012_val_00000002.JPEG 0\n",
    "val.csv": "ImageId,PredictionString\nILSVRC2012_val_00000001,n01443537 85 1 499 272\n" +
      "ILSVRC2012_val_00000002,n01440764 1 2 3 4 n01440764 5 6 7 8\n",
  };
  for (const [name, list] of Object.entries(lists)) {
    await withFolder({ ...images, [name]: list }, async (folder) => {
      const dataset = await open(join(folder, name), LABELS.imagenet);
      assertEquals(Array.from(await dataset.labels()), [1, 0]);
      assertEquals((await dataset.read(1)).image.width, 32);
    });
    await withFolder({ ...images, [`val/${name}`]: list }, async (folder) => {
      assertEquals(Array.from(await (await open(join(folder, "val"), LABELS.imagenet)).labels()), [1, 0]);
    });
  }
  await withFolder({ ...images, "ILSVRC2012_validation_ground_truth.txt": "490\n361\n" }, async (folder) => {
    const path = join(folder, "ILSVRC2012_validation_ground_truth.txt");
    await refused(open(path, LABELS.imagenet), "expected path,label");
  });
});

Deno.test("in Kaggle's lists, the label column is found by its values", async () => {
  const cases: [list: string, options?: Partial<DatasetOptions>][] = [
    ["id,breed\na1,dog\nb2,cat\n"],
    ["image_id,target\na1.jpg,1\nb2.jpg,0\n"],
    ["filename,width,label\na1.jpg,32,dog\nb2.jpg,32,cat\n"],
    ["label,file\ndog,train/a1.jpg\ncat,train/b2.jpg\n"],
    [",path,class_index,class_name\n0,a1.jpg,17,dog\n1,b2.jpg,9,cat\n"],
    ["a1.jpg;dog\nb2.jpg;cat\n"],
    // As pandas writes integers in a column with gaps, and Windows paths.
    ["image,target\na1.jpg,1.0\nb2.jpg,0.0\nc3.jpg,\n", { skipBad: true }],
    ["train\\a1.jpg,dog\ntrain\\b2.jpg,cat\n"],
    ["fname,gt\ntrain/a1.jpg,dog\ntrain/b2.jpg,cat\n"],
    ["1,train/a1.jpg\n0,train/b2.jpg\n"],
    // As Excel writes them, and with one column per class, as in Roboflow's, ISIC's and Plant Pathology's lists.
    ["sep=;\r\nfile;class\r\na1.jpg;dog\r\nb2.jpg;cat\r\n"],
    ["filename, cat, dog\na1.jpg, 0, 1\nb2.jpg, 1, 0\n"],
    ["image,dog,cat\na1,1.0,0.0\nb2,0.0,1.0\n"],
    ["image,dog,cat\na1,1,0\nb2,0,1\nc3,1,1\nd4,0,0\n", { skipBad: true }],
    [".\\train\\a1.jpg,dog\n.\\train\\b2.jpg,cat\n"],
  ];
  for (const [list, options] of cases) {
    await withFolder({ "train/a1.jpg": null, "train/b2.jpg": null, "labels.csv": list }, async (folder) => {
      const dataset = await open(join(folder, "labels.csv"), pets, options);
      assertEquals(await entries(dataset, folder, pets), ["train/a1.jpg dog", "train/b2.jpg cat"], list);
      await dataset.read(0);
    });
  }
  await withFolder({ "x.csv": "..\\a1.jpg,dog\n", "1.csv": "a1.jpg,1.0\n", "a1.jpg": null }, async (folder) => {
    await refused(open(join(folder, "x.csv"), pets), '"../a1.jpg" is outside the folder of the list');
    assertEquals(Array.from(await (await open(join(folder, "1.csv"), ["2.0", "1.0"])).labels()), [1]);
  });
  await withFolder({ "x.csv": "a\\1.jpg,dog\n", "a\\1.jpg": null, "a/1.jpg": null }, async (folder) => {
    assertEquals(await entries(await open(join(folder, "x.csv"), pets), folder, pets), ["a\\1.jpg dog"]);
  });
  await withFolder({ "x.csv": "file,dog,cat\na.jpg,1,1\n", "y.csv": "gs://photos/a.jpg,dog\n" }, async (folder) => {
    await refused(open(join(folder, "x.csv"), pets), "line 2 of", '"dog, cat" is not a class of the model');
    await refused(open(join(folder, "y.csv"), pets), '"gs://photos/a.jpg" is a URL, where a file is expected');
  });
  await withFolder({ "x.csv": "file,width,height\na.jpg,3,4\n" }, async (folder) => {
    await refused(open(join(folder, "x.csv"), pets), "Cannot determine which column", "cat, dog");
  });
});

Deno.test("lists in UTF-16 are read; lists that are not text are refused", async () => {
  const list = "\ufeffimage\tlabel\na1.jpg\tdog\n";
  const little = new Uint8Array(2 * list.length);
  const view = new DataView(little.buffer);
  for (let i = 0; i < list.length; i++) view.setUint16(2 * i, list.charCodeAt(i), true);
  const big = little.map((_, i) => little[i ^ 1]!);
  const files = { "a1.jpg": null, "l.txt": little, "b.txt": big, "x.csv": little.subarray(2) };
  await withFolder(files, async (folder) => {
    for (const name of ["l.txt", "b.txt"]) {
      assertEquals(await entries(await open(join(folder, name), pets), folder, pets), ["a1.jpg dog"]);
    }
    await refused(open(join(folder, "x.csv"), pets), "it is not text");
  });
});

Deno.test("a CSV of pixels is refused without printing it", async () => {
  const header = ["label", ...Array.from({ length: 784 }, (_, i) => `pixel${i}`)].join();
  await withFolder({ "mnist.csv": `${header}\n` }, async (folder) => {
    const { message } = await assertRejects(() => open(join(folder, "mnist.csv"), pets), RanetError);
    assertStringIncludes(message, "found 785 columns. If these are pixels");
    assert(message.length < 400, message);
  });
});

Deno.test("pickles, MATLAB files and archives are refused with a suggestion", async () => {
  for (
    const [name, word] of [["imagelabels.mat", "MATLAB"], ["a.pkl", "pickles"], ["x.h5", "arrays"], [
      "a.zip",
      "unpack the archive first",
    ]]
  ) {
    await withFolder({ [name]: "x" }, (folder) => refused(open(join(folder, name), pets), word));
  }
});

Deno.test("a folder without the requested part is refused with the available paths", async () => {
  await withFolder({ "train/cat/1.jpg": null, "train/dog/1.jpg": null, "extra/x.jpg": null }, async (folder) => {
    await refused(open(folder, pets), "no folder to validate on", join(folder, "train"));
    assertEquals((await open(folder, pets, { part: "training" })).size, 2);
  });
});

/** Images `cat/1.jpg` and so on in each of these folders. */
const inEach = (folders: readonly string[]) =>
  Object.fromEntries(folders.flatMap((folder) => [1, 2].map((image) => [`${folder}/${image}.jpg`, null] as const)));
const petsIn = (...folders: readonly string[]) =>
  inEach(folders.flatMap((folder) => [`${folder}/cat`, `${folder}/dog`]));

Deno.test("in nested folders, the folder that contains the class folders is found, with and without known classes", async () => {
  const cases: [files: Record<string, string | null>, training: string, test: string][] = [
    // Food-101, CUB-200, nested folders, and parts as Kaggle's data sets name them.
    [{ ...petsIn("images"), "meta/train.txt": "cat/1\n", "README.txt": "x" }, "images", "images"],
    [{ ...petsIn("images"), "parts/parts.txt": "1 back", "images.txt": "1 cat/1.jpg" }, "images", "images"],
    [petsIn("pets/photos"), "pets/photos", "pets/photos"],
    [petsIn("pets/train", "pets/val"), "pets/train", "pets/val"],
    [petsIn("seg_train/seg_train", "seg_test/seg_test"), "seg_train/seg_train", "seg_test/seg_test"],
    [petsIn("training/training", "validation/validation"), "training/training", "validation/validation"],
    [{ ...petsIn("train_set", "test_set"), "pets_labels.txt": "id, name\n1, cat\n" }, "train_set", "test_set"],
  ];
  for (const [files, training, test] of cases) {
    await withFolder(files, async (folder) => {
      for (const [part, place] of [["training", training], ["test", test]] as const) {
        const dataset = await open(folder, pets, { part });
        const found = await entries(dataset, folder, pets);
        assertEquals(
          found,
          [1, 2, 3, 4].map((i) =>
            `${place}/${i < 3 ? "cat" : "dog"}/${i < 3 ? i : i - 2}.jpg ${i < 3 ? "cat" : "dog"}`
          ),
        );
        assertEquals(dataset.notes!.filter((note) => !note.startsWith("Not used")), [`Taking ${join(folder, place)}`]);
      }
      assertEquals(await readClassNames(folder), pets);
      const isApart = /val/.test(test);
      assertEquals(
        await findValidation(folder, pets),
        isApart ? join(folder, test.replace(/^(validation).*/, "$1")) : undefined,
      );
    });
  }
});

Deno.test("folders with the same class folders are parts, of which one must be chosen; others are classes", async () => {
  await withFolder(petsIn("fold1", "fold2"), async (folder) => {
    const choices = `Use one of ${join(folder, "fold1")}, ${join(folder, "fold2")}`;
    await refused(open(folder, pets), "contain folders with the same names", choices);
    await refused(readClassNames(folder), "contain folders with the same names", choices);
    assertEquals((await open(folder, ["fold1", "fold2"])).size, 8);
  });
  await withFolder(inEach(["cat/persian", "cat/siamese", "dog/akita", "dog/beagle"]), async (folder) => {
    assertEquals(await readClassNames(folder), pets);
  });
  await withFolder({ ...petsIn("a"), ...inEach(["b/horse", "b/cow"]) }, async (folder) => {
    assertEquals(await entries(await open(folder, ["horse", "cow"]), folder, ["horse", "cow"]), [
      ...["b/cow/1.jpg cow", "b/cow/2.jpg cow", "b/horse/1.jpg horse", "b/horse/2.jpg horse"],
    ]);
  });
  // Here "train" is a class.
  await withFolder(inEach(["bus", "train", "tram"]), async (folder) => {
    assertEquals(await readClassNames(folder), ["bus", "train", "tram"]);
  });
  await withFolder({ "cat/1.npy": "x", "dog/2.npy": "x" }, async (folder) => {
    assertEquals(await readClassNames(folder), pets);
  });
});

Deno.test("a list next to a part's folder is used if it has the columns of the other part's list", async () => {
  const header = "Width,ClassId,Path\n";
  const files = { ...inEach(["Train/0", "Train/1", "Test", "Meta"]), "Meta.csv": "Path,ClassId\nMeta/1.jpg,1\n" };
  const lists = {
    "Train.csv": `${header}32,0,Train/0/1.jpg\n`,
    "Test.csv": `${header}32,1,Test/1.jpg\n32,0,Test/2.jpg\n`,
  };
  await withFolder({ ...files, ...lists }, async (folder) => {
    assertEquals(await entries(await open(folder, numbers(2)), folder, pets), ["Test/1.jpg dog", "Test/2.jpg cat"]);
    assertEquals((await open(folder, numbers(2), { part: "training" })).size, 4);
  });
  await withFolder({ ...files, ...lists, "Test.csv": "Path\nTest/1.jpg\n" }, async (folder) => {
    await refused(open(folder, numbers(2)), "no folder to validate on");
  });
});

Deno.test("a folder that contains only unsupported files is refused with their format and a suggestion", async () => {
  for (
    const [name, word] of [
      ["data/data-00000-of-00001.arrow", "Arrow files are not supported"],
      ["train.tfrecord-00000-of-00002", "TensorFlow's records"],
      ["train-0000.tar", "unpack the archive first"],
      ["data.mdb", "image databases are not supported"],
      ["cars_train_annos.mat", "MATLAB"],
      ["gaussian_noise.npy", "specify the file of images"], // as CIFAR-10-C has them
    ] as const
  ) {
    await withFolder({ [name]: "x", "README.md": "x", "state.json": "{}" }, async (folder) => {
      await refused(open(folder, pets), `it contains no images, only ${JSON.stringify(name)}`, word);
    });
  }
});

Deno.test("if a list has columns with numbers and names of classes, new classes are the names", async () => {
  await withFolder({ "x.csv": "path,label_id,label_name\na.jpg,0,dog\nb.jpg,1,cat\n" }, async (folder) => {
    assertEquals(await readClassNames(join(folder, "x.csv")), ["dog", "cat"]);
  });
  // As in lists of birds on Kaggle, numbered from 0, and with numbers that have gaps or are not the class's.
  const birds = (numbers: readonly number[]) =>
    `class id,filepaths,labels\n${
      ["b.jpg", "a.jpg", "c.jpg"].map((file, i) => `${numbers[i]},${file},${["WREN", "ANI", "WREN"][i]}\n`).join("")
    }`;
  const cases = [
    { numbers: [0, 1, 0], names: ["WREN", "ANI"] },
    { numbers: [7, 9, 7], names: ["ANI", "WREN"] },
    { numbers: [0, 1, 2], names: ["ANI", "WREN"] },
  ];
  for (const { numbers, names } of cases) {
    await withFolder({ "x.csv": birds(numbers) }, async (folder) => {
      assertEquals(await readClassNames(join(folder, "x.csv")), names);
    });
  }
  await withFolder({ "x.csv": "filename, dog, cat\na.jpg, 0, 1\nb.jpg, 1, 0\n" }, async (folder) => {
    assertEquals(await readClassNames(join(folder, "x.csv")), ["dog", "cat"]);
  });
});

Deno.test("columns of ones and zeros are not classes if the list has labels, or if they name parts of a data set", async () => {
  const files = { "a.jpg": null, "b.jpg": null, "c.jpg": null };
  const parts = "path,label,train,test\na.jpg,dog,1,0\nb.jpg,cat,1,0\nc.jpg,dog,0,1\n";
  const attributes = "path,dx,dog,cat\na.jpg,dog,0,1\nb.jpg,cat,1,0\nc.jpg,dog,0,1\n";
  const unlabelled = "path,is_train,is_test\na.jpg,1,0\nb.jpg,0,1\n";
  await withFolder({ ...files, "1.csv": parts, "2.csv": attributes, "3.csv": unlabelled }, async (folder) => {
    const [first, second, third] = [1, 2, 3].map((list) => join(folder, `${list}.csv`));
    const read = ["a.jpg dog", "b.jpg cat", "c.jpg dog"];
    for (const list of [first!, second!]) assertEquals(await entries(await open(list, pets), folder, pets), read, list);
    assertEquals(Array.from(await (await open(first!, numbers(2))).labels()), [1, 0, 1]);
    assertEquals(await readClassNames(first!), pets);
    await refused(readClassNames(third!), "expected path,label");
    await refused(open(third!, numbers(2)), "expected path,label");
  });
});

Deno.test("columns of ones and zeros name the classes, also those without an image, and images of several are refused", async () => {
  const list = "path,dog,cat,ant\n" + "a.jpg,1,0,0\n".repeat(10) + "b.jpg,1,1,0\n";
  await withFolder({ "a.jpg": null, "b.jpg": null, "x.csv": list }, async (folder) => {
    const path = join(folder, "x.csv");
    assertEquals(await readClassNames(path), ["dog", "cat", "ant"]);
    await refused(open(path, numbers(3)), '"dog, cat" is not a class of the model (dog, cat, ant)');
    const dataset = await open(path, numbers(3), { skipBad: true });
    assertEquals(Array.from(await dataset.labels()), Array(10).fill(0));
    assertEquals(dataset.notes?.some((note) => note.includes("dog, cat, ant, in the order of the columns")), true);
  });
});

Deno.test("a folder train is a part, not a class, if a list contains its images, also beside other folders of images", async () => {
  const files = { "train/1.jpg": null, "train/2.jpg": null, "masks/1.jpg": null };
  const list = "id,label\n1.jpg,cat\n2.jpg,dog\n";
  const lists: Readonly<Record<string, string>>[] = [
    { "labels.csv": list },
    { "train_list.txt": "train/1.jpg,cat\ntrain/2.jpg,dog\n" },
    { "train/labels.csv": list },
  ];
  for (const where of lists) {
    await withFolder({ ...files, ...where }, async (folder) => {
      const found = await entries(await open(folder, pets, { part: "training" }), folder, pets);
      assertEquals(found, ["train/1.jpg cat", "train/2.jpg dog"]);
    });
  }
  await withFolder({ ...files, "sizes.csv": "folder,images\ntrain,20\nmasks,10\n" }, async (folder) => {
    assertEquals(await readClassNames(folder), ["masks", "train"]);
  });
});

Deno.test("a list's images are in the folder of the part that its name contains; without one, several folders are refused", async () => {
  const inFolders = (...folders: readonly string[]) =>
    Object.fromEntries(folders.flatMap((folder) => ["1", "2"].map((id) => [`${folder}/${id}.jpg`, null])));
  const list = "id,label\n1,cat\n2,dog\n";
  const parts = inFolders("train", "test", "val");
  await withFolder({ ...parts, "test_labels.csv": list, "Val.csv": list, "labels.csv": list }, async (folder) => {
    for (const [name, part] of [["test_labels", "test"], ["Val", "val"]]) {
      const dataset = await open(join(folder, `${name}.csv`), pets);
      assertEquals(await entries(dataset, folder, pets), [`${part}/1.jpg cat`, `${part}/2.jpg dog`]);
    }
    const where = ["train", "val", "test"].map((name) => join(folder, name)).join(" and ");
    await refused(open(join(folder, "labels.csv"), pets), "Cannot determine which images", where);
  });
  await withFolder({ ...inFolders("train_images", "test_images"), "test.csv": list }, async (folder) => {
    const found = await entries(await open(join(folder, "test.csv"), pets), folder, pets);
    assertEquals(found, ["test_images/1.jpg cat", "test_images/2.jpg dog"]);
  });
  await withFolder({ ...inFolders("images", "train"), "labels.csv": list }, async (folder) => {
    const found = await entries(await open(join(folder, "labels.csv"), pets), folder, pets);
    assertEquals(found, ["images/1.jpg cat", "images/2.jpg dog"]);
  });
});

Deno.test("openDataset() reads a list next to a folder of images and one of records, as in Kaggle's data sets", async () => {
  const files = {
    ...inEach(["train_images", "test_images"]),
    ...{
      "train_tfrecords/a.tfrec": "x",
      "test_tfrecords/a.tfrec": "x",
      "sample_submission.csv": "image_id,label\n1.jpg,4\n",
    },
    "train.csv": "image_id,label\n1.jpg,1\n2.jpg,0\n",
  };
  await withFolder(files, async (folder) => {
    const found = await entries(await open(folder, pets, { part: "training" }), folder, pets);
    assertEquals(found, ["train_images/1.jpg dog", "train_images/2.jpg cat"]);
    await refused(open(folder, pets), "no folder to validate on");
  });
});
