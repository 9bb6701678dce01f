import { assertEquals, assertLessOrEqual, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import * as fc from "fast-check";
import { decodeImage } from "../../lib/data/decode.ts";
import type { RgbImage } from "../../lib/data/image.ts";
import { upright } from "../../lib/data/orientation.ts";
import { unpackCcitt } from "../../lib/data/tiff/ccitt.ts";
import { RanetError } from "../../lib/errors.ts";
import { anyTiff, layouts } from "./any_tiff.ts";
import { fixture, image, IMAGES, rgb } from "./fixtures.ts";

/** The files of a folder of fixtures, without those that contain expected pixels. */
function filesOf(folder: string): string[] {
  const names = Array.from(Deno.readDirSync(new URL(`${folder}/`, IMAGES)), ({ name }) => name);
  return names.filter((name) => !name.endsWith(".png") || /^\d\.png$/.test(name)).sort();
}

/** Largest difference between the samples of two pictures. */
function difference(a: RgbImage, b: RgbImage): number {
  assertEquals([a.width, a.height], [b.width, b.height]);
  const other = rgb(b);
  return rgb(a).reduce((most, value, i) => Math.max(most, Math.abs(value - other[i])), 0);
}

/** The expected pixels of a file: a picture next to it, with its name or the beginning of its name. */
async function expected(path: string): Promise<RgbImage> {
  const [folder, name] = path.split("/");
  try {
    return await image(`${path}.png`);
  } catch {
    return await image(
      `${folder === "turned" ? folder : "tiff"}/${name.split(/[-.]/)[0]}${folder === "turned" ? "-upright" : ""}.png`,
    );
  }
}

const REFUSED: Readonly<Record<string, string>> = {
  "rgb-float.tif":
    "this kind of TIFF (floating-point numbers of 32 bits) is not supported; to convert it: magick in.tif",
  "rgb-32-bits.tif": "this kind of TIFF (samples of 32 bits) is not supported; to convert it: magick in.tif",
  "rgb-lab.tif": "this kind of TIFF (CIE L*a*b* colours) is not supported; to convert it: magick in.tif[0] out.png",
  "rgb-ycbcr.tif": "this kind of TIFF (YCbCr without JPEG) is not supported; to convert it: tiff2rgba in.tif out.tif",
  "grey-alpha-jpeg.tif":
    "this kind of TIFF (2 samples of 8 bits in JPEG, black is zero) is not supported; to convert it",
  "rgb-zstd.tif": "this kind of TIFF (Zstandard) is not supported; to convert it: tiffcp -c lzw in.tif out.tif",
  "rgb-jpeg2000-tiles.tif": "this kind of TIFF (JPEG 2000) is not supported; to convert it: vips copy in.tif out.png", // by libvips 8.14.1
  "rgb-lzma.tif": "this kind of TIFF (LZMA) is not supported; to convert it: tiffcp -c lzw in.tif out.tif",
};

/** Premultiplied 16-bit samples are more precise than the 8-bit copy; for 12 bits, ImageMagick rounds twice. */
const ROUNDED = ["rgb-alpha-multiplied-16.tif", "grey-12-bits.tif"];

async function assertRefused(path: string, reason: string): Promise<void> {
  const { message } = await assertRejects(() => image(path), RanetError);
  assertStringIncludes(message, `Cannot read image ${JSON.stringify(path)}: ${reason}`);
}

Deno.test("decodeImage() decodes a TIFF correctly, or names the unsupported feature and a converter", async () => {
  for (const name of filesOf("tiff")) {
    const path = `tiff/${name}`;
    if (Object.hasOwn(REFUSED, name)) await assertRefused(path, REFUSED[name]);
    else {
      const most = ROUNDED.includes(name) ? 1 : 0;
      assertLessOrEqual(difference(await image(path), await expected(path)), most, name);
    }
  }
});

Deno.test("decodeImage() applies the same orientation rules in every format, and AVIF's crop", async () => {
  for (const name of filesOf("turned")) {
    const path = `turned/${name}`;
    assertEquals(difference(await image(path), await expected(path)), 0, name);
  }
});

Deno.test("decodeImage() reads BMP of every depth, compressed or not, and ignores transparency", async () => {
  for (const name of filesOf("bmp")) {
    const path = `bmp/${name}`;
    assertEquals(difference(await image(path), await expected(path)), 0, name);
  }
});

Deno.test("decodeImage() reads a GIF's first frame at its position; transparent pixels have their stored colour", async () => {
  for (const name of filesOf("gif")) {
    const path = `gif/${name}`;
    assertEquals(difference(await image(path), await expected(path)), 0, name);
  }
});

Deno.test("decodeImage() reads YCCK with a subsampled black channel", async () => {
  assertEquals(difference(await image("other/ycck-halves.jpg"), await image("other/ycck-halves.jpg.png")), 0);
});

Deno.test("decodeImage() reads the first frame of an animated WebP", async () => {
  assertEquals(difference(await image("other/animated-lossless.webp"), await image("photo.png")), 0);
  assertEquals([(await image("animated.webp")).width, (await image("animated.webp")).height], [20, 14]);
});

Deno.test("decodeImage() converts PQ and HLG to sRGB, whether the container or the bitstream declares them", async () => {
  const photo = await image("photo.png");
  for (const name of ["pq", "hlg"]) {
    const bytes = await fixture(`other/${name}.avif`);
    const decoded = await decodeImage(bytes, { source: name });
    const mean = rgb(decoded).reduce((sum, value, i) => sum + Math.abs(value - rgb(photo)[i]), 0) / rgb(photo).length;
    assertLessOrEqual(difference(decoded, photo), 6, name); // ten bits have few values for dark colours
    assertLessOrEqual(mean, 0.2, name);
    const text = new TextDecoder("latin1").decode(bytes);
    bytes.set(new TextEncoder().encode("free"), text.indexOf("colr"));
    assertEquals(difference(await decodeImage(bytes, { source: name }), decoded), 0, name);
  }
});

Deno.test("decodeImage() reads a PNG without its last chunk, with a note", async () => {
  const notes: string[] = [];
  const bytes = await fixture("other/without-end.png");
  const onNote = (message: string) => void notes.push(message);
  for (const length of [bytes.length, bytes.length + 5, bytes.length + 9]) {
    const whole = await fixture("photo.png");
    const found = await decodeImage(whole.subarray(0, length), { source: "x.png", onNote });
    assertEquals(difference(found, await image("photo.png")), 0);
  }
  assertEquals(notes.length, 3);
  assertStringIncludes(notes[0], '"x.png" lacks its last chunk (IEND)');
  await assertRejects(
    () => decodeImage(bytes.subarray(0, -20), { source: "x.png" }),
    RanetError,
    "truncated or damaged",
  );
});

Deno.test("decodeImage() names an unsupported format and a converter", async () => {
  await assertRefused(
    "other/arithmetic.jpg",
    "this kind of JPEG (arithmetic coding) is not supported; to convert it: jpegtran in.jpg > out.jpg",
  );
  await assertRefused(
    "other/35.8-megapixels.avif",
    "5984×5984 pixels are too large for our AVIF decoder, which takes 35651584; to convert it: avifdec in.avif out.png",
  );
  const starts: Readonly<Record<string, string>> = {
    "\0\0\0\x18ftypheic\0\0\0\0mif1heic": "HEIC is not supported",
    "II*\0\x10\0\0\0CR\x02\0": "camera raw is not supported",
    "FUJIFILMCCD-RAW 0201": "camera raw is not supported",
    "\0\0\0\x18ftypcrx \0\0\0\x01": "camera raw is not supported",
    "\0\0\0\x0cJXL \r\n\x87\n": "JPEG XL is not supported",
    "\0\0\0\x0cjP  \r\n\x87\n": "JPEG 2000 is not supported",
    "\0\0\0\x18ftypmp42\0\0\0\0": "video is not supported",
    '<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg">': "SVG is not supported",
    "\n<!DOCTYPE html><html>": "web page is not supported",
    "\0\0\x01\0\x01\0\x10\x10": "ICO is not supported",
    "8BPS\0\x01": "Photoshop is not supported",
    "%PDF-1.4": "PDF is not supported",
    "P7\nWIDTH 20\n": "PAM is not supported",
    "\0\0\x02\0\0\0\0\0": "it is not an image", /* TGA of version 1 */
    "\0\0\x0a\0\0\0\0\0 … TRUEVISION-XFILE.\0": "TGA is not supported",
    "\0\0\x02\0\0\0\0\0 … TRUEVISION-XFILE.\0": "TGA is not supported",
    "\x76\x2f\x31\x01": "OpenEXR is not supported",
    "BMW is no picture, nor is any text": "it is not an image",
  };
  for (const [start, reason] of Object.entries(starts)) {
    const bytes = Uint8Array.from(start, (character) => character.charCodeAt(0));
    await assertRejects(() => decodeImage(bytes, { source: "x" }), RanetError, `Cannot read image "x": ${reason}`);
  }
});

Deno.test("decodeImage() recognises a camera's raw file instead of reading its preview", async () => {
  const layout = {
    width: 2,
    height: 1,
    samples: 4,
    bits: 8,
    part: { height: 1 },
    planar: false,
    packing: "none",
  } as const;
  const how = { differences: false, reversed: false, little: true, big: false };
  const bytes = anyTiff([[1, 2, 3, 4], [5, 6, 7, 8]], { ...layout, ...how });
  const at = bytes.findLastIndex((byte, i) => byte === 0x52 && bytes[i + 1] === 0x01 && bytes[i + 2] === 3);
  bytes.set([0x12, 0xc6], at); // DNGVersion instead of ExtraSamples
  await assertRejects(
    () => decodeImage(bytes, { source: "x" }),
    RanetError,
    'Cannot read image "x": a camera\'s raw file',
  );
});

Deno.test("decodeImage() uses the bytes as they are at the time of the call", async () => {
  for (const name of ["photo.jpg", "photo.png", "photo.webp", "photo.avif", "tiff/rgb.tif", "gif/palette.gif"]) {
    const bytes = await fixture(name);
    const decoded = decodeImage(bytes, { source: name });
    bytes.fill(0);
    assertEquals(difference(await decoded, await image(name)), 0, name);
  }
});

Deno.test("decodeImage() reads TIFF files of any valid layout", async () => {
  let random = 1;
  const next = (): number => random = (random * 48271) % 0x7fffffff;
  await fc.assert(
    fc.asyncProperty(layouts, async (layout) => {
      const { width, height, samples, bits } = layout;
      const pixels = Array.from(
        { length: width * height },
        () => Array.from({ length: samples }, () => next() % 2 ** bits),
      );
      const byte = (sample: number): number => bits === 16 ? sample >> 8 : Math.round(255 * sample / (2 ** bits - 1));
      const expected = pixels.flatMap((pixel) => [0, 1, 2].map((c) => byte(pixel[samples < 3 ? 0 : c])));
      const decoded = await decodeImage(anyTiff(pixels, layout), { source: "x.tif" });
      assertEquals([decoded.width, decoded.height], [width, height]);
      assertEquals(rgb(decoded), expected);
    }),
    { numRuns: 150 },
  );
});

Deno.test("a fax row of too many empty runs is refused and uses no memory", () => {
  const empty = "00110101" + "0000110111"; // white, then black
  const bits = empty.repeat(4000);
  const packed = Uint8Array.from({ length: bits.length / 8 }, (_, i) => parseInt(bits.slice(8 * i, 8 * i + 8), 2));
  const page = { width: 8, height: 1, twoDimensional: false } as const;
  assertThrows(() => unpackCcitt(packed, { ...page, kind: "G3" }), RangeError, "more runs than pixels");
  assertThrows(() => unpackCcitt(packed, { ...page, kind: "RLE" }), RangeError, "more runs than pixels");
});

Deno.test("upright() moves pixels as EXIF defines, and keeps every pixel", () => {
  const stored: RgbImage = { width: 3, height: 2, data: Uint8Array.from({ length: 24 }, (_, i) => i >> 2) };
  // The stored pixels 0 1 2 / 3 4 5 as displayed, row by row.
  const seen: Readonly<Record<number, readonly number[]>> = {
    1: [0, 1, 2, 3, 4, 5],
    2: [2, 1, 0, 5, 4, 3],
    3: [5, 4, 3, 2, 1, 0],
    4: [3, 4, 5, 0, 1, 2],
    5: [0, 3, 1, 4, 2, 5],
    6: [3, 0, 4, 1, 5, 2],
    7: [5, 2, 4, 1, 3, 0],
    8: [2, 5, 1, 4, 0, 3],
  };
  for (const [orientation, expected] of Object.entries(seen)) {
    const turned = upright(stored, Number(orientation));
    assertEquals([turned.width, turned.height], Number(orientation) < 5 ? [3, 2] : [2, 3]);
    assertEquals(Array.from(turned.data).filter((_, i) => i % 4 === 0), expected, orientation);
  }
  for (const nothing of [undefined, 0, 9, 65535]) assertEquals(upright(stored, nothing), stored);
});
