/**
 * The models of a server. Each is loaded once, at the start or on its first request, and may be unloaded after a time
 * without requests.
 *
 * @module
 */

import type { RequestLimits, SharedBounds } from "./bounds.ts";
import { RequestClassifier } from "./classify.ts";
import type { LoadedModel } from "./loaded_model.ts";
import type { Metrics } from "./metrics.ts";
import { Refusal } from "./refusal.ts";

/** Source of a model. */
export interface ModelSource {
  /** The model's name in requests. */
  readonly name: string;
  /** Loads the model. */
  load(): Promise<LoadedModel>;
}

/** Options of {@linkcode Models}. */
export interface ModelsOptions extends RequestLimits {
  /** Milliseconds without a request after which a model is unloaded. Default: never. */
  readonly unloadAfter?: number;
}

interface Entry {
  readonly source: ModelSource;
  loading?: Promise<RequestClassifier>;
  loaded?: RequestClassifier;
  /** Number of requests that use it. */
  users: number;
  timer?: ReturnType<typeof setTimeout>;
}

/** A server's models. */
export class Models {
  /** Names of the models, the default one first. */
  readonly names: readonly string[];
  readonly #entries: ReadonlyMap<string, Entry>;
  readonly #options: ModelsOptions;
  readonly #bounds: SharedBounds;
  readonly #metrics: Metrics;

  /** Registers the models without loading them. */
  constructor(
    sources: readonly ModelSource[],
    options: ModelsOptions & { readonly bounds: SharedBounds; readonly metrics: Metrics },
  ) {
    this.names = sources.map(({ name }) => name);
    this.#entries = new Map(sources.map((source) => [source.name, { source, users: 0 }]));
    this.#options = options;
    this.#bounds = options.bounds;
    this.#metrics = options.metrics;
  }

  /** Loads all models. Throws if one fails. */
  async loadAll(): Promise<void> {
    for (const name of this.names) await this.use(name, () => Promise.resolve());
  }

  /** Whether a model is loaded and can compute. */
  async isReady(name: string): Promise<boolean> {
    const { loaded } = this.#entry(name);
    return loaded !== undefined && await loaded.failure() === undefined;
  }

  /** The loaded models. */
  get loaded(): RequestClassifier[] {
    return [...this.#entries.values()].flatMap(({ loaded }) => loaded ?? []);
  }

  /**
   * Calls a function with a model, which is loaded if necessary and stays loaded during the call.
   *
   * @throws {Refusal} If there is no such model.
   */
  async use<T>(name: string, run: (model: RequestClassifier) => Promise<T>): Promise<T> {
    const entry = this.#entry(name);
    clearTimeout(entry.timer);
    entry.users++;
    try {
      return await run(await this.#load(entry));
    } finally {
      entry.users--;
      this.#unloadLater(entry);
    }
  }

  /** Unloads all models. */
  unloadAll(): void {
    for (const entry of this.#entries.values()) this.#unload(entry);
  }

  #entry(name: string): Entry {
    const entry = this.#entries.get(name);
    if (entry) return entry;
    throw new Refusal(404, `There is no model ${JSON.stringify(name)}: there are ${this.names.join(", ")}`);
  }

  async #load(entry: Entry): Promise<RequestClassifier> {
    entry.loading ??= entry.source.load().then((model) =>
      entry.loaded = new RequestClassifier(entry.source.name, model, {
        limits: this.#options,
        bounds: this.#bounds,
        metrics: this.#metrics.model(entry.source.name),
      })
    );
    try {
      return await entry.loading;
    } catch (error) {
      entry.loading = undefined;
      throw error;
    }
  }

  #unloadLater(entry: Entry): void {
    const { unloadAfter } = this.#options;
    if (unloadAfter === undefined || entry.users > 0 || !entry.loaded) return;
    entry.timer = setTimeout(() => this.#unload(entry), unloadAfter);
    Deno.unrefTimer(entry.timer as unknown as number);
  }

  #unload(entry: Entry): void {
    clearTimeout(entry.timer);
    entry.loaded?.executor[Symbol.dispose]();
    entry.loaded = entry.loading = undefined;
  }
}
