/**
 * Images grouped by exit.
 *
 * @module
 */

/// <reference lib="dom" />

import { large, percent } from "../lib/text/numbers.ts";
import { make } from "./dom.ts";
import type { Network } from "./library.ts";
import type { Answer } from "./messages.ts";
import type { Sample } from "./samples.ts";

/** A shelf for each exit. */
export class Shelves {
  readonly #select: (sample: Sample) => void;
  readonly #shelves: readonly {
    readonly shelf: HTMLElement;
    readonly count: HTMLElement;
    readonly list: HTMLElement;
  }[];
  readonly #cards = new Map<Sample, HTMLLIElement>();

  /** Creates the empty shelves. `select`: called with the image that is clicked. */
  constructor(place: HTMLElement, network: Network, select: (sample: Sample) => void) {
    this.#select = select;
    place.replaceChildren();
    this.#shelves = network.exits.map(({ cumulativeFlops }, k) => {
      const count = make("span", "count");
      const list = make("ul", "");
      const title = make("h3", "", `Exit ${k + 1} `, count);
      const shelf = make("section", "shelf", title, make("p", "quiet", large(cumulativeFlops)), list);
      place.append(shelf);
      return { shelf, count, list };
    });
  }

  /** Puts each image that has left on its shelf. */
  render(taken: ReadonlyMap<Sample, Answer | undefined>, selected: Sample | undefined): void {
    for (const [sample, card] of this.#cards) {
      if (taken.has(sample)) continue;
      card.remove();
      this.#cards.delete(sample);
    }
    for (const [sample, answer] of taken) {
      if (!answer || !sample.thumbnail) continue;
      const card = this.#cards.get(sample) ?? this.#makeCard(sample);
      const { list } = this.#shelves[answer.exit - 1];
      if (card.parentElement !== list) list.append(card);
      const [button] = card.getElementsByTagName("button");
      const [label, confidence] = card.getElementsByTagName("span");
      label.textContent = answer.label;
      confidence.textContent = percent(answer.confidence);
      button.ariaPressed = String(sample === selected);
    }
    for (const { shelf, count, list } of this.#shelves) {
      count.textContent = String(list.childElementCount);
      shelf.classList.toggle("empty", list.childElementCount === 0);
    }
  }

  #makeCard(sample: Sample): HTMLLIElement {
    const image = make("img", "");
    image.src = sample.thumbnail!;
    image.alt = sample.name;
    const button = make("button", "card", image, make("span", ""), " ", make("span", "quiet"));
    button.type = "button";
    button.addEventListener("click", () => this.#select(sample));
    const card = make("li", "", button);
    this.#cards.set(sample, card);
    return card;
  }
}
