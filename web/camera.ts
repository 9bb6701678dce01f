/**
 * Photos from the camera, in a dialog.
 *
 * @module
 */

/// <reference lib="dom" />

import { byId } from "./dom.ts";

/** Makes the camera's button and dialog work. */
export function wireCamera(take: (photo: File) => void): void {
  const dialog = byId<HTMLDialogElement>("camera");
  const view = byId<HTMLVideoElement>("camera-view");
  const shutter = byId<HTMLButtonElement>("camera-take");
  const problem = byId("camera-problem");
  let stream: MediaStream | undefined;
  const stop = (): void => {
    stream?.getTracks().forEach((track) => track.stop());
    view.srcObject = null;
    view.hidden = true;
  };

  byId("camera-open").addEventListener("click", async () => {
    problem.textContent = "";
    shutter.disabled = true;
    dialog.showModal();
    try {
      stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
      if (!dialog.open) return stop();
      view.srcObject = stream;
      view.hidden = false;
      await view.play();
      shutter.disabled = false;
      shutter.focus();
    } catch (error) {
      problem.textContent = `Cannot use the camera: ${(error as Error).message}`;
    }
  });
  shutter.addEventListener("click", () => {
    const canvas = document.createElement("canvas");
    canvas.width = view.videoWidth;
    canvas.height = view.videoHeight;
    canvas.getContext("2d")!.drawImage(view, 0, 0);
    canvas.toBlob((photo) => photo && take(new File([photo], "camera.png")));
    dialog.close();
  });
  byId("camera-close").addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", stop);
}
