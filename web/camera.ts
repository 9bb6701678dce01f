/**
 * Photos from the camera, in a dialog.
 *
 * @module
 */

/// <reference lib="dom" />

import { byId } from "./dom.ts";
import { LiveCamera } from "./live_camera.ts";

/** Connects the camera's button and dialog. */
export function wireCamera(take: (photo: File) => void): void {
  const dialog = byId<HTMLDialogElement>("camera");
  const shutter = byId<HTMLButtonElement>("camera-take");
  const problem = byId("camera-problem");
  const camera = new LiveCamera(byId<HTMLVideoElement>("camera-view"));

  byId("camera-open").addEventListener("click", async () => {
    problem.textContent = "";
    shutter.disabled = true;
    dialog.showModal();
    try {
      if (!await camera.start()) return;
      shutter.disabled = false;
      shutter.focus();
    } catch (error) {
      problem.textContent = (error as Error).message;
    }
  });
  shutter.addEventListener("click", () => {
    camera.frame().toBlob((photo) => photo && take(new File([photo], "camera.png")));
    dialog.close();
  });
  byId("camera-close").addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => camera.stop());
}
