import { assertEquals, assertLess, assertRejects, assertStringIncludes } from "@std/assert";
import { decodeImage } from "../../lib/data/decode.ts";
import { RanetError } from "../../lib/errors.ts";
import { bmp } from "./bmp.ts";
import { fixture, image, rgb } from "./fixtures.ts";
import { chunk, deflatedZeros, header } from "./png_writer.ts";
import { tiff } from "./tiff_writer.ts";

const sameAsPillow = {
  "photo.jpg": "photo.jpg.png",
  "progressive.jpg": "photo.jpg.png",
  "grey.jpg": "grey.jpg.png",
  "lossy.webp": "lossy.webp.png",
  "photo.webp": "photo.png",
  "alpha.png": "photo.png",
  "alpha.webp": "photo.png",
  "grey16.png": "grey16.png.png",
};
for (const [name, expected] of Object.entries(sameAsPillow)) {
  Deno.test(`decodeImage() decodes ${name} to the same pixels as Pillow`, async () => {
    const found = await image(name);
    const pillow = await image(expected);
    assertEquals([found.width, found.height], [20, 14]);
    assertEquals(rgb(found), rgb(pillow));
  });
}

Deno.test("decodeImage() applies the EXIF orientation of a JPEG", async () => {
  const upright = await image("sideways.jpg"); // stored like photo.jpg, to be rotated clockwise
  const stored = await image("photo.jpg");
  assertEquals([upright.width, upright.height], [14, 20]);
  const pixel = ({ data, width }: typeof stored, x: number, y: number): number[] =>
    Array.from(data.subarray(4 * (y * width + x), 4 * (y * width + x) + 3));
  for (let y = 0; y < 20; y++) {
    for (let x = 0; x < 14; x++) assertEquals(pixel(upright, x, y), pixel(stored, y, 13 - x));
  }
});

/** Mean difference between a decoded image and photo.png. */
async function distance(bytes: Uint8Array): Promise<number> {
  const [found, expected] = [await decodeImage(bytes, { source: "x" }), await image("photo.png")];
  assertEquals([found.width, found.height], [20, 14]);
  const [a, b] = [rgb(found), rgb(expected)];
  return a.reduce((sum, value, i) => sum + Math.abs(value - b[i]), 0) / a.length;
}

Deno.test("decodeImage() decodes BMP and TIFF exactly, and GIF, AVIF and CMYK within their precision", async () => {
  const photo = await image("photo.png");
  assertEquals(await distance(bmp(photo)), 0);
  for (const bits of [8, 16]) {
    for (const deflate of [false, true]) assertEquals(await distance(await tiff(photo, { bits, deflate })), 0);
  }
  assertLess(await distance(await fixture("photo.gif")), 1);
  assertLess(await distance(await fixture("cmyk.jpg")), 8);
  assertLess(await distance(await fixture("photo.avif")), 8);
});

Deno.test("decodeImage() refuses damaged files of every format, and too large sizes before decoding", async () => {
  const photo = await image("photo.png");
  const files = [bmp(photo), await tiff(photo, { bits: 8, deflate: true })];
  for (const name of ["photo.gif", "photo.avif", "cmyk.jpg"]) files.push(await fixture(name));
  for (const file of files) await refused(file.subarray(0, file.length / 2), "it is truncated or damaged");
  const huge = bmp(photo);
  new DataView(huge.buffer).setInt32(18, 60_000, true);
  await refused(huge, "60000×14 pixels are too many");
});

Deno.test("decodeImage() decompresses no more of a TIFF than its pixels need", async () => {
  const black = { width: 8, height: 8, data: new Uint8Array(256) };
  const found = await decodeImage(await tiff(black, { bits: 8, deflate: true, extra: 2 ** 24 }), { source: "x" });
  assertEquals(rgb(found), Array(192).fill(0));
});

function refused(bytes: Uint8Array, message: string): Promise<RanetError> {
  return assertRejects(
    () => decodeImage(bytes, { source: "x.jpg" }),
    RanetError,
    `Cannot read image "x.jpg": ${message}`,
  );
}

Deno.test("decodeImage() refuses files that are not supported images", async () => {
  await refused(new Uint8Array(), "the file is empty");
  await refused(
    new TextEncoder().encode("hello"),
    "it is not an image (JPEG, PNG, WebP, AVIF, GIF, BMP, TIFF and Netpbm are supported)",
  );
  const heic = new TextEncoder().encode("\0\0\0\x18ftypheic\0\0\0\0mif1heic");
  const { message } = await refused(
    heic,
    "HEIC is not supported (JPEG, PNG, WebP, AVIF, GIF, BMP, TIFF and Netpbm are",
  );
  assertStringIncludes(message, "heif-convert photo.heic photo.jpg");
  await refused(new Uint8Array(100_000_001), "100000001 bytes are more than 100000000");
});

