import { assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { findValidation } from "../../lib/data/folder_layout.ts";
import { readClassNames } from "../../lib/data/read_class_names.ts";
import { hasLinesOf } from "../../lib/data/read_list.ts";
import { entries, open, pets, refused, withFolder } from "./folders.ts";

const images = (...paths: readonly string[]) => Object.fromEntries(paths.map((path) => [path, null]));
const lines = (...rows: readonly string[]) => `${rows.join("\n")}\n`;

Deno.test("a list with a column of parts gives the lines of the part, or of its substitute", async () => {
  const rows = ["a,cat,train", "b,dog,train", "c,cat,val", "d,dog,test"];
  const files = images("a.jpg", "b.jpg", "c.jpg", "d.jpg");
  const cases = [
    lines("id,label,split", ...rows),
    lines(...rows), // without a header, as Google's lists
    lines("id,label,data set", ...rows.map((row) => row.replace("val", "Validation").replace("train", "TRAIN"))),
  ];
  for (const list of cases) {
    await withFolder({ ...files, "list.csv": list }, async (folder) => {
      const path = join(folder, "list.csv");
      const found = async (part: "training" | "validation" | "test") => {
        const dataset = await open(path, pets, { part });
        assertStringIncludes(dataset.notes!.join(), ` lines for ${part}, of 4`);
        return await entries(dataset, folder, pets);
      };
      assertEquals(await found("training"), ["a.jpg cat", "b.jpg dog"]);
      assertEquals(await found("validation"), ["c.jpg cat"]);
      assertEquals(await found("test"), ["d.jpg dog"]);
      assertEquals(await readClassNames(path), pets);
      assertEquals([await hasLinesOf("validation", path, pets), await findValidation(folder, pets)], [true, path]);
    });
  }
  await withFolder(
    { ...files, "list.csv": lines("name,label,is_valid", "a,cat,False", "b,dog,False", "c,cat,True") },
    async (folder) => {
      const path = join(folder, "list.csv");
      assertEquals((await open(path, pets, { part: "training" })).size, 2);
      assertEquals(await entries(await open(path, pets), folder, pets), ["c.jpg cat"]);
    },
  );
  const both = lines("name,label,is_valid,is_test", "a,cat,0,0", "b,dog,0,0", "c,cat,1,0", "d,dog,0,1");
  await withFolder({ ...files, "list.csv": both }, async (folder) => {
    const sizes = (["training", "validation", "test"] as const).map(async (part) =>
      (await open(join(folder, "list.csv"), pets, { part })).size
    );
    assertEquals(await Promise.all(sizes), [2, 1, 1]);
  });
  await withFolder({
    ...files,
    "list.csv": lines("id,label,split", "a,cat,train", "b,dog,train", "c,cat,test", "d,dog,extra"),
  }, async (folder) => {
    const dataset = await open(join(folder, "list.csv"), pets, { part: "training" });
    assertEquals([dataset.size, dataset.notes], [2, [
      `${join(folder, "list.csv")}: taking the 2 lines for training, of 4`,
    ]]);
  });
  // Here most lines are valid, and one is not.
  await withFolder(
    { ...files, "list.csv": lines("name,label,is_valid", "a,cat,1", "b,dog,1", "c,cat,0") },
    async (folder) => {
      assertEquals((await open(join(folder, "list.csv"), pets)).size, 3);
    },
  );
  await withFolder({ ...files, "list.csv": lines("id,label,split", "c,cat,val", "d,dog,test") }, async (folder) => {
    await refused(
      open(join(folder, "list.csv"), pets, { part: "training" }),
      "no lines for training, only for validation and test",
    );
  });
});

Deno.test("a column of classes, of one part or of other words is not a column of parts", async () => {
  const files = images("a.jpg", "b.jpg");
  for (const third of [["train", "train"], ["train", "other"]]) {
    const list = lines("id,label,split", `a,cat,${third[0]}`, `b,dog,${third[1]}`);
    await withFolder({ ...files, "list.csv": list }, async (folder) => {
      assertEquals((await open(join(folder, "list.csv"), pets)).size, 2);
    });
  }
  await withFolder({ ...files, "list.csv": "a,train\nb,test\n" }, async (folder) => {
    const vehicles = ["train", "test"];
    assertEquals(await entries(await open(join(folder, "list.csv"), vehicles), folder, vehicles), [
      "a.jpg train",
      "b.jpg test",
    ]);
  });
});

Deno.test("lists of parts beside class folders, or in a folder of lists, give the part", async () => {
  const files = images("images/cat/1.jpg", "images/cat/2.jpg", "images/dog/1.jpg", "images/dog/2.jpg");
  // As in Food-101, without labels and extensions.
  const food = { "meta/train.txt": lines("cat/1", "dog/1"), "meta/test.txt": lines("cat/2", "dog/2") };
  await withFolder({ ...files, ...food, "meta/classes.txt": "cat\ndog\n" }, async (folder) => {
    const training = await open(folder, pets, { part: "training" });
    assertEquals(await entries(training, folder, pets), ["images/cat/1.jpg cat", "images/dog/1.jpg dog"]);
    assertEquals(training.notes, [
      `Taking ${join(folder, "meta/train.txt")}`,
      `${join(folder, "meta/train.txt")} has no labels: they are taken from the paths, such as cat from cat/1`,
      `The images of ${join(folder, "meta/train.txt")} are in ${join(folder, "images")}`,
    ]);
    assertEquals(await entries(await open(folder, pets), folder, pets), [
      "images/cat/2.jpg cat",
      "images/dog/2.jpg dog",
    ]);
    assertEquals(await readClassNames(folder), pets);
    assertEquals(await findValidation(folder, pets), undefined);
    // As in torchvision's root.
    await Deno.mkdir(join(folder, "root"));
    for (const name of ["images", "meta"]) {
      await Deno.mkdir(join(folder, "root/food-101"), { recursive: true });
      await Deno.symlink(join(folder, name), join(folder, "root/food-101", name));
    }
    assertEquals((await open(join(folder, "root"), pets, { part: "training" })).size, 2);
    await Deno.remove(join(folder, "root"), { recursive: true });
    // A model whose classes have no names.
    const numbered = await open(folder, ["0", "1"]);
    assertEquals([numbered.classes, Array.from(await numbered.labels())], [pets, [0, 1]]);
  });
  // As Kaggle's copy of EuroSAT.
  const header = ",Filename,Label,ClassName";
  const lists = {
    "train.csv": lines(header, "0,cat/1.jpg,0,cat", "1,dog/1.jpg,1,dog"),
    "validation.csv": lines(header, "0,cat/2.jpg,0,cat"),
    "test.csv": lines(header, "0,dog/2.jpg,1,dog"),
  };
  await withFolder({ ...images("cat/1.jpg", "cat/2.jpg", "dog/1.jpg", "dog/2.jpg"), ...lists }, async (folder) => {
    assertEquals((await open(folder, pets, { part: "training" })).size, 2);
    assertEquals(await entries(await open(folder, pets), folder, pets), ["dog/2.jpg dog"]);
    assertEquals(await findValidation(folder, pets), join(folder, "validation.csv"));
  });
});

Deno.test("results, predictions and logs are not lists of labels", async () => {
  const results = Object.fromEntries(
    ["train_results.csv", "test_results.csv", "predictions.csv"].map((
      name,
    ) => [name, lines("file,label", "cat/1.jpg,dog", "dog/1.jpg,cat")]),
  );
  await withFolder({ ...images("cat/1.jpg", "dog/1.jpg"), ...results }, async (folder) => {
    assertEquals(await entries(await open(folder, pets), folder, pets), ["cat/1.jpg cat", "dog/1.jpg dog"]);
  });
  await withFolder({ ...images("1.jpg", "2.jpg"), "results.csv": lines("file,label", "1.jpg,dog") }, async (folder) => {
    await refused(open(folder, pets), "no list with labels");
  });
});

Deno.test("several lists of a part are not used, with a note", async () => {
  const files = images("images/cat/1.jpg", "images/cat/2.jpg", "images/dog/1.jpg", "images/dog/2.jpg");
  const lists = Object.fromEntries(
    ["train1", "train2", "test1", "test2"].map((name) => [`labels/${name}.txt`, "cat/1.jpg\n"]),
  );
  await withFolder({ ...files, ...lists }, async (folder) => {
    const dataset = await open(join(folder), pets, { part: "training" });
    assertEquals(dataset.size, 4);
    assertStringIncludes(dataset.notes!.join(), `Not used: ${join(folder, "labels/test1.txt")}`);
  });
});

Deno.test("a list without labels has the class of the nearest folder or of the beginning of the file's name", async () => {
  const classes = ["bakery", "bakery/shop", "yorkshire_terrier"];
  const files = images("b/bakery/shop/1.jpg", "b/bakery/kitchen/1.jpg", "yorkshire_terrier_12.jpg");
  const list = lines("/b/bakery/shop/1.jpg", "/b/bakery/kitchen/1.jpg", "/yorkshire_terrier_12.jpg");
  await withFolder({ ...files, "list.txt": list }, async (folder) => {
    assertEquals(await entries(await open(join(folder, "list.txt"), classes), folder, classes), [
      "b/bakery/shop/1.jpg bakery/shop",
      "b/bakery/kitchen/1.jpg bakery",
      "yorkshire_terrier_12.jpg yorkshire_terrier",
    ]);
  });
  // As in Oxford-IIIT Pet: numbers of class, species and breed that no header explains.
  const breeds = ["Abyssinian", "Bengal"];
  const pet = {
    ...images("images/Abyssinian_1.jpg", "images/Abyssinian_2.jpg", "images/Bengal_1.jpg", "images/Bengal_2.jpg"),
    "annotations/trainval.txt": lines("Abyssinian_1 1 1 1", "Bengal_1 2 1 2"),
    "annotations/test.txt": lines("Abyssinian_2 1 1 1", "Bengal_2 2 1 2"),
    "annotations/list.txt": lines("#Image CLASS-ID SPECIES BREED ID", "Abyssinian_1 1 1 1"),
    ...images("annotations/trimaps/Abyssinian_1.png", "annotations/trimaps/Abyssinian_2.png"),
  };
  await withFolder(pet, async (folder) => {
    const found = await entries(await open(folder, breeds), folder, breeds);
    assertEquals(found, ["images/Abyssinian_2.jpg Abyssinian", "images/Bengal_2.jpg Bengal"]);
    await refused(readClassNames(folder), "Cannot determine which column", 'Write "label" above');
  });
  await withFolder({ ...images("a.jpg", "b.jpg"), "list.txt": lines("a.jpg", "b.jpg") }, async (folder) => {
    await refused(open(join(folder, "list.txt"), pets), "expected path,label");
  });
});

Deno.test("JSON lines are a list; in a folder, only Hugging Face's metadata.jsonl is one", async () => {
  const rows = [{ file_name: "a.jpg", label: "cat", boxes: [1] }, { file_name: "b.jpg", label: "dog", boxes: [] }];
  const list = lines(...rows.map((row) => JSON.stringify(row)), "");
  const results = JSON.stringify({ file: "a.jpg", label: "dog" });
  await withFolder(
    { ...images("a.jpg", "b.jpg"), "metadata.jsonl": list, "results.jsonl": results },
    async (folder) => {
      assertEquals(await entries(await open(folder, pets), folder, pets), ["a.jpg cat", "b.jpg dog"]);
      assertEquals(await readClassNames(folder), pets);
      assertEquals((await open(join(folder, "results.jsonl"), pets)).size, 1);
      await Deno.writeTextFile(join(folder, "metadata.jsonl"), `${list}[1]\n`);
      await refused(open(folder, pets), "line 4 is not a JSON object");
    },
  );
});

Deno.test("labels in lists that are separated by spaces may contain spaces, or else the names of images", async () => {
  const classes = ["Boeing 717", "Cessna"];
  await withFolder(
    { ...images("images/01.jpg", "images/02.jpg"), "list.txt": lines("01 Cessna", "02 Boeing 717") },
    async (folder) => {
      const found = await entries(await open(join(folder, "list.txt"), classes), folder, classes);
      assertEquals(found, ["images/01.jpg Cessna", "images/02.jpg Boeing 717"]);
    },
  );
  await withFolder({ ...images("a.jpg", "my b.jpg"), "list.txt": lines("a.jpg 0", "my b.jpg 1") }, async (folder) => {
    assertEquals(await entries(await open(join(folder, "list.txt"), pets), folder, pets), [
      "a.jpg cat",
      "my b.jpg dog",
    ]);
  });
});

Deno.test("the images of one list may be in several folders, which are then no classes", async () => {
  const skin = ["mel", "nv"];
  const files = images(
    ...["1", "2"].map((id) => `ham_images_part_1/${id}.jpg`),
    ...["3", "4"].map((id) => `ham_images_part_2/${id}.jpg`),
  );
  const list = lines("lesion,image_id,dx,sex", "9,1,mel,male", "8,2,nv,male", "7,3,mel,female", "6,4,nv,female");
  await withFolder(
    { ...files, "metadata.csv": list, "pixels.csv": `${Array(70).fill("1").join()}\n` },
    async (folder) => {
      assertEquals(await entries(await open(folder, skin), folder, skin), [
        "ham_images_part_1/1.jpg mel",
        "ham_images_part_1/2.jpg nv",
        "ham_images_part_2/3.jpg mel",
        "ham_images_part_2/4.jpg nv",
      ]);
      await refused(readClassNames(folder), "Cannot determine which column");
    },
  );
  // Beside class folders, such a list says something else.
  const about = lines("id,age", "1,3", "2,4");
  await withFolder({ ...images("cat/1.jpg", "dog/2.jpg"), "about.csv": about }, async (folder) => {
    assertEquals(await readClassNames(folder), pets);
    assertEquals(await entries(await open(folder, pets), folder, pets), ["cat/1.jpg cat", "dog/2.jpg dog"]);
  });
});

Deno.test("paths of a list that begin with a slash begin in the data set's folder, as in Places365", async () => {
  const files = {
    ...images("data_256/a/airfield/1.jpg", "data_256/b/bar/1.jpg", "val_256/v1.jpg", "val_256/v2.jpg"),
    "places365_train_standard.txt": lines("/a/airfield/1.jpg 0", "/b/bar/1.jpg 1"),
    "places365_val.txt": lines("v1.jpg 1", "v2.jpg 0"),
    "categories_places365.txt": lines("/a/airfield 0", "/b/bar 1"),
  };
  const places = ["airfield", "bar"];
  await withFolder(files, async (folder) => {
    assertEquals(await entries(await open(folder, places, { part: "training" }), folder, places), [
      ...["data_256/a/airfield/1.jpg airfield", "data_256/b/bar/1.jpg bar"],
    ]);
    assertEquals(await entries(await open(folder, places), folder, places), [
      "val_256/v1.jpg bar",
      "val_256/v2.jpg airfield",
    ]);
  });
});

Deno.test("CUB-200-2011's tables give paths, classes and parts", async () => {
  const folders = ["001.Black_footed_Albatross", "002.Laysan_Albatross"];
  const paths = folders.flatMap((folder) => ["1", "2"].map((n) => `${folder}/${n}.jpg`));
  const files = {
    ...images(...paths.map((path) => `images/${path}`)),
    "images.txt": lines(...paths.map((path, i) => `${i + 1} ${path}`)),
    "image_class_labels.txt": lines("1 1", "2 1", "3 2", "4 2"),
    "train_test_split.txt": lines("1 1", "2 0", "3 1", "4 0"),
    "classes.txt": lines(...folders.map((name, i) => `${i + 1} ${name}`)),
    "bounding_boxes.txt": lines("1 60.0 27.0 325.0 304.0"),
  };
  await withFolder(files, async (folder) => {
    assertEquals(await readClassNames(folder), folders);
    const training = await open(folder, folders, { part: "training" });
    assertEquals(await entries(training, folder, folders), [
      `images/${paths[0]} ${folders[0]}`,
      `images/${paths[2]} ${folders[1]}`,
    ]);
    const test = await open(join(folder, "images.txt"), folders);
    assertEquals(await entries(test, folder, folders), [
      `images/${paths[1]} ${folders[0]}`,
      `images/${paths[3]} ${folders[1]}`,
    ]);
    assertEquals(await findValidation(folder, folders), undefined);
    await Deno.writeTextFile(join(folder, "train_test_split.txt"), "1 1\n");
    await refused(open(folder, folders), "train_test_split.txt", "has no line for 2");
  });
});

Deno.test("images whose names begin with their labels need no folders", async () => {
  const files = images("train/cat.0.jpg", "train/cat.1.jpg", "train/dog.0.jpg", "train/dog.1.jpg", "test1/1.jpg");
  await withFolder(files, async (folder) => {
    const dataset = await open(folder, pets, { part: "training" });
    assertEquals(await entries(dataset, folder, pets), [
      "train/cat.0.jpg cat",
      "train/cat.1.jpg cat",
      "train/dog.0.jpg dog",
      "train/dog.1.jpg dog",
    ]);
    assertEquals(dataset.notes, [
      `Taking ${join(folder, "train")}`,
      "Labels are the beginnings of the files' names",
    ]);
    assertEquals(await readClassNames(folder), pets);
    await refused(open(folder, pets), "no folder to validate on");
    await Deno.writeFile(join(folder, "train/fox.0.jpg"), await Deno.readFile(join(folder, "train/cat.0.jpg")));
    await refused(open(folder, pets, { part: "training" }), 'Cannot use "fox.0.jpg"', "skipBad");
    assertEquals((await open(folder, pets, { part: "training", skipBad: true })).size, 4);
  });
  // As Edge Impulse exports them.
  await withFolder(images("training/cat.1x.jpg", "training/dog.2y.jpg", "testing/dog.3z.jpg"), async (folder) => {
    assertEquals(await entries(await open(folder, pets), folder, pets), ["testing/dog.3z.jpg dog"]);
  });
  for (
    const names of [["IMG_1", "IMG_2"], ["IMG_1", "IMG_2", "DSC_1", "DSC_2"], ["a1f.rf.0ab3", "b2c.rf.77"], [
      "2023-01-01 12.00.00",
      "2023-01-01 12.00.01",
    ]]
  ) {
    await withFolder(images(...names.map((name) => `${name}.jpg`)), async (folder) => {
      await refused(readClassNames(folder), "no list with labels");
      await refused(open(folder, ["0", "1"]), "no list with labels");
    });
  }
  await withFolder(images("class1_01.jpg", "class2 (1).jpg"), async (folder) => {
    const classes = ["class1", "class2"];
    assertEquals(await entries(await open(folder, classes), folder, classes), [
      "class1_01.jpg class1",
      "class2 (1).jpg class2",
    ]);
  });
});

Deno.test("numbers of a list that are counted in another order than the classes are replaced by the names of folders", async () => {
  // As PaddleClas writes them.
  const files = {
    ...images("cat/1.jpg", "dog/1.jpg", "ship/1.jpg", "cat/2.jpg"),
    "train_list.txt": lines("cat/1.jpg 1", "dog/1.jpg 2", "ship/1.jpg 0"),
    "val_list.txt": lines("cat/2.jpg 1"),
    "label_list.txt": lines("0 ship", "1 cat", "2 dog"),
  };
  const classes = ["cat", "dog", "ship"];
  await withFolder(files, async (folder) => {
    for (const path of [folder, join(folder, "train_list.txt")]) {
      const dataset = await open(path, classes, { part: "training" });
      assertEquals(await entries(dataset, folder, classes), ["cat/1.jpg cat", "dog/1.jpg dog", "ship/1.jpg ship"]);
      assertEquals(await readClassNames(path), classes);
    }
  });
});

Deno.test("lists whose labels contradict the class folders are not used, with a note", async () => {
  const wrong = {
    "train_a.csv": lines("cat/1.jpg,dog", "cat/2.jpg,cat", "dog/1.jpg,cat"),
    "test_a.csv": lines("dog/2.jpg,cat", "cat/2.jpg,cat"),
  };
  await withFolder({ ...images("cat/1.jpg", "cat/2.jpg", "dog/1.jpg", "dog/2.jpg"), ...wrong }, async (folder) => {
    const dataset = await open(folder, pets, { part: "training" });
    assertEquals([dataset.size, dataset.notes!.length], [4, 1]);
    assertStringIncludes(dataset.notes![0]!, "Not used: ");
  });
});

Deno.test("tables about images do not replace class folders", async () => {
  const numbered = images("class1/a.jpg", "class2/b.jpg", "class3/c.jpg");
  const shots = { "shots.csv": lines("file,camera", "a.jpg,Canon", "b.jpg,Nikon", "c.jpg,Canon") };
  const exif = { "exif.csv": lines("file,width,height", "a.jpg,1,2", "b.jpg,3,4", "c.jpg,5,6") };
  for (const table of [shots, exif]) {
    await withFolder({ ...numbered, ...table }, async (folder) => {
      assertEquals(await readClassNames(folder), ["class1", "class2", "class3"]);
      assertEquals((await open(folder, ["0", "1", "2"])).size, 3);
    });
  }
});

Deno.test("classes whose folders have the same name are called by their paths, as in SUN397", async () => {
  const list = lines("/a/abbey/1.jpg", "/a/apse/indoor/1.jpg", "/c/church/indoor/1.jpg");
  await withFolder({ "list.txt": list }, async (folder) => {
    assertEquals(await readClassNames(join(folder, "list.txt")), ["abbey", "apse/indoor", "church/indoor"]);
  });
});

Deno.test("class folders with leading zeros are found by their numbers", async () => {
  const classes = ["00000", "00001", "00002"];
  const list = lines("Filename;ClassId", "a.jpg;2", "b.jpg;0");
  const files = {
    ...images(
      "Final_Training/Images/00000/a_1.jpg",
      "Final_Training/Images/00001/a_1.jpg",
      "Final_Training/Images/00002/a_1.jpg",
    ),
    ...images("Final_Test/Images/a.jpg", "Final_Test/Images/b.jpg"),
    "Final_Test/Images/GT-final_test.csv": list,
  };
  await withFolder(files, async (folder) => {
    assertEquals(await readClassNames(folder), classes);
    const found = await entries(await open(folder, classes), folder, classes);
    assertEquals(found, ["Final_Test/Images/a.jpg 00002", "Final_Test/Images/b.jpg 00000"]);
    assertEquals((await open(folder, classes, { part: "training" })).size, 3);
  });
  // As torchvision downloads it.
  const moved = Object.fromEntries(Object.entries(files).map(([name, content]) => [`GTSRB/${name}`, content]));
  delete moved["GTSRB/Final_Test/Images/GT-final_test.csv"];
  await withFolder({ ...moved, "GT-final_test.csv": list }, async (folder) => {
    const found = await entries(await open(folder, classes), folder, classes);
    assertEquals(found, ["GTSRB/Final_Test/Images/a.jpg 00002", "GTSRB/Final_Test/Images/b.jpg 00000"]);
    assertEquals((await open(folder, classes, { part: "training" })).size, 3);
  });
});

Deno.test("folders of class folders are classes if they are not parts, with a note", async () => {
  const files = images("a/abbey/1.jpg", "a/alley/1.jpg", "b/bakery/1.jpg", "b/bar/1.jpg");
  await withFolder(files, async (folder) => {
    const notes: string[] = [];
    assertEquals(await readClassNames(folder, { onNote: (note) => notes.push(note) }), ["a", "b"]);
    assertStringIncludes(notes.join(), `Classes are the folders of ${folder} (a, b), not the folders inside these`);
  });
});
