/**
 * Stores classes, photos and the model in the browser's IndexedDB, so that they survive a reload. If that fails, the
 * page works without it and shows a note.
 *
 * @module
 */

/// <reference lib="dom" />

import { type DBSchema, type IDBPDatabase, openDB } from "idb";
import type { Base, Outcome } from "./messages.ts";
import type { Photo } from "./photos.ts";

const NAME = "ranet-teach";

/** A stored class. */
export interface KeptClass {
  readonly id: number;
  readonly name: string;
}

/** A stored photo. */
export interface KeptPhoto extends Photo {
  readonly classId: number;
}

/** A stored model and its results. An opened model has no results. */
export interface KeptModel {
  readonly archive: Blob;
  readonly name: string;
  readonly outcome?: Outcome;
}

/** Training settings. */
export interface Settings {
  readonly base: Base;
  readonly mirror: boolean;
}

interface Schema extends DBSchema {
  classes: { key: number; value: KeptClass };
  photos: { key: number; value: KeptPhoto };
  values: { key: "model" | "settings"; value: KeptModel | Settings };
}

/** Everything that is stored. */
export interface Kept {
  readonly classes: readonly KeptClass[];
  readonly photos: readonly KeptPhoto[];
  readonly model?: KeptModel;
  readonly settings?: Settings;
}

/** The store. It never throws: if something cannot be stored, it reports this once. */
export class Store {
  readonly #database: Promise<IDBPDatabase<Schema> | undefined>;
  readonly #complain: (message: string) => void;
  #complained = false;

  /** Opens the store. `complain`: called with the reason if nothing can be stored. */
  constructor(complain: (message: string) => void) {
    this.#complain = complain;
    this.#database = this.#attempt(() =>
      openDB<Schema>(NAME, 1, {
        upgrade(database) {
          for (const store of ["classes", "photos"] as const) database.createObjectStore(store, { keyPath: "id" });
          database.createObjectStore("values");
        },
      })
    );
  }

  /** Reads everything that is stored. */
  async read(): Promise<Kept> {
    const found = await this.#use(async (database) => {
      const [classes, photos, model, settings] = await Promise.all([
        database.getAll("classes"),
        database.getAll("photos"),
        database.get("values", "model"),
        database.get("values", "settings"),
      ]);
      return { classes, photos, model: model as KeptModel, settings: settings as Settings };
    });
    return found ?? { classes: [], photos: [] };
  }

  /** Stores a new or changed class. */
  async putClass({ id, name }: KeptClass): Promise<void> {
    await this.#use((database) => database.put("classes", { id, name }));
  }

  /** Deletes a class and its photos. */
  async removeClass(id: number, photos: readonly number[]): Promise<void> {
    await this.#use(async (database) => {
      const change = database.transaction(["classes", "photos"], "readwrite");
      await Promise.all([
        change.objectStore("classes").delete(id),
        ...photos.map((photo) => change.objectStore("photos").delete(photo)),
        change.done,
      ]);
    });
  }

  /** Stores a photo. */
  async putPhoto(photo: KeptPhoto): Promise<void> {
    await this.#use((database) => database.put("photos", photo));
  }

  /** Deletes a photo. */
  async removePhoto(id: number): Promise<void> {
    await this.#use((database) => database.delete("photos", id));
  }

  /** Stores the model. */
  async putModel(model: KeptModel): Promise<void> {
    await this.#use((database) => database.put("values", model, "model"));
  }

  /** Stores the training settings. */
  async putSettings(settings: Settings): Promise<void> {
    await this.#use((database) => database.put("values", settings, "settings"));
  }

  /** Deletes everything. */
  async clear(): Promise<void> {
    await this.#use(async (database) => {
      const change = database.transaction(["classes", "photos", "values"], "readwrite");
      await Promise.all([
        change.objectStore("classes").clear(),
        change.objectStore("photos").clear(),
        change.objectStore("values").clear(),
        change.done,
      ]);
    });
  }

  async #use<T>(use: (database: IDBPDatabase<Schema>) => Promise<T>): Promise<T | undefined> {
    const database = await this.#database;
    return database && await this.#attempt(() => use(database));
  }

  async #attempt<T>(act: () => Promise<T>): Promise<T | undefined> {
    try {
      return await act();
    } catch (error) {
      if (this.#complained) return undefined;
      this.#complained = true;
      const { name, message } = error as Error;
      const why = name === "QuotaExceededError" ? "its storage is full." : message;
      this.#complain(`This browser cannot store everything: ${why} Some of it will be lost when you reload the page.`);
      return undefined;
    }
  }
}
