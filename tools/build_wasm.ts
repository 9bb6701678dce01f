/**
 * `deno task wasm`: compiles the CPU's kernels, `kernels/*.as`, to WebAssembly.
 *
 * @module
 */

import asc from "assemblyscript/asc";
import { abiSource } from "../lib/device/cpu/abi.ts";
import { specializeKernel } from "../lib/device/webgpu/wgsl.ts";

const KERNELS = new URL("../kernels/", import.meta.url);

/** A WebAssembly module. */
export interface Binary {
  /** Its file. */
  readonly url: URL;
  /** Compiler flags. */
  readonly flags: string;
}

/** Threads share memory; the importer chooses its size. */
const FLAGS = "--importMemory --sharedMemory --initialMemory 1 --maximumMemory 65536 --noExportMemory " +
  "--enable simd --enable threads";

/** The modules: one with relaxed SIMD, and one for engines without it. */
export const BINARIES: readonly Binary[] = [
  { url: new URL("cpu.wasm", KERNELS), flags: FLAGS },
  { url: new URL("cpu-relaxed.wasm", KERNELS), flags: `${FLAGS} --enable relaxed-simd` },
];

/** File of the classes through which kernels read their arguments. */
export const ABI: URL = new URL("abi.as", KERNELS);

/** Builds a module from its source. The compiler accepts only names that end in `.ts`. */
export async function buildWasm({ flags }: Binary): Promise<Uint8Array> {
  let binary: Uint8Array | undefined;
  const options = `cpu.ts --outFile out.wasm -O3 --runtime stub ${flags}`.split(" ");
  const { error, stderr } = await asc.main(options, {
    readFile: async (name) => {
      const source = await Deno.readTextFile(new URL(name.replace(/\.ts$/, ".as"), KERNELS)).catch(() => null);
      return source && specializeKernel(source, {});
    },
    writeFile: (_, contents) => void (binary = contents as Uint8Array),
    listFiles: () => [],
  });
  if (error || !binary) throw new Error(`kernels/cpu.as does not compile:\n${stderr}`, { cause: error });
  return binary;
}

if (import.meta.main) {
  await Deno.writeTextFile(ABI, abiSource());
  for (const binary of BINARIES) await Deno.writeFile(binary.url, await buildWasm(binary));
}
