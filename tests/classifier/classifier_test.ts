import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { decodeImage } from "../../lib/data/decode.ts";
import { RanetError } from "../../lib/errors.ts";
import type { ImageSource } from "../../lib/classifier/image_source.ts";
import { type ImageClassifier, loadClassifier } from "../../lib/classifier/classifier.ts";

const example = (name: string): string => new URL(`../../examples/${name}.jpg`, import.meta.url).pathname;

async function withClassifier(test: (classifier: ImageClassifier) => Promise<void>): Promise<void> {
  using classifier = await loadClassifier("ranet-cifar10", { device: "cpu", batchSize: 4 });
  await test(classifier);
}

Deno.test("classify() accepts every kind of image source and reports its name", async () => {
  const path = example("ship");
  const bytes = await Deno.readFile(path);
  await using server = Deno.serve({ port: 0, hostname: "localhost", onListen: () => {} }, () => new Response(bytes));
  const url = `http://localhost:${server.addr.port}/ship.jpg`;
  const blob = URL.createObjectURL(new Blob([bytes]));
  const images = [
    path,
    url,
    new URL(url),
    new URL(`file://${path}`),
    new Blob([bytes]),
    new File([bytes], "upload.jpg"),
    bytes,
    bytes.buffer,
    await decodeImage(bytes, { source: path }),
    `file://${path}`,
    `data:image/jpeg;base64,${bytes.toBase64()}`,
    blob,
  ];
  await withClassifier(async (classifier) => {
    const results = await classifier.classify(images);
    const names = [path, url, url, `file://${path}`, "image 5", "upload.jpg", "image 7", "image 8", "image 9"];
    names.push(`file://${path}`, "image 11", blob);
    assertEquals(results.map(({ source }) => source), names);
    const [{ source: _, ...first }] = results;
    for (const { source: _, ...other } of results) assertEquals(other, first);
    assertEquals(first.label, "ship");
    for (const [i, image] of images.entries()) {
      const { source: _, ...alone } = await classifier.classify(image);
      assertEquals(alone, first, names[i]);
    }
    assertEquals(await classifier.classify([]), []);
  });
});

Deno.test("classify() applies a threshold or a budget", async () => {
  await withClassifier(async (classifier) => {
    const image = example("cat");
    assertEquals((await classifier.classify(image, { threshold: 0 })).exit, 1);
    assertEquals((await classifier.classify(image, { threshold: 1 })).exit, 6);
    assertEquals((await classifier.classify(image, { budget: 10e6 })).exit, 1);
    await assertRejects(() => classifier.classify(image, { budget: 1 }), RanetError, "Cannot keep a budget of 1:");
    await assertRejects(() => classifier.classify(image, { budget: 1e7, threshold: 1 }), RanetError, "expected one of");
  });
});

Deno.test("classify() throws if an image cannot be read; stream() yields the error and continues", async () => {
  await withClassifier(async (classifier) => {
    const images = [example("cat"), "no/such.jpg", new Blob(["text"]), ...Array(9).fill(example("frog"))];
    await assertRejects(() => classifier.classify(images), RanetError, "no/such.jpg");
    const found = await Array.fromAsync(classifier.stream(images));
    const told = found.map((one) => "error" in one ? one.error.message : one.label);
    assertEquals([told[0], ...told.slice(3)], ["cat", ...Array(9).fill("frog")]);
    assertEquals(told[1], 'Cannot read "no/such.jpg": there is no such file or folder');
    assertStringIncludes(told[2], 'Cannot read image "image 3": it is not an image');
  });
});

Deno.test("classify() accepts images from plain JavaScript, and names the type of unsupported values", async () => {
  const bytes = await Deno.readFile(example("ship"));
  const { width, height, data } = await decodeImage(bytes, { source: "ship" });
  const image = { width, height, data };
  await withClassifier(async (classifier) => {
    const kinds = {
      "Uint8ClampedArray": new Uint8ClampedArray(bytes),
      "Promise": Promise.resolve(bytes) as unknown,
      "DataView": new DataView(bytes.buffer),
      "Response": new Response(bytes),
      "ImageBitmap": await createImageBitmap(new Blob([bytes])),
      "ImageData of 16 bits": { ...image, data: Float16Array.from(image.data, (value) => value / 255) },
    };
    for (const [name, kind] of Object.entries(kinds)) {
      assertEquals((await classifier.classify(kind as ImageSource)).label, "ship", name);
    }
    const list = await classifier.classify(new Set([example("ship"), example("cat")]));
    assertEquals(list.map(({ label }) => label), ["ship", "cat"]);

    const bad: readonly (readonly [unknown, string])[] = [
      [undefined, "expected a path, URL, Blob, Response, bytes, an ImageData or ImageBitmap, found undefined"],
      [null, "found null"],
      [3, "found 3"],
      [{}, "found an object"],
      [new Int16Array(4), "found an Int16Array"],
      [new Response("", { status: 404 }), "the server answered 404"],
      [{ ...image, data: Float32Array.from(image.data) }, "its data are a Float32Array, expected a Uint8ClampedArray"],
      [{ ...image, data: [...image.data] }, "its data are an array, expected"],
      [{ ...image, width: image.width + 1 }, "pixels need 4 bytes each"],
    ];
    for (const [kind, message] of bad) {
      await assertRejects(() => classifier.classify(kind as ImageSource), RanetError, message);
    }
    const options: readonly (readonly [unknown, string])[] = [
      [0.5, "the options are 0.5, expected an object such as { threshold: 0.9 }"],
      [{ threshold: "0.5" }, 'threshold is "0.5", expected a number from 0 to 1, or a list of them'],
      [{ threshold: null }, "threshold is null"],
      [{ threshold: Array(6).fill("0.5") }, 'threshold "0.5" is outside [0, 1]'],
      [{ budget: "20M" }, 'a budget of "20M": expected a number of multiply-adds'],
      [{ calibration: {} }, "it has no thresholds"],
    ];
    for (const [wrong, message] of options) {
      await assertRejects(() => classifier.classify(example("ship"), wrong as object), RanetError, message);
    }
    for (const kind of [undefined, 3, example("ship")]) {
      const stream = classifier.stream(kind as unknown as ImageSource[]);
      await assertRejects(() => Array.fromAsync(stream), RanetError, "expected a list or stream of images");
    }
  });
});

Deno.test("classify() and stream() use bytes and pixels as they are at the time of the call", async () => {
  const [ship, cat] = await Promise.all(["ship", "cat"].map((name) => Deno.readFile(example(name))));
  const [shipPixels, catPixels] = await Promise.all([ship, cat].map((bytes) => decodeImage(bytes, { source: "x" })));
  await withClassifier(async (classifier) => {
    const buffer = new Uint8Array(Math.max(ship.length, cat.length));
    const pixels = { width: shipPixels.width, height: shipPixels.height, data: shipPixels.data.slice() };
    buffer.set(ship);
    const first = classifier.classify([buffer, pixels]);
    buffer.set(cat);
    pixels.data.set(catPixels.data);
    const second = classifier.classify([buffer, pixels]);
    const labels = [...await first, ...await second].map(({ label }) => label);
    assertEquals(labels, ["ship", "ship", "cat", "cat"]);

    const frames = function* () {
      for (const bytes of [ship, cat, ship, cat]) {
        buffer.set(bytes);
        yield buffer;
      }
    };
    const found = await Array.fromAsync(classifier.stream(frames()));
    assertEquals(found.map((one) => "error" in one ? one.error.message : one.label), ["ship", "cat", "ship", "cat"]);
  });
});
