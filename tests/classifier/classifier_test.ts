import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { decodeImage } from "../../lib/data/decode.ts";
import { RanetError } from "../../lib/errors.ts";
import { type ImageClassifier, loadClassifier } from "../../lib/classifier/classifier.ts";

const example = (name: string): string => new URL(`../../examples/${name}.jpg`, import.meta.url).pathname;

async function withClassifier(test: (classifier: ImageClassifier) => Promise<void>): Promise<void> {
  using classifier = await loadClassifier("ranet-cifar10", { device: "cpu", capacity: 4 });
  await test(classifier);
}

Deno.test("classify() takes an image in every form, and names it", async () => {
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

Deno.test("classify() leaves by threshold or by budget", async () => {
  await withClassifier(async (classifier) => {
    const image = example("cat");
    assertEquals((await classifier.classify(image, { threshold: 0 })).exit, 1);
    assertEquals((await classifier.classify(image, { threshold: 1 })).exit, 6);
    assertEquals((await classifier.classify(image, { budget: 10e6 })).exit, 1);
    await assertRejects(() => classifier.classify(image, { budget: 1 }), RanetError, "Cannot keep a budget of 1:");
    await assertRejects(() => classifier.classify(image, { budget: 1e7, threshold: 1 }), RanetError, "expected one of");
  });
});

Deno.test("classify() throws what is wrong with an image; stream() goes on", async () => {
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
