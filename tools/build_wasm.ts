/**
 * `deno task wasm`: kernels/convolution/forward.as to kernels/convolution/forward.wasm.
 *
 * @module
 */

import asc from "assemblyscript/asc";
import { specializeKernel } from "../lib/device/webgpu/wgsl.ts";

const SOURCE = new URL("../kernels/convolution/forward.as", import.meta.url);

/** The compiler knows its language by this ending. */
const FILE = "convolution.ts";

/** Where the module lies. */
export const BINARY = new URL("../kernels/convolution/forward.wasm", import.meta.url);

/** Builds the module from its source. */
export async function buildWasm(): Promise<Uint8Array> {
  const source = specializeKernel(await Deno.readTextFile(SOURCE), {});
  let binary: Uint8Array | undefined;
  const { error, stderr } = await asc.main(
    `${FILE} --outFile out.wasm -O3 --enable simd --runtime stub --importMemory --noExportMemory`.split(" "),
    {
      readFile: (name) => name === FILE ? source : null,
      writeFile: (_, contents) => void (binary = contents as Uint8Array),
      listFiles: () => [],
    },
  );
  if (error || !binary) throw new Error(`convolution.as does not compile:\n${stderr}`, { cause: error });
  return binary;
}

if (import.meta.main) await Deno.writeFile(BINARY, await buildWasm());
