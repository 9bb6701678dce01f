/**
 * The images in a request: none of it is trusted.
 *
 * @module
 */

import { getMultipartBoundary, MaxPartsExceededError, parseMultipartStream } from "@remix-run/multipart-parser";
import { decodeImage } from "../data/decode.ts";
import { readImageHeader } from "../data/image_header.ts";
import { toTensor } from "../data/preprocess.ts";
import { RanetError } from "../errors.ts";
import type { InputSpec } from "../spec/architecture.ts";
import { Refusal } from "./refusal.ts";

/** An image file. */
export interface ImageFile {
  /** What the client calls it; `-` where it has no name. */
  readonly name: string;
  /** The whole file. */
  readonly bytes: Uint8Array;
}

/** How a request's body is read. */
export interface ReadOptions {
  /** Largest body, in bytes. */
  readonly maxBody: number;
  /** Most parts of a form. */
  readonly maxImages: number;
  /** Told of every chunk as it comes; may throw. */
  readonly onBytes: (count: number) => void;
  /** Stops waiting for more. */
  readonly signal: AbortSignal;
}

/** Media types of a body that is one image, and of one that has several. */
export const IMAGE_TYPES: readonly string[] = ["image/jpeg", "image/png", "image/webp", "application/octet-stream"];
/** The media type of a body that has several images. */
export const FORM_TYPE = "multipart/form-data";

/**
 * Reads a request's body.
 *
 * @throws {Refusal} If it is too large, of another media type, no valid form, or has no files.
 * @throws The signal's reason.
 */
export async function readImageFiles(request: Request, options: ReadOptions): Promise<ImageFile[]> {
  const contentType = request.headers.get("content-type") ?? IMAGE_TYPES[3];
  const type = contentType.split(";")[0].trim().toLowerCase();
  if (type !== FORM_TYPE && !IMAGE_TYPES.includes(type)) {
    throw new Refusal(
      415,
      `Cannot read content-type ${JSON.stringify(type)}: expected ${IMAGE_TYPES.join(", ")} or ${FORM_TYPE}, ` +
        "as curl -F image=@FILE sends",
    );
  }
  const body = bounded(request, options);
  try {
    if (type !== FORM_TYPE) return [{ name: "-", bytes: await new Response(body).bytes() }];
    const files = await readForm(body, getMultipartBoundary(contentType), options);
    if (files.length === 0) throw new Refusal(400, "Cannot classify: the form has no files");
    return files;
  } catch (error) {
    if (options.signal.aborted || error instanceof Refusal) throw error;
    if (error instanceof MaxPartsExceededError) {
      throw new Refusal(413, `Cannot read the form: it has more than ${options.maxImages} parts`);
    }
    throw new Refusal(400, `Cannot read the body: ${(error as Error).message}`);
  }
}

async function readForm(
  body: ReadableStream<Uint8Array>,
  boundary: string | null,
  { maxBody, maxImages }: ReadOptions,
): Promise<ImageFile[]> {
  if (boundary === null) throw new Refusal(400, `Cannot read the form: its content-type has no boundary`);
  const files: ImageFile[] = [];
  const limits = { maxParts: maxImages, maxFileSize: maxBody, maxTotalSize: maxBody };
  for await (const part of parseMultipartStream(body, { boundary, ...limits })) {
    if (part.isFile) files.push({ name: part.filename || "-", bytes: part.bytes });
  }
  return files;
}

/** The body, until there is too much of it. */
function bounded(request: Request, { maxBody, onBytes, signal }: ReadOptions): ReadableStream<Uint8Array<ArrayBuffer>> {
  const tooLarge = new Refusal(413, `Cannot read the body: it is larger than ${maxBody} bytes`);
  if (Number(request.headers.get("content-length")) > maxBody) throw tooLarge;
  let length = 0;
  const counted = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
    transform(chunk, controller) {
      length += chunk.length;
      if (length > maxBody) throw tooLarge;
      onBytes(chunk.length);
      controller.enqueue(chunk);
    },
  });
  return (request.body ?? new Blob().stream()).pipeThrough(counted, { signal });
}

/**
 * Decodes an image for a network.
 *
 * @throws {Refusal} If it is no image, damaged, or has too many pixels.
 */
export async function readTensor(
  { name, bytes }: ImageFile,
  { input, maxPixels }: { readonly input: InputSpec; readonly maxPixels: number },
): Promise<Float32Array> {
  const [width, height] = readImageHeader(bytes)?.size ?? [0, 0];
  if (width * height > maxPixels) {
    throw new Refusal(
      422,
      `Cannot read image ${JSON.stringify(name)}: ${width}×${height} pixels are more than ${maxPixels}`,
    );
  }
  try {
    return toTensor(await decodeImage(bytes, { source: name }), input);
  } catch (error) {
    throw error instanceof RanetError ? new Refusal(422, error.message) : error;
  }
}
