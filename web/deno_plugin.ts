/**
 * Lets esbuild bundle modules written for Deno: finds packages where Deno keeps them, whether they come from npm or
 * JSR, and puts what only Deno understands into a browser's words.
 *
 * @module
 */

import type { Loader, Plugin } from "esbuild";
import { basename } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

/** What `deno info --json` says; only what is used here. */
interface Graph {
  readonly redirects: Readonly<Record<string, string>>;
  readonly npmPackages: Readonly<Record<string, { readonly name: string; readonly localPath: string }>>;
  readonly modules: readonly {
    readonly specifier: string;
    readonly local?: string;
    readonly mediaType?: string;
    readonly error?: string;
    readonly dependencies?: readonly { readonly specifier: string; readonly code?: { readonly specifier: string } }[];
  }[];
}

/** Modules that have no file of their own name: JSR's, in Deno's cache. */
const CACHED = "deno-cached";

/**
 * The plugin.
 *
 * @param entries Paths of the modules that are bundled.
 * @param root Folder of the project. A module's `import.meta.url` becomes the one that it would have if the bundle lay
 * there, so that files found relative to modules are found relative to the bundle.
 */
export async function denoPlugin(entries: readonly string[], root: string): Promise<Plugin> {
  const graphs = await Promise.all(entries.map(moduleGraph));
  const redirects = Object.assign({}, ...graphs.map((graph) => graph.redirects)) as Graph["redirects"];
  const packages = graphs.flatMap(({ npmPackages }) => Object.values(npmPackages));
  const modules = new Map(graphs.flatMap((graph) => graph.modules).map((module) => [module.specifier, module]));

  /** What Deno takes an import for. */
  const target = (specifier: string, importer: string): string | undefined => {
    const dependencies = modules.get(importer)?.dependencies ?? [];
    const found = dependencies.find((dependency) => dependency.specifier === specifier)?.code?.specifier;
    return found && (redirects[found] ?? found);
  };

  return {
    name: "deno",
    setup(build) {
      build.onResolve({ filter: /^node:/ }, ({ path }) => ({ path, external: true, sideEffects: false }));

      build.onResolve({ filter: /./ }, async ({ path, importer, namespace, kind, pluginData, resolveDir }) => {
        if (pluginData === packages || kind === "entry-point") return undefined;
        const cached = namespace === CACHED;
        if (!cached && /^[./]/.test(path)) return undefined;
        const url = target(path, cached ? importer : pathToFileURL(importer).href) ?? `npm:/${path}`;
        if (url.startsWith("file:")) return { path: fileURLToPath(url) };
        if (!url.startsWith("npm:")) return { path: url, namespace: CACHED };
        const [, name, subpath = ""] = /^npm:\/?((?:@[^/]+\/)?[^/@]+)(?:@[^/]+)?(\/.*)?$/.exec(url) ?? [];
        const home = packages.find((one) => one.name === name)?.localPath;
        if (!home) return { errors: [{ text: `Deno does not know ${path}, imported from ${importer || resolveDir}` }] };
        // By its name if the package says what it exports, else by its files.
        const options = { kind, resolveDir: home, pluginData: packages };
        const exported = await build.resolve(name + subpath, options);
        return exported.errors.length > 0 ? await build.resolve(`.${subpath}`, options) : exported;
      });

      build.onLoad({ filter: /./, namespace: CACHED }, async ({ path }) => {
        const { local, mediaType, error = "it is not in the cache" } = modules.get(path) ?? {};
        if (!local) return { errors: [{ text: `Deno has no ${path}: ${error}` }] };
        return { contents: await Deno.readTextFile(local), loader: mediaType === "JavaScript" ? "js" : "ts" };
      });

      build.onLoad({ filter: /\.ts$/, namespace: "file" }, async ({ path }) => {
        if (!path.startsWith(root)) return undefined;
        const text = await Deno.readTextFile(path);
        const url = `new URL(${JSON.stringify(path.slice(root.length))}, import.meta.url).href`;
        const contents = text
          .replaceAll(
            /\bimport\.source\(\s*("[^"]+\.wasm")\s*,?\s*\)/g,
            "import($1).then((module) => module.default())",
          )
          .replaceAll(/\bimport\.meta\.url\b/g, url);
        return { contents, loader: "ts" as Loader };
      });

      // The file itself lies beside the bundle, and is fetched when it is wanted. It is named without its folder: in a
      // whole path, esbuild would take # for a URL's.
      build.onLoad({ filter: /\.wasm$/ }, ({ path, suffix, with: { type } }) => {
        if (suffix || type) return undefined;
        const contents = `import url from ${JSON.stringify(`./${basename(path)}?file`)};
import { compileWasm } from ${JSON.stringify(`${root}web/compile_wasm.ts`)};
export default () => compileWasm(new URL(url, import.meta.url));`;
        return { contents };
      });
    },
  };
}

async function moduleGraph(entry: string): Promise<Graph> {
  // A URL, because Deno would interpret # and % in a path.
  const args = ["info", "--json", pathToFileURL(entry).href];
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), { args }).output();
  if (!success) throw new Error(`deno info ${entry} failed: ${new TextDecoder().decode(stderr)}`);
  return JSON.parse(new TextDecoder().decode(stdout)) as Graph;
}
