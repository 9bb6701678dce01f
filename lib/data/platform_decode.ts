/**
 * Images decoded by the browser, and pictures that the browser or Deno has already decoded.
 *
 * @module
 */

import { RanetError } from "../errors.ts";
import type { RgbImage } from "./image.ts";

/** Whether this is a browser. Deno's canvas cannot draw. */
export const inBrowser: boolean = !("Deno" in globalThis);

/** An element of a web page that shows a picture: `<img>`, `<canvas>`, `<video>`. */
export interface PictureElement {
  /** The name of its tag. */
  readonly tagName: string;
}

/** A video frame of WebCodecs. */
export interface PictureFrame {
  /** Displayed width in pixels. */
  readonly displayWidth: number;
  /** Displayed height in pixels. */
  readonly displayHeight: number;
}

/** A picture that a browser can draw. */
export type Drawable = ImageBitmap | OffscreenCanvas | PictureElement | PictureFrame;

/** Pixels, or a PNG of them. */
export type Decoded =
  | { readonly kind: "pixels"; readonly image: RgbImage }
  | { readonly kind: "PNG"; readonly bytes: Uint8Array };

/** Whether a value is a picture of the platform. */
export function isDrawable(image: unknown): image is Drawable {
  if (typeof image !== "object" || image === null) return false;
  const kinds = ["ImageBitmap", "OffscreenCanvas", "HTMLImageElement", "HTMLCanvasElement", "HTMLVideoElement"];
  return [...kinds, "SVGImageElement", "VideoFrame"].some((kind) => {
    const constructor = (globalThis as Record<string, unknown>)[kind];
    return typeof constructor === "function" && image instanceof constructor;
  });
}

/**
 * Lets the browser decode a file of a format that we do not decode. It applies the orientation, but no colour profile.
 *
 * @returns `undefined` if the browser does not decode it either.
 */
export async function decodeByBrowser(file: Blob): Promise<RgbImage | undefined> {
  try {
    const bitmap = await createImageBitmap(file, { premultiplyAlpha: "none", colorSpaceConversion: "none" });
    const decoded = await takeBitmap(bitmap);
    return decoded.kind === "pixels" ? decoded.image : undefined;
  } catch {
    return undefined;
  }
}

/**
 * The picture of an element or an `ImageBitmap`, which stays usable.
 *
 * @throws {RanetError} If it shows nothing yet, or is from another site that does not permit reading its pixels.
 */
export async function decodedPicture(image: Drawable, source: string): Promise<Decoded> {
  try {
    return await takeBitmap(await createImageBitmap(image as ImageBitmap, { premultiplyAlpha: "none" }));
  } catch (error) {
    const { message } = error as Error;
    throw new RanetError(
      `Cannot read image ${JSON.stringify(source)}: its pixels cannot be read (${message}). Wait until it is loaded ` +
        "(await img.decode()). An image from another site needs the crossorigin attribute and that site's permission",
      { cause: error },
    );
  }
}

/** The pixels of a bitmap, which is consumed. */
async function takeBitmap(bitmap: ImageBitmap): Promise<Decoded> {
  const { width, height } = bitmap;
  if (inBrowser) {
    const canvas = new OffscreenCanvas(width, height) as unknown as Canvas2d; // Deno's type has no drawing methods
    const context = canvas.getContext("2d", { colorSpace: "srgb" });
    context.drawImage(bitmap, 0, 0);
    bitmap.close();
    const { data } = context.getImageData(0, 0, width, height);
    return { kind: "pixels", image: { width, height, data } };
  }
  // Deno's canvas only passes on the bitmap.
  const canvas = new OffscreenCanvas(width, height);
  canvas.getContext("bitmaprenderer")!.transferFromImageBitmap(bitmap);
  return { kind: "PNG", bytes: await (await canvas.convertToBlob({ type: "image/png" })).bytes() };
}

/** A browser's canvas. It premultiplies alpha: fully transparent pixels become black. */
interface Canvas2d {
  getContext(kind: "2d", options: { readonly colorSpace: "srgb" }): {
    drawImage(image: ImageBitmap, x: number, y: number): void;
    getImageData(x: number, y: number, width: number, height: number): { readonly data: Uint8ClampedArray };
  };
}
