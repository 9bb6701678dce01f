/**
 * `deno task bundle`: builds the page and the library for browsers in `web/dist/` or a given folder.
 *
 * @module
 */

import * as esbuild from "esbuild";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { declarationsOf } from "./declarations.ts";
import { denoPlugin } from "./deno_plugin.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const DIST = `${Deno.args[0] ?? `${ROOT}web/dist`}/`;

/**
 * Folders that are copied without documentation, because modules find files at the same relative paths as in the
 * repository.
 */
const BESIDE = ["specs", "recipes", "weights", "examples"];

const library = `${ROOT}web/library.ts`;
const training = `${ROOT}web/train_library.ts`;
const page = {
  page: `${ROOT}web/page.ts`,
  worker: `${ROOT}web/worker.ts`,
  teach: `${ROOT}web/teach/teach.ts`,
  "teach-worker": `${ROOT}web/teach/worker.ts`,
};

const settings: esbuild.BuildOptions = {
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2022",
  loader: { ".wgsl": "text", ".wasm": "file" },
  logLevel: "warning",
};

/** Resolves matching modules to another bundle in the same folder. */
function takeFrom(bundle: string, filter: RegExp): esbuild.Plugin {
  return {
    name: bundle,
    setup: ({ onResolve }) => onResolve({ filter }, () => ({ path: `./${bundle}`, external: true })),
  };
}

/** The page imports the library from `ranet.js`, as other pages do. */
const takeLibrary = takeFrom("ranet.js", /\/library\.ts$/);
const takeTraining = takeFrom("ranet-train.js", /\/train_library\.ts$/);
/** Training uses the error class of `ranet.js`, so that `instanceof` works for both bundles. */
const takeErrors = takeFrom("ranet.js", /\/errors\.ts$/);
const refuseFiles: esbuild.Plugin = {
  name: "no files",
  setup: ({ onResolve }) => onResolve({ filter: /\/open_dataset\.ts$/ }, () => ({ path: `${ROOT}web/no_dataset.ts` })),
};

async function copy(folder: string): Promise<void> {
  await Deno.mkdir(DIST + folder);
  for await (const { name } of Deno.readDir(ROOT + folder)) {
    const path = `${folder}/${name}`;
    if (/\.(jpg|json|safetensors|yaml)$/.test(name)) await Deno.copyFile(ROOT + path, DIST + path);
  }
}

const isMissing = (error: unknown): boolean => error instanceof Deno.errors.NotFound;
await Deno.remove(DIST, { recursive: true }).catch((error) => {
  if (!isMissing(error)) throw error;
});
await Deno.mkdir(DIST, { recursive: true });

try {
  await esbuild.build({
    ...settings,
    entryPoints: [library],
    outfile: `${DIST}ranet.js`,
    assetNames: "wasm/[name]",
    banner: { js: '/* @ts-self-types="./ranet.d.ts" */' },
    inject: [`${ROOT}web/browser.ts`],
    plugins: [await denoPlugin([library], ROOT)],
  });
  await esbuild.build({
    ...settings,
    entryPoints: [training],
    outfile: `${DIST}ranet-train.js`,
    assetNames: "wasm/[name]",
    banner: { js: '/* @ts-self-types="./ranet-train.d.ts" */' },
    inject: [`${ROOT}web/browser.ts`],
    plugins: [takeErrors, refuseFiles, await denoPlugin([training], ROOT)],
  });
  await esbuild.build({
    ...settings,
    entryPoints: { ...page, style: `${ROOT}web/style.css` },
    outdir: DIST,
    plugins: [takeLibrary, takeTraining, await denoPlugin(Object.values(page), ROOT)],
  });
} finally {
  await esbuild.stop();
}
await Promise.all(BESIDE.map(copy));
const ENTRIES = { "ranet": ["mod.ts", "spec.ts", "weights.ts"], "ranet-train": ["train.ts"] };
for (const [name, modules] of Object.entries(ENTRIES)) {
  const entries = modules.map((module) => new URL(`../${module}`, import.meta.url));
  await Deno.writeTextFile(`${DIST}${name}.d.ts`, await declarationsOf(entries));
}
await Deno.copyFile(`${ROOT}web/index.html`, `${DIST}index.html`);

for (
  const name of [
    "ranet.js",
    "ranet-train.js",
    "page.js",
    "worker.js",
    "teach.js",
    "teach-worker.js",
    "style.css",
    "index.html",
  ]
) {
  const bytes = await Deno.readFile(DIST + name);
  const kilobytes = (length: number): string => `${(length / 1000).toFixed(1)} kB`.padStart(9);
  console.log(`${name.padEnd(15)} ${kilobytes(bytes.length)}, ${kilobytes(gzipSync(bytes).length)} gzipped`);
}
