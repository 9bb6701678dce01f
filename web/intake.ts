/**
 * Sources of images: chosen, dropped, pasted, from the camera, or examples.
 *
 * @module
 */

/// <reference lib="dom" />

import { wireCamera } from "./camera.ts";
import { byId, make } from "./dom.ts";

const EXAMPLES = ["ship", "cat", "frog", "truck", "airplane", "horse"];

/** Calls `take` with all images that the page receives. */
export function takeImages(take: (files: readonly File[]) => void): void {
  const input = byId<HTMLInputElement>("files");
  input.addEventListener("change", () => {
    take([...input.files!]);
    input.value = "";
  });
  document.addEventListener("paste", ({ clipboardData }) => take([...clipboardData!.files]));
  takeDrops(take);
  wireCamera((photo) => take([photo]));
  byId("examples").append(...EXAMPLES.map((name) => make("li", "", example(name, take))));
}

function takeDrops(take: (files: readonly File[]) => void): void {
  const mark = (on: boolean) => document.body.classList.toggle("dropping", on);
  // Text can still be dragged into the editor.
  const hasFiles = ({ dataTransfer }: DragEvent): boolean => dataTransfer!.types.includes("Files");
  document.addEventListener("dragover", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    mark(true);
  });
  document.addEventListener("dragleave", ({ relatedTarget }) => relatedTarget ?? mark(false));
  document.addEventListener("drop", (event) => {
    mark(false);
    // A part of the page may have handled the event.
    if (!hasFiles(event) || event.defaultPrevented) return;
    event.preventDefault();
    take([...event.dataTransfer!.files]);
  });
}

function example(name: string, take: (files: readonly File[]) => void): HTMLButtonElement {
  const image = make("img", "");
  image.src = `examples/${name}.jpg`;
  image.alt = `Example: ${name}`;
  const button = make("button", "example", image);
  button.type = "button";
  button.addEventListener("click", async () => {
    const response = await fetch(image.src);
    take([new File([await response.blob()], `${name}.jpg`)]);
  });
  return button;
}
