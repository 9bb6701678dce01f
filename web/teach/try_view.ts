/**
 * Tries the model on a photo or the camera, exit by exit.
 *
 * @module
 */

/// <reference lib="dom" />

import { large, percent } from "../../lib/text/numbers.ts";
import { bringIntoView, byId } from "../dom.ts";
import { ExitList } from "../exit_list.ts";
import { LiveCamera } from "../live_camera.ts";
import type { ExitAnswer, ReadyModel } from "./messages.ts";

/** Shorter side of live camera frames in pixels. Network inputs are smaller. */
const SIDE = 96;

/** The view for trying a model. */
export class TryView {
  readonly #ask: (id: number, image: Blob | ImageData, name: string) => void;
  readonly #camera = new LiveCamera(byId<HTMLVideoElement>("try-live"));
  readonly #button = byId<HTMLButtonElement>("try-camera");
  readonly #photo = byId<HTMLImageElement>("try-photo");
  readonly #problem = byId("try-problem");
  #model?: ReadyModel;
  #exits?: ExitList;
  #answers: ExitAnswer[] = [];
  #id = 0;

  /** Connects the view. `ask` sends images to the worker. */
  constructor(ask: (id: number, image: Blob | ImageData, name: string) => void) {
    this.#ask = ask;
    const files = byId<HTMLInputElement>("try-files");
    files.addEventListener("change", () => {
      const [file] = files.files!;
      if (file) this.add(file);
      files.value = "";
    });
    this.#button.addEventListener("click", () => this.#camera.isOn ? this.stop() : this.#start());
  }

  /** Shows a model; `undefined` for none. */
  show(model: ReadyModel | undefined): void {
    this.stop();
    this.#model = model;
    this.#answers = [];
    byId("try").hidden = !model;
    this.#showPhoto(undefined);
    this.#problem.textContent = "";
    if (!model) return;
    this.#exits = new ExitList(byId("try-exits"), model.costs);
    this.#render(undefined);
  }

  /** Tries a photo. */
  add(file: File): void {
    this.stop();
    this.#problem.textContent = "";
    this.#showPhoto(file);
    this.#begin(file, file.name);
    bringIntoView(byId("try-title"));
  }

  /** Shows an exit's prediction. `left`: whether the image left there. */
  answer(id: number, answer: ExitAnswer, left: boolean): void {
    if (id !== this.#id) return;
    if (answer.exit === 1) this.#answers = [];
    this.#answers[answer.exit - 1] = answer;
    // With the camera, only final predictions are shown, because rows would flicker.
    if (left || !this.#camera.isOn) this.#render(left ? answer : undefined);
    if (left && this.#camera.isOn) this.#look();
  }

  /** Reports an image that cannot be used. */
  fail(id: number, message: string): void {
    if (id !== this.#id) return;
    this.stop();
    this.#showPhoto(undefined);
    this.#problem.textContent = message;
  }

  /** Switches the camera off. */
  stop(): void {
    this.#camera.stop();
    this.#button.ariaPressed = "false";
    this.#button.textContent = "Camera";
  }

  async #start(): Promise<void> {
    this.#problem.textContent = "";
    this.#button.ariaPressed = "true";
    this.#button.textContent = "Camera off";
    try {
      if (!await this.#camera.start()) return;
      this.#showPhoto(undefined);
      this.#look();
    } catch (error) {
      this.stop();
      this.#problem.textContent = (error as Error).message;
    }
  }

  /** Requests a prediction for the current frame after the next paint, and thus never while the page is hidden. */
  #look(): void {
    requestAnimationFrame(() => {
      if (!this.#camera.isOn) return;
      const canvas = this.#camera.frame(SIDE);
      this.#begin(canvas.getContext("2d")!.getImageData(0, 0, canvas.width, canvas.height), "camera");
    });
  }

  #begin(image: Blob | ImageData, name: string): void {
    if (!this.#model) return;
    this.#ask(++this.#id, image, name);
  }

  #showPhoto(file: File | undefined): void {
    if (this.#photo.src) URL.revokeObjectURL(this.#photo.src);
    this.#photo.hidden = !file;
    this.#photo.removeAttribute("src");
    if (!file) return;
    this.#photo.src = URL.createObjectURL(file);
    this.#photo.alt = file.name;
  }

  #render(left: ExitAnswer | undefined): void {
    const { thresholds, costs } = this.#model!;
    this.#exits!.render(this.#answers, { threshold: thresholds, left: left?.exit });
    const [strong, line] = byId("try-verdict").children;
    const texts = left
      ? [
        `${left.label} ${percent(left.confidence)}`,
        `at exit ${left.exit} of ${costs.length}, for ${large(left.flops)} multiply-adds, ` +
        `${percent(left.flops / costs.at(-1)!)} of the full network`,
      ]
      : ["Choose a photo", "or hold something in front of the camera."];
    [strong, line].forEach((element, i) => {
      if (element.textContent !== texts[i]) element.textContent = texts[i];
    });
  }
}
