import { deflateSync } from "node:zlib";
import { assertEquals, assertRejects } from "@std/assert";
import { DecoderPool } from "../../lib/data/decoder_pool.ts";
import { toTensor } from "../../lib/data/preprocess.ts";
import { RanetError } from "../../lib/errors.ts";
import { fixture, image } from "./fixtures.ts";
import { chunk, header } from "./png_writer.ts";

const input = { size: 8, resize: 8, mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] } as const;

Deno.test("a decoder pool gives the same tensors as decodeImage() and toTensor(), several at a time", async () => {
  using decoders = new DecoderPool({ size: 2, deadline: 600_000 });
  const names = ["photo.jpg", "photo.png", "photo.webp", "grey.jpg", "alpha.png"];
  const found = await Promise.all(names.map(async (name) => {
    const bytes = await fixture(name);
    return [await decoders.image(bytes, { source: name }), await decoders.tensor(bytes, { source: name, input })];
  }));
  const expected = await Promise.all(
    names.map(async (name) => [await image(name), toTensor(await image(name), input)]),
  );
  assertEquals(
    found.map(([image, tensor]) => [Array.from((image as { data: Uint8Array }).data), tensor]),
    expected.map(([image, tensor]) => [Array.from((image as { data: Uint8Array }).data), tensor]),
  );
});

Deno.test("a decoder pool reports images that cannot be decoded, and continues", async () => {
  using decoders = new DecoderPool({ size: 1, deadline: 600_000 });
  const damaged = (await fixture("photo.png")).slice(0, 200);
  for (let i = 0; i < 5; i++) {
    await assertRejects(
      () => decoders.image(damaged, { source: "x.png" }),
      RanetError,
      'Cannot read image "x.png": it is truncated or damaged',
    );
  }
  const { code } = await assertRejects(
    () => decoders.image(new TextEncoder().encode("%PDF-1.4"), { source: "x" }),
    RanetError,
    "PDF is not supported",
  );
  assertEquals(code, "unsupported");
  await assertRejects(() => decoders.image(new Uint8Array(), { source: "x" }), RanetError, "the file is empty");
  assertEquals((await decoders.image(await fixture("photo.png"), { source: "x" })).width, 20);
});

Deno.test("a decoder that exceeds its time limit is replaced", async () => {
  const slow = await new Blob([
    header(5000, 5000, { bits: 8, type: 6 }),
    chunk("IDAT", deflateSync(new Uint8Array(5000 * 20001))),
    chunk("IEND"),
  ]).bytes();
  using decoders = new DecoderPool({ size: 2, deadline: 1 });
  await assertRejects(
    () => decoders.image(slow, { source: "slow.png" }),
    RanetError,
    'Cannot read image "slow.png": it took longer than 1 ms to decode',
  );
  using patient = new DecoderPool({ size: 1, deadline: 600_000 });
  const both = await Promise.all([
    patient.tensor(slow, { source: "slow.png", input }), // after which the decoder is replaced
    patient.tensor(await fixture("photo.png"), { source: "photo.png", input }),
  ]);
  assertEquals(both.map(({ length }) => length), [192, 192]);
});

Deno.test("bytes are transferred only if this is allowed and they fill their buffer", async () => {
  using decoders = new DecoderPool({ size: 1 });
  const photo = await fixture("photo.jpg");
  const expected = await decoders.image(photo, { source: "photo" });
  const whole = photo.slice();
  const part = new Uint8Array([0, ...photo]).subarray(1);
  for (const bytes of [whole, part]) {
    assertEquals(await decoders.image(bytes, { source: "photo", isGiven: true }), expected);
  }
  assertEquals([photo.length > 0, whole.length, part.length], [true, 0, photo.length]);
});

Deno.test("a decoder pool passes on notes about a file", async () => {
  const notes: string[] = [];
  using decoders = new DecoderPool({ size: 1, deadline: 600_000, onNote: (note) => void notes.push(note) });
  assertEquals((await decoders.image(await fixture("other/without-end.png"), { source: "x.png" })).width, 20);
  assertEquals(notes.map((note) => note.slice(0, 40)), ['"x.png" lacks its last chunk (IEND): its']);
});
