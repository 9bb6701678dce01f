import { assertEquals } from "@std/assert";
import { BINARIES, buildWasm } from "../../tools/build_wasm.ts";

for (const binary of BINARIES) {
  Deno.test(`${binary.url.pathname.split("/kernels/").at(-1)} is what its source builds to`, async () => {
    assertEquals(await buildWasm(binary), await Deno.readFile(binary.url), "run `deno task wasm`");
  });
}
