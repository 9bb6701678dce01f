/**
 * Checks imports, including those of types: there are no cycles, and no module imports from a folder above its own.
 *
 * @module
 */

import { assertEquals } from "@std/assert";

/** Layers of the library, the lowest first. A module imports from its own layer and from those below. */
const FLOORS = [
  ["errors.ts", "softmax.ts"],
  ["text"],
  ["io", "yaml"],
  ["network"],
  ["spec"],
  ["weights"],
  ["planner"],
  ["data", "device"],
  ["model"],
  ["calibration"],
  ["executor"],
  ["classifier", "quantization", "results"],
  ["drawing", "onnx", "report", "serve"],
  ["training"],
  ["cli"],
];

/** Folders below that a folder still must not import: a device runs plans without knowing what they were made from. */
const FORBIDDEN = [["device", "spec"]];

type Graph = ReadonlyMap<string, readonly string[]>;

const LIB = new URL("../lib/", import.meta.url);

/** Every module of the library, with the modules of the library that it imports. */
async function importGraph(): Promise<Graph> {
  const entry = await Deno.makeTempFile({ suffix: ".ts" });
  try {
    const paths = await listModules(LIB);
    await Deno.writeTextFile(entry, paths.map((path) => `import ${JSON.stringify(LIB.href + path)};\n`).join(""));
    const config = new URL("../deno.json", import.meta.url).pathname;
    const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["info", "--json", "--config", config, entry] })
      .output();
    const { modules } = JSON.parse(new TextDecoder().decode(stdout)) as {
      modules: { specifier: string; dependencies?: Record<"code" | "type", { specifier?: string } | undefined>[] }[];
    };
    const graph = new Map(modules.map(({ specifier, dependencies = [] }) => [
      specifier.slice(LIB.href.length),
      dependencies.flatMap(({ code, type }) => [code?.specifier, type?.specifier])
        .filter((to) => to?.startsWith(LIB.href) && to.endsWith(".ts"))
        .map((to) => to!.slice(LIB.href.length)),
    ]));
    return new Map(paths.map((path) => [path, graph.get(path)!]));
  } finally {
    await Deno.remove(entry);
  }
}

async function listModules(folder: URL, prefix = ""): Promise<string[]> {
  const paths: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    if (isDirectory) paths.push(...await listModules(new URL(`${name}/`, folder), `${prefix}${name}/`));
    else if (name.endsWith(".ts")) paths.push(prefix + name);
  }
  return paths.sort();
}

/** The folder in `lib/` of a module, or the module itself if it is directly in `lib/`. */
function folderOf(path: string): string {
  return path.split("/")[0];
}

function isUpward(from: string, to: string): boolean {
  const [own, other] = [from, to].map(folderOf);
  const floor = (folder: string) => FLOORS.findIndex((folders) => folders.includes(folder));
  if (FORBIDDEN.some(([folder, below]) => folder === own && below === other)) return true;
  return own !== other && floor(own) <= floor(other);
}

/** Import cycles, each once, from the module where it is entered first. */
function findCycles(graph: Graph): string[] {
  const cycles: string[] = [];
  const done = new Set<string>();
  const visit = (module: string, trail: readonly string[]): void => {
    if (trail.includes(module)) cycles.push([...trail.slice(trail.indexOf(module)), module].join(" → "));
    if (trail.includes(module) || done.has(module)) return;
    for (const to of graph.get(module)!) visit(to, [...trail, module]);
    done.add(module);
  };
  for (const module of graph.keys()) visit(module, []);
  return cycles;
}

const graph = await importGraph();

Deno.test("every module of the library belongs to a layer", () => {
  const folders = new Set(Array.from(graph.keys(), folderOf));
  assertEquals([...folders].toSorted(), FLOORS.flat().toSorted());
});

Deno.test("no module imports from a higher layer", () => {
  const edges = Array.from(graph, ([from, tos]) => tos.map((to) => [from, to] as const)).flat();
  assertEquals(edges.length > graph.size, true);
  assertEquals(edges.filter(([from, to]) => isUpward(from, to)).map((edge) => edge.join(" → ")), []);
});

Deno.test("there are no circular imports", () => {
  assertEquals(findCycles(new Map([["a", ["b"]], ["b", ["c", "a"]], ["c", []]])), ["a → b → a"]);
  assertEquals(findCycles(graph), []);
});
