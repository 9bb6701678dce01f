/**
 * The card of a class: its name, its photos, and controls to add photos.
 *
 * @module
 */

/// <reference lib="dom" />

import { make } from "../dom.ts";
import { type Dropped, droppedFiles } from "./dropped_files.ts";
import { hint, LONGEST_NAME, type Photo, type TaughtClass } from "./photos.ts";

/** Number of photos that are shown by default. */
const SHOWN = 40;

/** Actions of a card. */
export interface CardActions {
  readonly rename: (name: string) => void;
  readonly remove: () => void;
  readonly add: (files: readonly File[]) => void;
  /** Called with dropped folders, which become classes. */
  readonly addFolders: (dropped: readonly Dropped[]) => void;
  readonly removePhoto: (photo: Photo) => void;
  readonly useCamera: () => void;
}

let inputs = 0;

/** The card of a class. */
export class ClassCard {
  /** The card's element. */
  readonly element: HTMLElement;
  readonly #class: TaughtClass;
  readonly #actions: CardActions;
  readonly #name = make("input", "class-name");
  readonly #count = make("span", "count");
  readonly #hint = make("p", "quiet hint");
  readonly #list = make("ul", "photos");
  readonly #all = make("button", "button small");
  readonly #shown = new Map<number, { readonly item: HTMLLIElement; readonly url: string }>();
  readonly #controls: readonly (HTMLInputElement | HTMLButtonElement)[];
  #showsAll = false;

  /** Creates the card. */
  constructor(own: TaughtClass, actions: CardActions) {
    this.#class = own;
    this.#actions = actions;
    const files = make("input", "unseen");
    Object.assign(files, { type: "file", accept: "image/*", multiple: true, id: `photos-${++inputs}` });
    files.addEventListener("change", () => {
      actions.add([...files.files!]);
      files.value = "";
    });
    const choose = make("label", "button small", "Choose photos");
    choose.htmlFor = files.id;
    const camera = make("button", "button small", "Camera");
    const remove = make("button", "button small", "Remove");
    for (const button of [camera, remove, this.#all]) button.type = "button";
    camera.addEventListener("click", actions.useCamera);
    remove.addEventListener("click", actions.remove);
    Object.assign(this.#name, { value: own.name, maxLength: LONGEST_NAME, autocomplete: "off", spellcheck: false });
    this.#name.addEventListener("input", () => {
      actions.rename(this.#name.value);
      this.#nameControls();
    });
    this.#all.addEventListener("click", () => {
      this.#showsAll = !this.#showsAll;
      this.#renderPhotos();
    });
    this.#controls = [files, camera, remove, this.#name];
    this.element = make(
      "section",
      "class-card",
      make("div", "class-head", this.#name, this.#count, remove),
      this.#hint,
      this.#list,
      this.#all,
      make("div", "buttons start", files, choose, camera),
    );
    this.#takeDrops();
    this.#nameControls();
  }

  /** Updates the card. While it is locked, nothing can be changed. */
  render(all: readonly TaughtClass[], { locked }: { readonly locked: boolean }): void {
    const { photos } = this.#class;
    this.#count.textContent = photos.length === 1 ? "1 photo" : `${photos.length} photos`;
    this.#hint.textContent = hint(this.#class, all);
    for (const control of this.#controls) control.disabled = locked;
    this.element.inert = locked;
    this.element.classList.toggle("locked", locked);
    this.#renderPhotos();
  }

  /** Shows a name that was changed elsewhere. */
  rename(): void {
    this.#name.value = this.#class.name;
    this.#nameControls();
  }

  /** Starts editing the name. */
  focus(): void {
    this.#name.focus();
    this.#name.select();
  }

  /** Removes the card from the page. */
  remove(): void {
    for (const { url } of this.#shown.values()) URL.revokeObjectURL(url);
    this.element.remove();
  }

  /** The labels of all controls include the name of the class. */
  #nameControls(): void {
    const name = this.#class.name || "a class without a name";
    const [files, camera, remove, field] = this.#controls;
    field.ariaLabel = "Name of the class";
    files.ariaLabel = `Choose photos of ${name}`;
    camera.ariaLabel = `Camera: photos of ${name}`;
    remove.ariaLabel = `Remove ${name}`;
    this.element.ariaLabel = name;
  }

  #renderPhotos(): void {
    const { photos } = this.#class;
    const wanted = this.#showsAll ? photos : photos.slice(-SHOWN);
    const ids = new Set(wanted.map(({ id }) => id));
    for (const [id, { item, url }] of this.#shown) {
      if (ids.has(id)) continue;
      item.remove();
      URL.revokeObjectURL(url);
      this.#shown.delete(id);
    }
    for (const photo of wanted) {
      if (!this.#shown.has(photo.id)) this.#shown.set(photo.id, this.#showPhoto(photo));
    }
    // In order, the newest last.
    this.#list.append(
      ...wanted.map(({ id }) => this.#shown.get(id)!.item).filter((item, i) => this.#list.children[i] !== item),
    );
    this.#list.hidden = photos.length === 0;
    this.#all.hidden = photos.length <= SHOWN;
    this.#all.textContent = this.#showsAll ? "Show fewer" : `Show all ${photos.length}`;
  }

  #showPhoto(photo: Photo): { readonly item: HTMLLIElement; readonly url: string } {
    const url = URL.createObjectURL(photo.thumbnail);
    const image = make("img", "");
    image.src = url;
    image.alt = "";
    image.loading = "lazy";
    const button = make("button", "photo-button", image);
    button.type = "button";
    button.title = `Remove ${photo.name}`;
    button.ariaLabel = button.title;
    button.addEventListener("click", () => {
      const next = button.parentElement!.nextElementSibling ?? button.parentElement!.previousElementSibling;
      this.#actions.removePhoto(photo);
      (next?.firstElementChild as HTMLElement | undefined ?? this.#name).focus();
    });
    return { item: make("li", "", button), url };
  }

  #takeDrops(): void {
    const mark = (on: boolean) => this.element.classList.toggle("target", on);
    this.element.addEventListener("dragover", ({ dataTransfer }) => mark(dataTransfer!.types.includes("Files")));
    this.element.addEventListener("dragleave", () => mark(false));
    this.element.addEventListener("drop", async (event) => {
      mark(false);
      if (!event.dataTransfer!.types.includes("Files")) return;
      event.preventDefault();
      const dropped = await droppedFiles(event.dataTransfer!);
      if (dropped.length > 1) return this.#actions.addFolders(dropped);
      this.#actions.add(dropped.flatMap(({ files }) => files));
    });
  }
}
