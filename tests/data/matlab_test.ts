import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { findValidation } from "../../lib/data/folder_layout.ts";
import { readMat } from "../../lib/data/mat.ts";
import { readClassNames } from "../../lib/data/read_class_names.ts";
import { RanetError } from "../../lib/errors.ts";
import { entries, open, refused, withFolder } from "./folders.ts";

const read = (name: string) => Deno.readFile(new URL(`../fixtures/matlab/${name}`, import.meta.url));
// Written by scipy 1.10.1.
const svhn = await read("train_32x32.mat");
const flowers = {
  "imagelabels.mat": await read("imagelabels.mat"),
  "setid.mat": await read("setid.mat"),
};
const digits = Array.from({ length: 10 }, (_, i) => String(i));

/** A file of one array, as MATLAB would write it. */
function matFile(
  { name = "x", kind = 6, shape, type, data, isLittle = true }: {
    readonly name?: string;
    /** Class of the array. */
    readonly kind?: number;
    readonly shape: readonly number[];
    /** How its numbers are stored. */
    readonly type: number;
    readonly data: readonly number[];
    readonly isLittle?: boolean;
  },
): Uint8Array {
  const words = (...values: readonly number[]) => {
    const view = new DataView(new ArrayBuffer(4 * values.length));
    values.forEach((value, i) => view.setUint32(4 * i, value, isLittle));
    return [...new Uint8Array(view.buffer)];
  };
  const padded = (bytes: readonly number[]) => [...bytes, ...Array(-bytes.length & 7).fill(0)];
  const small = (
    type: number,
    bytes: readonly number[],
  ) => [...words(bytes.length * 0x10000 + type), ...bytes, ...Array(4 - bytes.length).fill(0)];
  const element = (type: number, bytes: readonly number[]) => [...words(type, bytes.length), ...padded(bytes)];
  const matrix = element(14, [
    ...element(6, words(kind, 0)),
    ...element(5, words(...shape)),
    ...small(1, [...new TextEncoder().encode(name)]),
    ...data.length <= 4 ? small(type, data) : element(type, data),
  ]);
  const text = new TextEncoder().encode("MATLAB 5.0 MAT-file, Platform: GLNXA64".padEnd(124));
  return Uint8Array.from([...text, ...(isLittle ? [0, 1, 73, 77] : [1, 0, 77, 73]), ...matrix]);
}

const readX = async (bytes: Uint8Array) => {
  const path = await Deno.makeTempFile();
  try {
    await Deno.writeFile(path, bytes);
    const { x } = await readMat(path, ["x"]);
    return { shape: x.shape, data: [...x.data] };
  } finally {
    await Deno.remove(path);
  }
};

Deno.test("SVHN's digits are read with columns turned into rows, and 10 as 0, as in torchvision", async () => {
  await withFolder({ "svhn/train_32x32.mat": svhn, "svhn/test_32x32.mat": svhn }, async (folder) => {
    const dataset = await open(folder, digits, { part: "training" });
    assertEquals([dataset.format, dataset.size, Array.from(await dataset.labels())], ["SVHN", 3, [1, 0, 7]]);
    assertEquals(dataset.origin(1), `${join(folder, "svhn/train_32x32.mat")}#1`);
    const { image, name } = await dataset.read(2);
    const pixel = (x: number, y: number) => [...image.data.subarray(4 * (32 * y + x), 4 * (32 * y + x) + 4)];
    assertEquals([name, pixel(0, 0), pixel(3, 30)], ["image 2", [0, 0, 2, 255], [240, 24, 2, 255]]);
    assertEquals(await readClassNames(folder), digits);
    await Deno.writeTextFile(join(folder, "list.csv"), "svhn/test_32x32.mat#2,5\n");
    const listed = await open(join(folder, "list.csv"), digits);
    assertEquals((await listed.read(0)).image.data, image.data);
  });
});

Deno.test("Flowers-102's labels and parts are read, labels counted from 0 as in torchvision", async () => {
  const images = Object.fromEntries([1, 2, 3, 4].map((i) => [`jpg/image_0000${i}.jpg`, null]));
  const classes = ["pink primrose", "hard-leaved pocket orchid", "canterbury bells"];
  const files = Object.fromEntries(
    Object.entries({ ...images, ...flowers }).map(([name, content]) => [`flowers-102/${name}`, content]),
  );
  await withFolder(files, async (root) => {
    const folder = join(root, "flowers-102");
    assertEquals((await open(root, classes, { part: "validation" })).size, 1);
    assertEquals(await findValidation(root, classes), join(folder, "imagelabels.mat"));
    const found = async (part: "training" | "validation" | "test") =>
      await entries(await open(folder, classes, { part }), folder, classes);
    assertEquals(await found("training"), ["jpg/image_00004.jpg canterbury bells"]);
    assertEquals(await found("validation"), ["jpg/image_00001.jpg canterbury bells"]);
    assertEquals(await found("test"), [
      "jpg/image_00002.jpg pink primrose",
      "jpg/image_00003.jpg hard-leaved pocket orchid",
    ]);
    const list = join(folder, "imagelabels.mat");
    assertEquals(await findValidation(folder, classes), list);
    await refused(readClassNames(folder), "its labels are numbers");
    await refused(open(join(folder, "setid.mat"), classes), "only the MATLAB files of SVHN and Flowers-102");
  });
});

Deno.test("MATLAB's arrays are read in both byte orders, however their numbers are stored", async () => {
  assertEquals(await readX(matFile({ shape: [1, 3], type: 2, data: [1, 2, 200] })), {
    shape: [1, 3],
    data: [1, 2, 200],
  });
  const words = [1, 0, 255, 255, 2, 0];
  assertEquals((await readX(matFile({ shape: [3, 1], type: 3, data: words }))).data, [1, -1, 2]);
  assertEquals((await readX(matFile({ shape: [3, 1], type: 4, data: words, isLittle: false }))).data, [
    256,
    65535,
    512,
  ]);
  const half = [0, 0, 0, 0, 0, 0, 0xe0, 0x3f];
  assertEquals((await readX(matFile({ shape: [1, 1], type: 9, data: half }))).data, [0.5]);
});

Deno.test("damaged MATLAB files and those of other kinds are refused", async () => {
  const whole = matFile({ shape: [2, 4], type: 2, data: [1, 2, 3, 4, 5, 6, 7, 8] });
  const hdf5 = new TextEncoder().encode("MATLAB 7.3 MAT-file, Platform: GLNXA64".padEnd(512));
  const cases: readonly (readonly [bytes: Uint8Array, part: string])[] = [
    [whole.subarray(0, whole.length - 8), "it is truncated"],
    [whole.subarray(0, 60), "not a MATLAB file of version 5"],
    [hdf5, "save it with -v7"],
    [matFile({ shape: [3, 4], type: 2, data: [1, 2, 3, 4, 5] }), "its array x of 3×4 has 5 numbers"],
    [matFile({ shape: [1, 1], type: 99, data: [1] }), "unknown type 99"],
    [matFile({ shape: [1, 1], kind: 2, type: 2, data: [1] }), "no numeric array x"],
    [matFile({ name: "y", shape: [1, 1], type: 2, data: [1] }), "no numeric array x"],
    [svhn.subarray(0, svhn.length - 100), "truncated"],
  ];
  for (const [bytes, part] of cases) {
    const { message } = await assertRejects(() => readX(bytes), RanetError);
    assertStringIncludes(message, part);
  }
});
