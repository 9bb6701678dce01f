/**
 * The drawing of a network on the page.
 *
 * @module
 */

/// <reference lib="dom" />

import { drawNetwork, type Network } from "./library.ts";

const DIMMED = new CSSStyleSheet();
DIMMED.replaceSync(`
svg { display: block; min-width: 42rem; margin: 0 auto; }
[data-exit] { transition: opacity 0.25s; }
.dim { opacity: 0.16; }
@media (prefers-reduced-motion: reduce) { [data-exit] { transition: none; } }`);

/** A drawing in an element of the page, isolated from the page's styles and ids. */
export class Drawing {
  readonly #root: ShadowRoot;
  /** The SVG text of the drawing, if there is one. */
  svg?: string;

  /** Creates an empty drawing. */
  constructor(place: HTMLElement) {
    this.#root = place.attachShadow({ mode: "open" });
    this.#root.adoptedStyleSheets = [DIMMED];
  }

  /** Draws a network, completely highlighted. */
  show(network: Network): void {
    this.svg = drawNetwork(network);
    const { documentElement } = new DOMParser().parseFromString(this.svg, "image/svg+xml");
    this.#root.replaceChildren(document.importNode(documentElement, true));
  }

  /** Highlights the elements computed up to an exit, counted from 1. */
  light(exit: number): void {
    for (const part of this.#root.querySelectorAll<SVGElement>("[data-exit]")) {
      part.classList.toggle("dim", Number(part.dataset.exit) > exit);
    }
  }
}
