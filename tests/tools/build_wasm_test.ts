import { assertEquals } from "@std/assert";
import { abiSource } from "../../lib/device/cpu/abi.ts";
import { ABI, BINARIES, buildWasm } from "../../tools/build_wasm.ts";
import { longTest } from "../long.ts";

Deno.test("kernels/abi.as is up to date", async () => {
  assertEquals(await Deno.readTextFile(ABI), abiSource(), "run `deno task wasm`");
});

// All are built at once: what is true of one is hardly false of another.
for (const [i, binary] of BINARIES.entries()) {
  (i === 0 ? Deno.test : longTest)(
    `${binary.url.pathname.split("/kernels/").at(-1)} is up to date with its source`,
    async () => {
      assertEquals(await buildWasm(binary), await Deno.readFile(binary.url), "run `deno task wasm`");
    },
  );
}
