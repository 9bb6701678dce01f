/**
 * Takes photos with the camera while a button is held.
 *
 * @module
 */

/// <reference lib="dom" />

import { byId } from "../dom.ts";
import { LiveCamera } from "../live_camera.ts";

/** Milliseconds between two photos. */
const PAUSE = 150;
/** Shorter side of a photo, in pixels. */
const SIDE = 224;

/** Connects the dialog and returns a function that opens it for a class. */
export function wireBurst(): (name: string, take: (photo: File) => void) => Promise<void> {
  const dialog = byId<HTMLDialogElement>("burst");
  const button = byId<HTMLButtonElement>("burst-take");
  const state = byId("burst-state");
  const camera = new LiveCamera(byId<HTMLVideoElement>("burst-view"));
  let take = (_: File): void => {};
  let timer: ReturnType<typeof setInterval> | undefined;
  let count = 0;

  const shoot = (): void => {
    const number = ++count;
    camera.frame(SIDE).toBlob((photo) => photo && take(new File([photo], `camera ${number}.png`)));
    state.textContent = number === 1 ? "1 photo taken" : `${number} photos taken`;
  };
  const begin = (): void => {
    if (timer !== undefined || !camera.isOn) return;
    shoot();
    timer = setInterval(shoot, PAUSE);
  };
  const end = (): void => {
    clearInterval(timer);
    timer = undefined;
  };
  button.addEventListener("pointerdown", (event) => {
    if (event.button === 0) begin();
  });
  for (const type of ["pointerup", "pointercancel", "pointerleave", "blur", "keyup"]) {
    button.addEventListener(type, end);
  }
  button.addEventListener("keydown", ({ key }) => (key === " " || key === "Enter") && begin());
  // A screen reader's click is neither a pointer nor a key event. It takes one photo.
  button.addEventListener("click", (event) => event.detail === 0 && timer === undefined && camera.isOn && shoot());
  button.addEventListener("contextmenu", (event) => event.preventDefault());
  byId("burst-close").addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => {
    end();
    camera.stop();
  });

  return async (name, taker) => {
    take = taker;
    count = 0;
    byId("burst-class").textContent = name;
    state.textContent = "";
    button.disabled = true;
    dialog.showModal();
    try {
      if (!await camera.start()) return;
      button.disabled = false;
      button.focus();
    } catch (error) {
      state.textContent = (error as Error).message;
    }
  };
}
