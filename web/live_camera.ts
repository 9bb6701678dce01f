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
  /** Number of the last call. */
  #call = 0;

  /** Creates a camera that is shown in a `video` element, which is hidden while the camera is off. */
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
   * @returns Whether it is on. It may have been switched off in the meantime.
   * @throws {Error} If there is no camera or access is refused. The message says what to do.
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

  /** The current frame. `side`: maximum length of the shorter side in pixels. Default: no limit. */
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
      return "Access to the camera was refused. Allow it in the browser's settings for this page, or choose photos instead.";
    case "NotFoundError":
      return "No camera was found. Choose photos instead.";
    case "NotSupportedError":
      return "This browser allows the camera only on https and localhost. Choose photos instead.";
    case "NotReadableError":
      return "The camera does not start: another program may be using it. Close that program, or choose photos instead.";
    default:
      return `Cannot use the camera: ${message}`;
  }
}
