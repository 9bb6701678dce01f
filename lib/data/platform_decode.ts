/**
 * Images that the browser decodes, or that it or Deno has decoded already.
 *
 * @module
 */

import { RanetError } from "../errors.ts";
import type { RgbImage } from "./image.ts";

/** Whether this is a browser, or Deno, whose canvas draws nothing. */
export const inBrowser: boolean = !("Deno" in globalThis);

/** An element of a page that shows a picture: `<img>`, `<canvas>`, `<video>`. */
export interface PictureElement {
  /** The name of its tag. */
  readonly tagName: string;
}

/** A frame of a video, as WebCodecs has it. */
export interface PictureFrame {
  /** Its columns as shown. */
  readonly displayWidth: number;
  /** Its rows as shown. */
  readonly displayHeight: number;
}

/** What a browser can draw. */
export type Drawable = ImageBitmap | OffscreenCanvas | PictureElement | PictureFrame;

/** Pixels, or a PNG of them. */
export type Decoded =
  | { readonly kind: "pixels"; readonly image: RgbImage }
  | { readonly kind: "PNG"; readonly bytes: Uint8Array };

/** Whether something is a picture of the platform's own. */
export function isDrawable(image: unknown): image is Drawable {
  if (typeof image !== "object" || image === null) return false;
  const kinds = ["ImageBitmap", "OffscreenCanvas", "HTMLImageElement", "HTMLCanvasElement", "HTMLVideoElement"];
  return [...kinds, "SVGImageElement", "VideoFrame"].some((kind) => {
    const constructor = (globalThis as Record<string, unknown>)[kind];
    return typeof constructor === "function" && image instanceof constructor;
  });
}

/**
 * Decodes an image file that we do not decode, in a browser, which turns it upright. Profiles are not applied.
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
 * The picture that an element shows, or that an `ImageBitmap` holds, which is not used up.
 *
 * @throws {RanetError} If it shows nothing yet, or may not be looked at, being from another site.
 */
export async function decodedPicture(image: Drawable, source: string): Promise<Decoded> {
  try {
    return await takeBitmap(await createImageBitmap(image as ImageBitmap, { premultiplyAlpha: "none" }));
  } catch (error) {
    const { message } = error as Error;
    throw new RanetError(
      `Cannot read image ${JSON.stringify(source)}: its pixels cannot be had (${message}). Wait until it is loaded ` +
        "(await img.decode()); from another site, it needs crossorigin and that site's permission",
      { cause: error },
    );
  }
}

/** What is in a bitmap, which is used up. */
async function takeBitmap(bitmap: ImageBitmap): Promise<Decoded> {
  const { width, height } = bitmap;
  if (inBrowser) {
    const canvas = new OffscreenCanvas(width, height) as unknown as Canvas2d; // Deno's type knows no drawing
    const context = canvas.getContext("2d", { colorSpace: "srgb" });
    context.drawImage(bitmap, 0, 0);
    bitmap.close();
    const { data } = context.getImageData(0, 0, width, height);
    return { kind: "pixels", image: { width, height, data } };
  }
  // Deno's canvas hands on what it is given.
  const canvas = new OffscreenCanvas(width, height);
  canvas.getContext("bitmaprenderer")!.transferFromImageBitmap(bitmap);
  return { kind: "PNG", bytes: await (await canvas.convertToBlob({ type: "image/png" })).bytes() };
}

/** A canvas as browsers have it. It multiplies colours by their transparency: what is fully transparent becomes black. */
interface Canvas2d {
  getContext(kind: "2d", options: { readonly colorSpace: "srgb" }): {
    drawImage(image: ImageBitmap, x: number, y: number): void;
    getImageData(x: number, y: number, width: number, height: number): { readonly data: Uint8ClampedArray };
  };
}
