/**
 * A dismissible note about files that could not be read.
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

  /** Creates the note in an element with `details` (which contains a `summary` and a list) and a button. */
  constructor(place: HTMLElement) {
    this.#place = place;
    this.#summary = place.querySelector("summary")!;
    this.#list = place.querySelector("ul")!;
    place.querySelector("button")!.addEventListener("click", () => this.clear());
  }

  /** Adds a problem. */
  add(message: string): void {
    this.#list.append(make("li", "", message));
    const count = this.#list.childElementCount;
    this.#summary.textContent = count === 1 ? message : `${count} files could not be read`;
    this.#place.hidden = false;
  }

  /** Removes the note. */
  clear(): void {
    this.#list.replaceChildren();
    this.#place.hidden = true;
  }
}