Deno.test("decodeImage() refuses a huge or empty size before decoding", async () => {
  const png = await fixture("photo.png");
  const view = new DataView(png.buffer);
  view.setUint32(16, 60_000);
  view.setUint32(20, 60_000);
  await refused(png, "60000×60000 pixels are too many (up to 30000 a side and 100000000 in all)");
  view.setUint32(16, 20_000);
  view.setUint32(20, 20_000);
  await refused(png, "20000×20000 pixels are too many");
  view.setUint32(16, 0);
  await refused(png, "its header says 0×20000 pixels");

  const jpeg = await fixture("photo.jpg");
  const frame = jpeg.findIndex((byte, i) => byte === 0xff && jpeg[i + 1] === 0xc0);
  new DataView(jpeg.buffer).setUint32(frame + 5, 0xea60ea60);
  await refused(jpeg, "60000×60000 pixels are too many");
});

Deno.test("decodeImage() refuses truncated files at any length, and works afterwards", async () => {
  for (const name of ["photo.jpg", "photo.png", "photo.webp", "lossy.webp", "alpha.webp"]) {
    const whole = await fixture(name);
    for (const share of [0.01, 0.1, 0.4, 0.6, 0.9]) {
      await assertRejects(
        () => decodeImage(whole.slice(0, Math.ceil(share * whole.length)), { source: name }),
        RanetError,
        `Cannot read image "${name}": it is `,
      );
    }
    assertEquals((await image(name)).width, 20);
  }
});

Deno.test("decodeImage() throws only RanetError for damaged files", async () => {
  let random = 1;
  const next = (limit: number): number => (random = (random * 48271) % 0x7fffffff) % limit;
  for (const name of ["photo.jpg", "progressive.jpg", "photo.png", "photo.webp", "lossy.webp"]) {
    const whole = await fixture(name);
    for (let round = 0; round < 60; round++) {
      const damaged = whole.slice();
      for (let i = 0; i < 4; i++) damaged[next(damaged.length)] = next(256);
      try {
        const { width, height, data } = await decodeImage(damaged, { source: name, onNote: () => {} });
        assertEquals(data.length, 4 * width * height);
      } catch (error) {
        if (!(error instanceof RanetError)) throw error;
      }
    }
    assertEquals((await image(name)).width, 20);
  }
});

Deno.test("decodeImage() refuses a JPEG with far more scans than progressive ones have", async () => {
  const jpeg = await fixture("progressive.jpg");
  const last = jpeg.findLastIndex((byte, i) => byte === 0xff && jpeg[i + 1] === 0xda);
  const parts = [jpeg.slice(0, -2), ...new Array(1000).fill(jpeg.slice(last, -2)), jpeg.slice(-2)];
  await refused(await new Blob(parts).bytes(), "it has more than 64 scans");
});

Deno.test("decodeImage() refuses a PNG that unpacks to gigabytes for a few pixels", async () => {
  const png = await new Blob([header(8, 8, { bits: 8, type: 6 }), chunk("IDAT", deflatedZeros(2000)), chunk("IEND")])
    .bytes();
  await refused(png, "its data unpack to more than its pixels need");
});

Deno.test("decodeImage() works after a PNG that makes the decoder panic", async () => {
  // 1.3 MB for its pixels, of which it has none
  const data = Uint8Array.fromBase64("eJxjYGBgAAAABAAB");
  const png = await new Blob([header(400, 400, { bits: 16, type: 6 }), chunk("IDAT", data)]).bytes();
  for (let i = 0; i < 50; i++) await refused(png, "it is truncated or damaged");
  // also concurrently: one failure must not affect others
  const all = await Promise.allSettled(Array.from({ length: 20 }, async (_, i) => {
    const bytes = i % 2 ? png : await fixture("photo.png");
    return await decodeImage(bytes, { source: "x.png" });
  }));
  assertEquals(all.map(({ status }) => status), all.map((_, i) => i % 2 ? "rejected" : "fulfilled"));
});

Deno.test("decodeImage() ignores compressed metadata, such as a huge colour profile", async () => {
  const png = await fixture("photo.png");
  const profile = chunk("iCCP", Uint8Array.of(120, 0, 0, 1, 2, 3));
  const profiled = await new Blob([png.slice(0, 33), profile, profile, png.slice(33)]).bytes();
  assertEquals(rgb(await decodeImage(profiled, { source: "x.png" })), rgb(await image("photo.png")));
});
