/**
 * What could not be read: one note, however many files, that can be dismissed.
 *
 * @module
 */

/// <reference lib="dom" />

import { make } from "./dom.ts";

/** The note. */
export class Problems {
  readonly #place: HTMLElement;
  readonly #summary: HTMLElement;
  readonly #list: HTMLElement;

  /** In an element with `details`, in which a `summary` and a list are, and a button. */
  constructor(place: HTMLElement) {
    this.#place = place;
    this.#summary = place.querySelector("summary")!;
    this.#list = place.querySelector("ul")!;
    place.querySelector("button")!.addEventListener("click", () => this.clear());
  }

  /** Tells of one more. */
  add(message: string): void {
    this.#list.append(make("li", "", message));
    const count = this.#list.childElementCount;
    this.#summary.textContent = count === 1 ? message : `${count} files could not be read`;
    this.#place.hidden = false;
  }

  /** Takes the note away. */
  clear(): void {
    this.#list.replaceChildren();
    this.#place.hidden = true;
  }
}
