import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import fc from "fast-check";
import { arrayPlanes, isArray } from "../../lib/data/arrays.ts";
import { DecoderPool } from "../../lib/data/decoder_pool.ts";
import { readNpy } from "../../lib/data/npy.ts";
import { openDataset } from "../../lib/data/open_dataset.ts";
import { readTensor } from "../../lib/data/read_tensor.ts";
import { describeBands } from "../../lib/data/tiff/band_layout.ts";
import { decodeBands } from "../../lib/data/tiff/bands.ts";
import { RanetError } from "../../lib/errors.ts";
import { readStored } from "../../lib/training/stored_image.ts";

const FOLDER = new URL("../fixtures/bands/", import.meta.url);
const FILES = [
  ...["byte-strips", "byte-lzw-predicted", "byte-planes", "byte-planes-in-tiles", "byte-tiles"],
  ...["short-predicted", "short-big-endian", "sshort-strips", "three-planes"],
  ...[
    "float-tiles",
    "float-big-endian",
    "double-strips",
    "float-predicted",
    "float-predicted-tiles",
    "float-predicted-big-endian",
    "float-predicted-planes",
    "double-predicted",
    "pages-ome",
    "pages-imagej",
    "pages-with-previews",
    "sparse-tiles",
    "sparseshort-planes",
  ],
];
const read = (name: string) => Deno.readFile(new URL(name, FOLDER));
const most = 1e6;

Deno.test("TIFF bands written by libtiff, ImageMagick and GDAL are read as the same numbers as in NumPy", async () => {
  for (const file of FILES) {
    const source = `numbers-${file.split("-")[0]}.npy`;
    const { shape, data } = readNpy(await read(source), { source, integers: true });
    const found = decodeBands(await read(`${file}.tif`), { most });
    assertEquals([...found.shape], shape, file);
    assertEquals(found.data, data, file);
  }
});

