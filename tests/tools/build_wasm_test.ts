import { assertEquals } from "@std/assert";
import { BINARY, buildWasm } from "../../tools/build_wasm.ts";

Deno.test("kernels/convolution/forward.wasm is what its source builds to", async () => {
  assertEquals(await buildWasm(), await Deno.readFile(BINARY), "run `deno task wasm`");
});
