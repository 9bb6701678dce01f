import { assertEquals } from "@std/assert";
import { abiSource } from "../../lib/device/cpu/abi.ts";
import { ABI, BINARIES, buildWasm } from "../../tools/build_wasm.ts";

Deno.test("kernels/abi.as is up to date", async () => {
  assertEquals(await Deno.readTextFile(ABI), abiSource(), "run `deno task wasm`");
});

for (const binary of BINARIES) {
  Deno.test(`${binary.url.pathname.split("/kernels/").at(-1)} is up to date with its source`, async () => {
    assertEquals(await buildWasm(binary), await Deno.readFile(binary.url), "run `deno task wasm`");
  });
}
