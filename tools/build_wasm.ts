/**
 * `deno task wasm`: builds the CPU's kernels, kernels/*.as, to WebAssembly.
 *
 * @module
 */

import asc from "assemblyscript/asc";
import { recordsSource } from "../lib/device/cpu/records.ts";
import { argumentsSource } from "../lib/device/cpu/training_operations.ts";
import { specializeKernel } from "../lib/device/webgpu/wgsl.ts";

const KERNELS = new URL("../kernels/", import.meta.url);

/** What is built. */
export interface Binary {
  /** Where it lies. */
  readonly url: URL;
  /** The module with the exports, of kernels/. */
  readonly entry: string;
  /** Features. */
  readonly flags: string;
}

/** Memory is shared by threads; its size is the importer's choice. */
const FLAGS = "--importMemory --sharedMemory --initialMemory 1 --maximumMemory 65536 --noExportMemory " +
  "--enable simd --enable threads";

/** All that is built: each module twice, since not every engine can fuse multiplication and addition. */
export const BINARIES: readonly Binary[] = ["forward", "train"].flatMap((entry) => [
  { url: new URL(`${entry}.wasm`, KERNELS), entry, flags: FLAGS },
  { url: new URL(`${entry}-relaxed.wasm`, KERNELS), entry, flags: `${FLAGS} --enable relaxed-simd` },
]);

/** Builds a module from its source. The compiler knows its language by the ending `.ts`. */
export async function buildWasm({ entry, flags }: Binary): Promise<Uint8Array> {
  let binary: Uint8Array | undefined;
  const options = `${entry}.ts --outFile out.wasm -O3 --runtime stub ${flags}`.split(" ");
  const { error, stderr } = await asc.main(options, {
    readFile: async (name) => {
      if (name === "records.ts") return recordsSource();
      if (name === "training/arguments.ts") return argumentsSource();
      const source = await Deno.readTextFile(new URL(name.replace(/\.ts$/, ".as"), KERNELS)).catch(() => null);
      return source && specializeKernel(source, {});
    },
    writeFile: (_, contents) => void (binary = contents as Uint8Array),
    listFiles: () => [],
  });
  if (error || !binary) throw new Error(`kernels/${entry}.as does not compile:\n${stderr}`, { cause: error });
  return binary;
}

if (import.meta.main) {
  for (const binary of BINARIES) await Deno.writeFile(binary.url, await buildWasm(binary));
}
