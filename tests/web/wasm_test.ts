import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { RanetError } from "../../lib/errors.ts";
import { compileWasm } from "../../web/compile_wasm.ts";

const wasm = await Deno.readFile(new URL("../../kernels/cpu.wasm", import.meta.url));

/** Compiles a server's response. */
async function compileFrom(answer: () => Response): Promise<WebAssembly.Module> {
  await using server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, answer);
  return await compileWasm(new URL(`http://127.0.0.1:${server.addr.port}/wasm/cpu.wasm`));
}

const typed = (type: string) => () => new Response(wasm, { headers: { "content-type": type } });

for (const type of ["application/wasm", "application/octet-stream", "text/plain; charset=utf-8", "text/html"]) {
  Deno.test(`compileWasm() compiles a file that a server sends with the type ${type}`, async () => {
    assertEquals(await compileFrom(typed(type)) instanceof WebAssembly.Module, true);
  });
}

const wrong: Record<string, [answer: () => Response, message: string]> = {
  "a page instead": [
    () => new Response("<!doctype html>", { headers: { "content-type": "text/html" } }),
    "cpu.wasm: it is not WebAssembly (text/html). The folder wasm/ must be beside ranet.js",
  ],
  "nothing": [() => new Response(null, { status: 404 }), "cpu.wasm: the server answered 404 Not Found"],
  "a damaged one": [
    () => new Response(wasm.slice(0, 100), { headers: { "content-type": "application/wasm" } }),
    "Cannot compile http://",
  ],
  "an empty file": [() => new Response(""), "it is not WebAssembly (text/plain"],
};
for (const [what, [answer, message]] of Object.entries(wrong)) {
  Deno.test(`compileWasm() names the URL if a server sends ${what}`, async () => {
    const error = await assertRejects(() => compileFrom(answer), RanetError);
    assertStringIncludes(error.message, message);
  });
}

Deno.test("compileWasm() fetches a file again only after a failure", async () => {
  let asked = 0;
  await using server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, () => {
    return asked++ === 0 ? new Response(null, { status: 503 }) : typed("application/wasm")();
  });
  const url = new URL(`http://127.0.0.1:${server.addr.port}/x.wasm`);
  await assertRejects(() => compileWasm(url), RanetError, "503");
  const module = await compileWasm(url);
  assertEquals([await compileWasm(url) === module, asked], [true, 2]);
});
