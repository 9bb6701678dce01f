/**
 * The camera, in a `video` of the page.
 *
 * @module
 */

/// <reference lib="dom" />

/** A camera that can be switched on and off. */
export class LiveCamera {
  readonly #view: HTMLVideoElement;
  #stream?: MediaStream;
  /** Which of several calls was the last. */
  #call = 0;

  /** Shows what it sees in a `video`, which is hidden while it is off. */
  constructor(view: HTMLVideoElement) {
    this.#view = view;
  }

  /** Whether it is on. */
  get isOn(): boolean {
    return this.#stream !== undefined;
  }

  /**
   * Switches it on.
   *
   * @returns Whether it is on: it may have been switched off meanwhile.
   * @throws {Error} If there is none, or it is refused; says what to do.
   */
  async start(): Promise<boolean> {
    const call = ++this.#call;
    let stream: MediaStream;
    try {
      if (!navigator.mediaDevices) throw new DOMException("", "NotSupportedError");
      stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
    } catch (error) {
      throw new Error(explain(error as DOMException));
    }
    if (call !== this.#call) {
      stream.getTracks().forEach((track) => track.stop());
      return false;
    }
    this.#stream = stream;
    this.#view.srcObject = stream;
    this.#view.hidden = false;
    await this.#view.play();
    return this.isOn;
  }

  /** Switches it off. */
  stop(): void {
    this.#call++;
    this.#stream?.getTracks().forEach((track) => track.stop());
    this.#stream = undefined;
    this.#view.srcObject = null;
    this.#view.hidden = true;
  }

  /** What it sees now; the shorter side has at most so many pixels, by default all that the camera gives. */
  frame(side = Infinity): HTMLCanvasElement {
    const { videoWidth, videoHeight } = this.#view;
    const scale = Math.min(1, side / Math.min(videoWidth, videoHeight));
    const canvas = document.createElement("canvas");
    canvas.width = Math.max(1, Math.round(videoWidth * scale));
    canvas.height = Math.max(1, Math.round(videoHeight * scale));
    canvas.getContext("2d")!.drawImage(this.#view, 0, 0, canvas.width, canvas.height);
    return canvas;
  }
}

function explain({ name, message }: DOMException): string {
  switch (name) {
    case "NotAllowedError":
      return "The camera was refused. Allow it in the browser's settings for this page, or choose photos instead.";
    case "NotFoundError":
      return "No camera was found. Choose photos instead.";
    case "NotSupportedError":
      return "This browser allows the camera on https and localhost only. Choose photos instead.";
    case "NotReadableError":
      return "The camera does not start: another program may be using it. Close that program, or choose photos instead.";
    default:
      return `Cannot use the camera: ${message}`;
  }
}
