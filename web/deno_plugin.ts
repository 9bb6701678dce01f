/**
 * An esbuild plugin that bundles modules written for Deno. It resolves npm and JSR packages in Deno's cache and
 * replaces syntax that only Deno supports.
 *
 * @module
 */

import type { Loader, Plugin } from "esbuild";
import { basename } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

/** The used parts of the output of `deno info --json`. */
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

/** Namespace of modules without a file with their name: JSR modules in Deno's cache. */
const CACHED = "deno-cached";

/**
 * Creates the plugin.
 *
 * @param entries Paths of the entry points.
 * @param root Folder of the project. A module's `import.meta.url` is replaced as if the bundle were in this folder, so
 * that files beside modules are found relative to the bundle.
 */
export async function denoPlugin(entries: readonly string[], root: string): Promise<Plugin> {
  const graphs = await Promise.all(entries.map(moduleGraph));
  const redirects = Object.assign({}, ...graphs.map((graph) => graph.redirects)) as Graph["redirects"];
  const packages = graphs.flatMap(({ npmPackages }) => Object.values(npmPackages));
  const modules = new Map(graphs.flatMap((graph) => graph.modules).map((module) => [module.specifier, module]));

  /** The module to which Deno resolves an import. */
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
        // Resolved by name if the package declares exports, otherwise by file.
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

      // The file is copied beside the bundle and fetched on demand. Its name is given without its folder, because
      // esbuild would interpret a # in a full path as part of a URL.
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
