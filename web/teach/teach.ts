/**
 * The tab that trains a network on the user's own classes. It is loaded, with the training library, when it is opened
 * for the first time.
 *
 * @module
 */

/// <reference lib="dom" />

import { byId, saveFile } from "../dom.ts";
import { Problems } from "../problems.ts";
import { wireBurst } from "./burst.ts";
import { ClassCard } from "./class_card.ts";
import type { Dropped } from "./dropped_files.ts";
import type { Lesson, Reply, Request } from "./messages.ts";
import { showOutcome } from "./outcome_view.ts";
import { missing, type Photo, type TaughtClass } from "./photos.ts";
import { type KeptModel, Store } from "./store.ts";
import { TrainingView } from "./training_view.ts";
import { TryView } from "./try_view.ts";

/** Functions of the page that the tab uses. */
export interface Surroundings {
  /** Opens a model in the Classify tab. */
  readonly classify: (archive: Blob) => void;
}

/** File name of a saved model, without its extension. */
const FILE = "my-model";

/** Initialises the tab with the stored data. */
export function openTeach(surroundings: Surroundings): Teach {
  return new Teach(surroundings);
}

/** The Teach tab. */
export class Teach {
  readonly #worker = new Worker(`teach-worker.js${location.search}`, { type: "module" });
  readonly #problems = new Problems(byId("teach-problems"));
  readonly #store = new Store((message) => {
    const note = byId("teach-keeping");
    note.textContent = message;
    note.hidden = false;
  });
  readonly #classes: TaughtClass[] = [];
  readonly #cards = new Map<TaughtClass, ClassCard>();
  /** Photos that are being read, and their classes. */
  readonly #reading = new Map<number, { readonly name: string; readonly of: TaughtClass }>();
  readonly #training: TrainingView;
  readonly #trying: TryView;
  readonly #burst = wireBurst();
  #ids = 0;
  #isTraining = false;
  #goesOn = false;
  #said?: string;
  /** Everything was deleted during training, so its result is discarded. */
  #isDiscarded = false;
  #model?: KeptModel;
  /** The model as ONNX, once it is open. */
  #onnx?: Blob;
  /** The class that receives pasted photos: the last one that was used. */
  #current?: TaughtClass;

  /** Fills the tab. */
  constructor({ classify }: Surroundings) {
    this.#training = new TrainingView({
      train: () => this.#train(false),
      goOn: () => this.#train(true),
      stop: () => this.#ask({ kind: "stop" }),
      change: (settings) => {
        void this.#store.putSettings(settings);
        this.#change();
      },
    });
    this.#trying = new TryView((id, image, name) => this.#ask({ kind: "try", id, image, name }));
    this.#worker.onmessage = ({ data }: MessageEvent<Reply>) => this.#heed(data);
    this.#worker.onerror = ({ message }) => this.#fail(message || "Cannot start the worker");
    byId("add-class").addEventListener("click", () => {
      const added = this.#addClass(this.#newName());
      this.#render();
      this.#cards.get(added)!.focus();
    });
    byId("save-model").addEventListener(
      "click",
      () => this.#model && saveFile(`${FILE}.zip`, this.#model.archive, "application/zip"),
    );
    byId("save-onnx").addEventListener(
      "click",
      () => this.#onnx && saveFile(`${FILE}.onnx`, this.#onnx, "application/octet-stream"),
    );
    byId("to-classify").addEventListener("click", () => this.#model && classify(this.#model.archive));
    const open = byId<HTMLInputElement>("open-model");
    open.addEventListener("change", () => {
      this.add([...open.files!]);
      open.value = "";
    });
    this.#wireDelete();
    void this.#restore();
  }

  /** Handles files that were pasted or dropped outside the classes: a model, or photos for the last used class. */
  add(files: readonly File[]): void {
    const [archive] = files.filter(({ name }) => /\.zip$/i.test(name));
    if (archive) return this.#open({ archive, name: archive.name });
    if (files.length === 0 || this.#isTraining) return;
    this.#addPhotos(this.#current ?? this.#classes[0] ?? this.#addClass(this.#newName()), files);
  }

  async #restore(): Promise<void> {
    const { classes, photos, model, settings } = await this.#store.read();
    const byClass = Map.groupBy(photos, ({ classId }) => classId);
    this.#ids = Math.max(0, ...classes.map(({ id }) => id), ...photos.map(({ id }) => id));
    for (const { id, name } of classes) {
      const own = (byClass.get(id) ?? []).map(({ id, name, pixels, thumbnail }) => ({ id, name, pixels, thumbnail }));
      this.#showClass({ id, name, photos: own });
    }
    if (settings) this.#training.settings = settings;
    while (this.#classes.length < 2) this.#addClass(this.#newName());
    if (model) this.#open(model);
    this.#change();
  }

  #newName(): string {
    const names = new Set(this.#classes.map(({ name }) => name));
    for (let number = this.#classes.length + 1;; number++) {
      if (!names.has(`Class ${number}`)) return `Class ${number}`;
    }
  }

  #addClass(name: string): TaughtClass {
    const added: TaughtClass = { id: ++this.#ids, name, photos: [] };
    void this.#store.putClass(added);
    this.#showClass(added);
    this.#change();
    return added;
  }

  #showClass(own: TaughtClass): void {
    this.#classes.push(own);
    const card = new ClassCard(own, {
      rename: (name) => {
        own.name = name;
        void this.#store.putClass(own);
        this.#change();
      },
      remove: () => this.#removeClass(own),
      add: (files) => this.#addPhotos(own, files),
      addFolders: (dropped) => this.#addFolders(dropped, own),
      removePhoto: (photo) => this.#removePhoto(own, photo),
      useCamera: () => void this.#burst(own.name, (photo) => this.#addPhotos(own, [photo])),
    });
    card.element.addEventListener("focusin", () => this.#current = own);
    this.#cards.set(own, card);
    byId("class-cards").append(card.element);
  }

  #removeClass(own: TaughtClass): void {
    void this.#store.removeClass(own.id, own.photos.map(({ id }) => id));
    this.#cards.get(own)!.remove();
    this.#cards.delete(own);
    this.#classes.splice(this.#classes.indexOf(own), 1);
    if (this.#current === own) this.#current = undefined;
    for (const [id, { of }] of this.#reading) if (of === own) this.#reading.delete(id);
    byId("add-class").focus();
    this.#change();
  }

  /** Adds a class for each folder, by its name. Individual files belong to the class on which they were dropped. */
  #addFolders(dropped: readonly Dropped[], target: TaughtClass): void {
    const empty = this.#classes.filter(({ name, photos }) => photos.length === 0 && /^Class \d+$/.test(name));
    for (const { folder, files } of dropped) {
      if (folder === undefined) {
        this.#addPhotos(target, files);
        continue;
      }
      const known = this.#classes.find(({ name }) => name === folder);
      const own = known ?? empty.shift() ?? this.#addClass(folder);
      if (own.name !== folder) {
        own.name = folder;
        void this.#store.putClass(own);
        this.#cards.get(own)!.rename();
      }
      this.#addPhotos(own, files);
    }
    this.#change();
  }

  #addPhotos(own: TaughtClass, files: readonly File[]): void {
    if (files.length > 0) this.#problems.clear();
    for (const file of files) {
      const id = ++this.#ids;
      this.#reading.set(id, { name: file.name, of: own });
      this.#ask({ kind: "read", id, name: file.name, file });
    }
    this.#render();
  }

  #removePhoto(own: TaughtClass, photo: Photo): void {
    own.photos.splice(own.photos.indexOf(photo), 1);
    void this.#store.removePhoto(photo.id);
    this.#change();
  }

  /** The stopped training used other photos, so it cannot be continued. */
  #change(): void {
    this.#goesOn = false;
    this.#said = undefined;
    this.#render();
  }

  #render(): void {
    for (const [, card] of this.#cards) card.render(this.#classes, { locked: this.#isTraining });
    byId<HTMLButtonElement>("add-class").disabled = this.#isTraining;
    const left = this.#reading.size;
    byId("reading").textContent = left === 0 ? "" : `Reading ${left} more ${left === 1 ? "photo" : "photos"} …`;
    if (!this.#isTraining) this.#idle();
    for (const id of ["save-model", "save-onnx", "to-classify"]) {
      byId<HTMLButtonElement>(id).disabled = id === "save-onnx" ? !this.#onnx : !this.#model;
    }
  }

  /** Shows the idle state. The last message stays until something changes. */
  #idle(said = this.#said): void {
    this.#said = said;
    const undone = this.#reading.size > 0 ? "Photos are being read …" : missing(this.#classes);
    this.#training.idle(undone, { said, goesOn: this.#goesOn });
  }

  #train(goOn: boolean): void {
    this.#isTraining = true;
    this.#trying.stop();
    this.#training.begin({ goesOn: goOn });
    const lesson: Lesson = {
      ...this.#training.settings,
      classes: this.#classes.map(({ name }) => name.trim()),
      photos: this.#classes.flatMap(({ photos }, label) => photos.map(({ id, pixels }) => ({ id, label, pixels }))),
    };
    this.#ask({ kind: "train", lesson, goOn });
    this.#render();
  }

  #heed(reply: Reply): void {
    switch (reply.kind) {
      case "photo":
        return this.#addRead(reply);
      case "unread":
        if (this.#reading.delete(reply.id)) this.#problems.add(reply.message);
        return this.#render();
      case "started":
        return this.#training.start(reply);
      case "step":
        return this.#training.step(reply.step);
      case "epoch":
        return this.#training.epoch(reply.epoch);
      case "note":
        return this.#training.note(reply.message);
      case "trained":
        return this.#takeModel(reply);
      case "failed":
        return this.#fail(reply.message);
      case "opened":
        this.#onnx = reply.onnx;
        this.#trying.show(reply.model);
        return this.#render();
      case "not opened":
        this.#model = this.#onnx = undefined;
        this.#trying.show(undefined);
        this.#problems.add(reply.message);
        return this.#render();
      case "answer":
        return this.#trying.answer(reply.id, reply.answer, reply.left);
      case "not tried":
        return this.#trying.fail(reply.id, reply.message);
    }
  }

  #addRead({ id, pixels, thumbnail }: Extract<Reply, { kind: "photo" }>): void {
    const found = this.#reading.get(id);
    if (!found) return; // its class was removed
    this.#reading.delete(id);
    const photo: Photo = { id, name: found.name, pixels, thumbnail };
    found.of.photos.push(photo);
    void this.#store.putPhoto({ ...photo, classId: found.of.id });
    this.#change();
  }

  #takeModel({ finished, archive, outcome }: Extract<Reply, { kind: "trained" }>): void {
    this.#isTraining = false;
    if (this.#isDiscarded) return this.#discard();
    this.#goesOn = !finished;
    const model = { archive, name: `${FILE}.zip`, outcome };
    void this.#store.putModel(model);
    this.#open(model);
    this.#render();
    this.#idle(finished ? "Trained." : "Stopped. The state so far is kept.");
  }

  #open(model: KeptModel): void {
    this.#model = model;
    this.#onnx = undefined;
    const photos = new Map(this.#classes.flatMap(({ photos }) => photos).map((photo) => [photo.id, photo]));
    showOutcome(model.outcome, photos);
    if (!model.outcome) void this.#store.putModel(model);
    this.#ask({ kind: "open", archive: model.archive, name: model.name });
    this.#render();
  }

  #fail(message: string): void {
    this.#isTraining = false;
    if (this.#isDiscarded) return this.#discard();
    this.#render();
    this.#idle(message);
  }

  #discard(): void {
    this.#isDiscarded = false;
    this.#training.clear();
    this.#change();
  }

  #wireDelete(): void {
    const dialog = byId<HTMLDialogElement>("sure");
    byId("delete-all").addEventListener("click", () => dialog.showModal());
    byId("sure-keep").addEventListener("click", () => dialog.close());
    byId("sure-delete").addEventListener("click", async () => {
      dialog.close();
      if (this.#isTraining) this.#ask({ kind: "stop" });
      this.#isDiscarded = this.#isTraining;
      for (const own of [...this.#classes]) this.#removeClass(own);
      this.#reading.clear();
      await this.#store.clear();
      this.#model = this.#onnx = undefined;
      this.#training.clear();
      this.#trying.show(undefined);
      showOutcome(undefined, new Map());
      this.#problems.clear();
      while (this.#classes.length < 2) this.#addClass(this.#newName());
      if (!this.#isTraining) this.#idle("Everything is deleted.");
    });
  }

  #ask(request: Request): void {
    this.#worker.postMessage(request);
  }
}
