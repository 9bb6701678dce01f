/**
 * Tests scripts outside the clone that import the library.
 *
 * @module
 */

import { assertEquals, assertStringIncludes } from "@std/assert";
import { dirname } from "node:path";
import config from "../deno.json" with { type: "json" };
import { type Files, publish } from "./registry.ts";

const ROOT = new URL("..", import.meta.url);
const SCRIPT = `import { AdaptiveExecutor, decodeImage, loadModel, toTensor } from "@ranet/ranet";
const model = await loadModel("ranet-cifar10");
using executor = await AdaptiveExecutor.create(model, { device: "cpu", batchSize: 1 });
const image = await decodeImage(await Deno.readFile(Deno.args[0]), { source: Deno.args[0] });
console.log((await executor.classify(toTensor(image, model.spec.input)))[0].label);
`;
const LINKED = { links: [ROOT.pathname], imports: { "@ranet/ranet": `jsr:${config.name}` } };

/** Runs the script with `./ranet run`, alone and in a project of its own, from its folder. */
async function classifyElsewhere(env: Readonly<Record<string, string>>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${folder}/script.ts`, SCRIPT);
    const run = async () => {
      const { stdout, stderr } = await new Deno.Command(`${ROOT.pathname}ranet`, {
        args: ["run", "script.ts", `${ROOT.pathname}examples/ship.jpg`],
        cwd: folder,
        env: { NO_COLOR: "1", PATH: `${dirname(Deno.execPath())}:${Deno.env.get("PATH")}`, ...env },
      }).output();
      return [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
    };
    assertEquals(await run(), ["ship\n", ""]);
    await Deno.writeTextFile(`${folder}/deno.json`, JSON.stringify(LINKED));
    assertEquals(await run(), ["ship\n", ""]);
    // Deno 2.9.6 knows the WebAssembly files of a clone by their real paths.
    await Deno.symlink(ROOT, `${folder}/clone`);
    await Deno.writeTextFile(`${folder}/deno.json`, JSON.stringify({ ...LINKED, links: ["./clone"] }));
    assertEquals(await run(), ["ship\n", ""]);
    await Deno.writeTextFile(`${folder}/deno.json`, "{}");
    assertStringIncludes((await run())[1], '"@ranet/ranet" not a dependency');
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** A registry on disk, whose `@std` packages have several files, versions and packages, like on JSR. */
async function writeRegistry(folder: string): Promise<void> {
  const source = async (name: string) => await Deno.readTextFile(new URL(`stand-ins/@std/${name}/1.0.99/mod.ts`, ROOT));
  const packages = {
    internal: { "mod.ts": 'export * from "./os.ts";\n', "os.ts": "export const isWindows: boolean = false;\n" },
    yaml: { "mod.ts": 'export * from "./parse.ts";\n', "parse.ts": await source("yaml") },
    cli: {
      "mod.ts": 'export * from "./parse_args.ts";\n',
      "parse_args.ts": `import "jsr:@std/internal@^1.0.10/os";\n${await source("cli")}`,
    },
  };
  const registry: Files = new Map();
  for (const [name, files] of Object.entries(packages)) {
    const from = new URL(`file://${folder}/sources/${name}/`);
    await Deno.mkdir(from, { recursive: true });
    for (const [path, text] of Object.entries(files)) await Deno.writeTextFile(new URL(path, from), text);
    const [include, other] = [Object.keys(files), Object.keys(files)[1]];
    const exports = { ".": "./mod.ts", [`./${other.replace(".ts", "").replace("_", "-")}`]: `./${other}` };
    await publish(registry, { name: `@std/${name}`, version: "1.0.30", exports, include, from });
    const versions = { "1.0.1": { yanked: true }, "1.0.30": {}, "2.0.0-rc.1": {} };
    registry.set(`/@std/${name}/meta.json`, new TextEncoder().encode(JSON.stringify({ latest: "1.0.30", versions })));
  }
  for (const [path, bytes] of registry) {
    await Deno.mkdir(`${folder}/registry${dirname(path)}`, { recursive: true });
    await Deno.writeFile(`${folder}/registry${path}`, bytes);
  }
}

Deno.test("a script outside the clone can import the library with the stand-ins", async () => {
  await classifyElsewhere({ JSR_URL: "", RANET_OFFLINE: "1" });
});

Deno.test("a script outside the clone can import the library from a registry", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await writeRegistry(folder);
    await classifyElsewhere({ JSR_URL: `file://${folder}/registry/` });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
