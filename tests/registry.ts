/**
 * Contents of a JSR registry, for tests.
 *
 * @module
 */

import { createHash } from "node:crypto";
import config from "../deno.json" with { type: "json" };

/** Its files by path. */
export type Files = Map<string, Uint8Array<ArrayBuffer>>;

/** Adds a package to a registry, from the files in a folder. */
export async function publish(
  registry: Files,
  { name, version, exports, include, from }: {
    readonly name: string;
    readonly version: string;
    readonly exports: unknown;
    readonly include: readonly string[];
    readonly from: URL;
  },
): Promise<void> {
  const json = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
  const manifest: Record<string, { size: number; checksum: string }> = {};
  for (const file of (await Promise.all(include.map((path) => filesUnder(path, from)))).flat()) {
    const own = await Deno.readFile(new URL(file, from));
    const bytes = file.endsWith(".ts") ? withoutBareNames(own) : own;
    registry.set(`/${name}/${version}/${file}`, bytes);
    const checksum = `sha256-${createHash("sha256").update(bytes).digest("hex")}`;
    manifest[`/${file}`] = { size: bytes.length, checksum };
  }
  registry.set(`/${name}/meta.json`, json({ versions: { [version]: {} } }));
  registry.set(`/${name}/${version}_meta.json`, json({ exports, manifest }));
}

async function filesUnder(path: string, from: URL): Promise<string[]> {
  if ((await Deno.stat(new URL(path, from))).isFile) return [path];
  const inside = await Array.fromAsync(Deno.readDir(new URL(path, from)));
  return (await Promise.all(inside.map(({ name }) => filesUnder(`${path}/${name}`, from)))).flat();
}

/** Publishing replaces bare specifiers by what the import map says. */
function withoutBareNames(module: Uint8Array): Uint8Array<ArrayBuffer> {
  const targets = Object.entries(config.imports);
  const text = new TextDecoder().decode(module).replace(
    /(?<=(from|import) |import(\.source)?\()"[^".][^":]*"/g,
    (quoted) => {
      const name = quoted.slice(1, -1);
      const [key, target] = targets.find(([key]) => name === key || name.startsWith(key.replace(/\/?$/, "/"))) ?? [];
      return key ? `"${target!.replace(":/", ":")}${name.slice(key.length)}"` : quoted;
    },
  );
  return new TextEncoder().encode(text);
}
