import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { zipSync } from "fflate";
import * as zlib from "node:zlib";
import { crc32, readChecksums } from "../../lib/io/zip_checksums.ts";

Deno.test("crc32() is equal to zlib's", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => assertEquals(crc32(bytes), zlib.crc32(bytes))));
});

Deno.test("readChecksums() reads an archive's checksums, also with trailing data", () => {
  const files = fc.dictionary(fc.string({ minLength: 1, maxLength: 20 }), fc.uint8Array({ maxLength: 50 }), {
    maxKeys: 9,
  });
  fc.assert(fc.property(files, (files) => {
    const archive = zipSync(files, { level: 0 });
    const expected = Object.entries(files).map(([name, bytes]) => [name, crc32(bytes)] as const);
    assertEquals(new Map([...readChecksums(archive)].toSorted()), new Map(expected.toSorted()));
  }));
});

Deno.test("readChecksums() terminates for arbitrary input", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
    readChecksums(Uint8Array.from([...bytes, 0x50, 0x4b, 5, 6, ...bytes]));
  }));
});
