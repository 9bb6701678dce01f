/**
 * Finds the models that a server serves.
 *
 * @module
 */

import { basename, join } from "node:path";
import { RanetError } from "../errors.ts";
import { exists } from "../io/exists.ts";

/** A model to serve. */
export interface ServedModel {
  /** Its name in requests. */
  readonly name: string;
  /** A bundled name, a path or a URL. */
  readonly model: string;
}

/**
 * Reads the values of `--model`: a model, `NAME=` and a model, or a folder of models, whose names are the last parts of
 * their paths.
 *
 * @throws {RanetError} If two models have the same name.
 */
export async function servedModels(given: readonly string[]): Promise<ServedModel[]> {
  const models = (await Promise.all(given.map(modelsOf))).flat();
  const twice = models.find(({ name }, i) => models.findIndex((other) => other.name === name) < i);
  if (!twice) return models;
  throw new RanetError(
    `Cannot serve two models named ${
      JSON.stringify(twice.name)
    }: give one of them another name: --model ANOTHER=${twice.model}`,
  );
}

async function modelsOf(given: string): Promise<ServedModel[]> {
  const [, name, model] = /^([^=/]+)=(.+)$/.exec(given) ?? [];
  if (model !== undefined) return [{ name, model }];
  const below = await modelsIn(given);
  if (below.length > 0) return below;
  return [{ name: basename(given).replace(/\.ya?ml$/, ""), model: given }];
}

/** Folders that contain a spec, in a folder without a spec. */
async function modelsIn(folder: string): Promise<ServedModel[]> {
  const { isDirectory = false } = await Deno.stat(folder).catch(() => ({}) as Deno.FileInfo);
  if (!isDirectory || await exists(join(folder, "spec.yaml"))) return [];
  const models: ServedModel[] = [];
  for (const { name } of (await Array.fromAsync(Deno.readDir(folder))).sort((a, b) => a.name < b.name ? -1 : 1)) {
    const model = join(folder, name);
    if (await exists(join(model, "spec.yaml"))) models.push({ name, model });
  }
  return models;
}