Deno.test("every reader reads a TIFF as an array for networks with other than 1 or 3 channels", async () => {
  const source = "short-predicted.tif";
  const bytes = await read(source);
  const [mean, std] = [[0, 0.1, 0.2, 0.3, 0.4], [1, 1, 1, 1, 1]];
  const input = { size: [9, 21], resize: [9, 21], mean, std } as const;
  assertEquals([1, 2, 3, 4].map((channels) => isArray(bytes, channels)), [false, true, false, true]);
  const found = await readTensor(bytes, { source, input });
  assertEquals(found, await readTensor(await read("numbers-short.npy"), { source, input }));
  using decoders = new DecoderPool({ size: 1 });
  assertEquals(await decoders.tensor(bytes, { source, input }), found);
  const cut = bytes.subarray(0, 1500);
  await assertRejects(() => decoders.tensor(cut, { source, input }), RanetError, `Cannot read array "${source}":`);

  const folder = await Deno.makeTempDir();
  try {
    for (const name of ["a", "b"]) {
      await Deno.mkdir(`${folder}/${name}`);
      await Deno.copyFile(new URL("float-tiles.tif", FOLDER), `${folder}/${name}/x.TIF`);
    }
    const dataset = await openDataset(folder, { labels: ["a", "b"], inputSize: input.size, channels: 5 });
    assertEquals(dataset.size, 2);
    const { data } = await readStored(dataset, 0, { form: input, channels: 5 });
    assertEquals(data, readNpy(await read("numbers-float.npy"), { source }).data);
    // The picture that reports show.
    const { image } = await dataset.read(1);
    const first = [0, 1, 2].map((band) => Math.round(Math.min(1, Math.max(0, data[band * 9 * 21])) * 255));
    assertEquals([image.width, image.height, ...image.data.subarray(0, 3)], [21, 9, ...first]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("unsupported TIFF bands are refused with what was expected", async () => {
  const form = { size: [9, 21], resize: [9, 21] } as const;
  const bytes = await read("float-big-endian.tif");
  assertThrows(
    () => arrayPlanes(bytes, { source: "x.tif", channels: 4, form }),
    RanetError,
    'Cannot read array "x.tif": it has 5 channels, expected the network\'s 4',
  );
  const input = { ...form, mean: [0, 0, 0, 0, 0], std: [1, 1, 1, 1, 1] };
  await assertRejects(
    () => readTensor(bytes.subarray(0, 3000), { source: "x.tif", input }),
    RanetError,
    'Cannot read array "x.tif":',
  );
  const nan = bytes.slice();
  const [{ offsets: [first] }] = describeBands(bytes, { most });
  nan.fill(255, first, first + 4);
  assertThrows(() => decodeBands(nan, { most }), RangeError, "band 1, row 0, column 0 is NaN, expected a number");
  assertThrows(() => decodeBands(bytes, { most: 944 }), RangeError, "21×9 pixels of 5 bands are more than 944 numbers");
  const fax = await read("../images/tiff/bilevel-g4.tif");
  assertThrows(() => decodeBands(fax, { most }), RangeError, "expected whole numbers of 8 or 16 bits");
  const jpeg = await read("../images/tiff/rgb-alpha-jpeg.tif");
  assertThrows(
    () => decodeBands(jpeg, { most }),
    RangeError,
    "its bands are compressed by JPEG; to change that: tiffcp",
  );
});

Deno.test("damaged TIFF bands give numbers or a RanetError", async () => {
  const files = await Promise.all(FILES.map((file) => read(`${file}.tif`)));
  const input = { size: 4, resize: 4, mean: [0, 0, 0, 0, 0], std: [1, 1, 1, 1, 1] };
  const damage = fc.array(fc.tuple(fc.nat(100_000), fc.nat(255)), { minLength: 1, maxLength: 4 });
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...files), damage, fc.boolean(), async (file, changes, atEnd) => {
      const bytes = file.slice();
      for (const [at, value] of changes) {
        const place = atEnd ? bytes.length - 1 - at % Math.min(300, bytes.length) : at % bytes.length;
        bytes[place] = value;
      }
      if (!isArray(bytes, 5)) return;
      try {
        assertEquals((await readTensor(bytes, { source: "x", input })).length, 5 * 16);
      } catch (error) {
        if (!(error instanceof RanetError)) throw error;
      }
    }),
    { numRuns: 400 },
  );
});

Deno.test("a missing value outside the range of integers is the nearest in it, as in GDAL", async () => {
  const text = "50000";
  const bytes = await read("sparseshort-planes.tif");
  const at = new TextDecoder("latin1").decode(bytes).indexOf(`${text}\0`);
  for (const [written, value] of [["9999", 9999], ["1e99", 65_535], ["-1e9", 0], ["nan", 0]] as const) {
    bytes.set(new TextEncoder().encode(written.padEnd(text.length, "\0")), at);
    assertEquals(describeBands(bytes, { most }).map(({ missing }) => missing), [value]);
  }
});

/** A TIFF of `count` pictures of one byte in a tile of `side`; each has the same list of `parts` positions. */
function manyPictures({ count, side, parts }: { count: number; side: number; parts: number }): Uint8Array {
  const fields = [[256, 1], [257, 1], [258, 8], [259, 8], [322, side], [323, side], [324, 8, parts], [325, 8, parts]];
  const length = 2 + 12 * fields.length + 4;
  const start = 8 + 4 * parts;
  const bytes = new Uint8Array(start + count * length);
  const view = new DataView(bytes.buffer);
  bytes.set([0x49, 0x49, 42, 0]);
  view.setUint32(4, start, true);
  for (let picture = 0; picture < count; picture++) {
    const at = start + picture * length;
    view.setUint16(at, fields.length, true);
    fields.forEach(([tag, value, length = 1], i) => {
      view.setUint16(at + 2 + 12 * i, tag!, true);
      view.setUint16(at + 4 + 12 * i, 4, true);
      view.setUint32(at + 6 + 12 * i, length, true);
      view.setUint32(at + 10 + 12 * i, value!, true);
    });
    if (picture < count - 1) view.setUint32(at + length - 4, at + length, true);
  }
  return bytes;
}

Deno.test("describeBands() reads only as many positions as there are parts, and limits the parts of all pictures together", () => {
  const pictures = describeBands(manyPictures({ count: 3, side: 16, parts: 1000 }), { most });
  assertEquals(pictures.map(({ offsets, lengths }) => [offsets.length, lengths.length]), [[1, 1], [1, 1], [1, 1]]);
  const large = manyPictures({ count: 300, side: 4_000_000, parts: 1 });
  assertThrows(() => describeBands(large, { most }), RangeError, "its parts have more than 536870912 bytes");
});

Deno.test("decodeBands() reads pictures of one band as bands, and refuses cycles and too many numbers", async () => {
  const bytes = await read("pages-imagej.tif");
  assertEquals(describeBands(bytes, { most }).length, 4);
  assertThrows(
    () => describeBands(bytes, { most: 3 * 42 }),
    RangeError,
    "4 pictures of 7×6 pixels are more than 126 numbers",
  );
  const little = bytes[0] === 0x49;
  const view = new DataView(bytes.buffer);
  const first = view.getUint32(4, little);
  let last = first;
  const nextOf = (at: number) => at + 2 + 12 * view.getUint16(at, little);
  while (view.getUint32(nextOf(last), little) !== 0) last = view.getUint32(nextOf(last), little);
  view.setUint32(nextOf(last), first, little);
  assertThrows(() => decodeBands(bytes, { most }), RangeError, "it has too many pictures");
});
