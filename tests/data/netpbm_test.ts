import { assertEquals, assertRejects } from "@std/assert";
import fc from "fast-check";
import { decodeImage } from "../../lib/data/decode.ts";
import { RanetError } from "../../lib/errors.ts";

const decode = (bytes: Uint8Array<ArrayBuffer>) => decodeImage(bytes, { source: "x.ppm" });
const text = (value: string) => new TextEncoder().encode(value);
const joined = (...parts: readonly Uint8Array<ArrayBuffer>[]) => new Blob([...parts]).bytes();

/** Red, green and blue of all pixels. */
const colours = ({ data }: { readonly data: Uint8Array | Uint8ClampedArray }) => data.filter((_, i) => i % 4 < 3);

Deno.test("PGM and PPM of any largest sample, as bytes and as text, are scaled to bytes", async () => {
  const sizes = fc.integer({ min: 1, max: 9 });
  const most = fc.constantFrom(1, 7, 100, 255, 256, 1023, 65_535);
  await fc.assert(
    fc.asyncProperty(
      sizes,
      sizes,
      most,
      fc.constantFrom(1, 3),
      fc.nat(),
      async (width, height, most, channels, seed) => {
        const samples = Array.from({ length: width * height * channels }, (_, i) => (seed + 7919 * i * i) % (most + 1));
        const wide = most > 255 ? 2 : 1;
        const raster = new Uint8Array(wide * samples.length);
        samples.forEach((sample, i) => {
          if (wide === 2) raster.set([sample >> 8, sample & 255], 2 * i);
          else raster[i] = sample;
        });
        const wanted = Uint8ClampedArray.from(
          channels === 3 ? samples : samples.flatMap((sample) => [sample, sample, sample]),
          (sample) => Math.floor((255 * sample + most / 2) / most), // as pnmdepth does
        );
        const head = (kind: number) => `P${kind}\n# by hand\n${width} ${height}\n${most}\n`;
        const kind = channels === 3 ? 3 : 2;
        const files = [
          await joined(text(head(kind + 3)), raster),
          text(`${head(kind)}${samples.join("  ")}\n`),
          text(`${head(kind)}${samples.join("\n# between samples\n")}`),
        ];
        for (const file of files) {
          const image = await decode(file);
          assertEquals([image.width, image.height], [width, height]);
          assertEquals([...colours(image)], [...wanted]);
        }
      },
    ),
    { numRuns: 60 },
  );
});

Deno.test("PBM is black where bits are 1, with rows of whole bytes, or digits with or without spaces", async () => {
  const rows = ["1010011101", "0000000011", "1111111100"];
  const wanted = rows.flatMap((row) => [...row].flatMap((bit) => Array(3).fill(bit === "1" ? 0 : 255)));
  const packed = rows.flatMap((row) => [parseInt(row.slice(0, 8), 2), parseInt(row.slice(8), 2) << 6 | 63]);
  const files = [
    await joined(text("P4 10 3\n"), new Uint8Array(packed)),
    text(`P1\n10 3\n${rows.join("\n")}\n`),
    text(`P1 # plain\n10\n3 ${[...rows.join("")].join(" ")}`),
  ];
  for (const file of files) assertEquals([...colours(await decode(file))], wanted);
});

Deno.test("Netpbm files that end early, or contain something else, are refused", async () => {
  const cases: readonly (readonly [file: string, message: string])[] = [
    ["P6\n2 2\n255\n" + "x".repeat(11), "truncated or damaged (it ends too early)"],
    ["P4\n9 2\nabc", "it ends too early"],
    ["P2\n2 2\n255\n1 2 3", "it ends too early"],
    ["P3\n1 1\n255\n1 2 x", "something other than numbers"],
    ["P5\n2 2", "the Netpbm header is incomplete"],
    ["P5\n2 2\n65536\n", "samples up to 65536"],
    ["P5\n2 2\n0\n", "samples up to 0"],
    ["P5\n40000 2\n255\n", "too many"],
    ["P5\n1234567890123 2\n255\n", "the Netpbm header is incomplete"],
    ["P7\nWIDTH 2\n", "PAM is not supported"],
  ];
  for (const [file, message] of cases) await assertRejects(() => decode(text(file)), RanetError, message);
});
