/**
 * Reads the images in a request. All input is untrusted.
 *
 * @module
 */

import {
  getMultipartBoundary,
  MaxPartsExceededError,
  type MultipartPart,
  parseMultipartStream,
} from "@remix-run/multipart-parser";
import { readImageHeader } from "../data/image_header.ts";
import { unpacked } from "./content_encoding.ts";
import { Refusal } from "./refusal.ts";

/** An image file. */
export interface ImageFile {
  /** The client's name of the file; `-` if it has none. */
  readonly name: string;
  /** The whole file. */
  readonly bytes: Uint8Array;
}

/** Options for reading a request's body. */
export interface ReadOptions {
  /** Maximum size of the body in bytes. */
  readonly maxBody: number;
  /** Maximum number of parts of a form. */
  readonly maxImages: number;
  /** Called with the length of every chunk as it arrives; may throw. */
  readonly onBytes: (count: number) => void;
  /** Aborts reading. */
  readonly signal: AbortSignal;
}

/** Pixel limits, checked against image headers. */
export interface PixelLimits {
  /** Maximum number of pixels of an image. */
  readonly maxPixels: number;
  /** Maximum number of pixels of all images in a request. */
  readonly maxRequestPixels: number;
}

/** Media types of a body that is a single image. */
export const IMAGE_TYPES: readonly string[] = [
  "application/octet-stream", // first, since some generated clients always send the first
  "image/*",
  // curl sends this with --data-binary. The format is determined from the bytes.
  "application/x-www-form-urlencoded",
];
/** openapi-fetch sends this with every body. It is accepted if the bytes are an image. */
const JSON_TYPE = "application/json";
/** Media type of a body with several images. */
export const FORM_TYPE = "multipart/form-data";

/**
 * Maximum length of a boundary by RFC 2046. multipart-parser 0.16.3 does not support longer ones: it keeps distances in
 * a `Uint8Array`, in which 256 becomes 0.
 */
const MAX_BOUNDARY = 70;

/**
 * Reads a request's body.
 *
 * @throws {Refusal} If it is too large, has another media type, is not a valid form, or has no files.
 * @throws The signal's reason.
 */
export async function readImageFiles(request: Request, options: ReadOptions): Promise<ImageFile[]> {
  const contentType = request.headers.get("content-type") ?? "application/octet-stream";
  const type = contentType.split(";")[0].trim().toLowerCase();
  const wrongType = new Refusal(
    415,
    `Cannot read content-type ${JSON.stringify(type)}: expected ${IMAGE_TYPES.join(", ")} or ${FORM_TYPE}, ` +
      "as curl -F image=@FILE sends",
  );
  const mayBeJson = type === JSON_TYPE;
  if (type !== FORM_TYPE && !mayBeJson && !type.startsWith("image/") && !IMAGE_TYPES.includes(type)) throw wrongType;
  const body = bounded(request, options);
  try {
    if (type !== FORM_TYPE) {
      const bytes = await new Response(body).bytes();
      if (mayBeJson && readImageHeader(bytes) === undefined) throw wrongType;
      return [{ name: "-", bytes }];
    }
    const files = await readForm(body, boundaryOf(contentType), options);
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

/**
 * Reads a request's whole body.
 *
 * @throws {Refusal} If it is too large.
 * @throws The signal's reason.
 */
export async function readBody(request: Request, options: ReadOptions): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return await new Response(bounded(request, options)).bytes();
  } catch (error) {
    if (options.signal.aborted || error instanceof Refusal) throw error;
    throw new Refusal(400, `Cannot read the body: ${(error as Error).message}`);
  }
}

/**
 * Refuses images that would need too much memory or time to decode.
 *
 * @throws {Refusal} If one image, or all together, have too many pixels.
 */
export function checkPixels(files: readonly ImageFile[], { maxPixels, maxRequestPixels }: PixelLimits): void {
  let total = 0;
  for (const { name, bytes } of files) {
    const [width, height] = readImageHeader(bytes)?.size ?? [0, 0];
    if (width * height > maxPixels) {
      throw new Refusal(
        422,
        `Cannot read image ${JSON.stringify(name)}: ${width}×${height} pixels are more than ${maxPixels}`,
        { reason: "pixels" },
      );
    }
    total += width * height;
  }
  if (total > maxRequestPixels) {
    throw new Refusal(
      413,
      `Cannot read the form: its images have ${total} pixels together, more than ${maxRequestPixels}`,
      { reason: "pixels" },
    );
  }
}

function boundaryOf(contentType: string): string {
  const boundary = getMultipartBoundary(contentType);
  if (boundary === null) throw new Refusal(400, "Cannot read the form: its content-type has no boundary");
  if (boundary.length <= MAX_BOUNDARY) return boundary;
  throw new Refusal(
    400,
    `Cannot read the form: its boundary has ${boundary.length} characters, more than the ${MAX_BOUNDARY} of RFC 2046`,
  );
}

async function readForm(
  body: ReadableStream<Uint8Array>,
  boundary: string,
  { maxBody, maxImages }: ReadOptions,
): Promise<ImageFile[]> {
  const files: ImageFile[] = [];
  const limits = { maxParts: maxImages, maxFileSize: maxBody, maxTotalSize: maxBody };
  for await (const part of parseMultipartStream(body, { boundary, ...limits })) {
    const name = fileName(part);
    if (name !== undefined) files.push({ name, bytes: part.bytes });
  }
  return files;
}

/**
 * File name of a part; `undefined` if the part is not a file. The parser's own `filename` also reads `filename*`, which
 * RFC 7578 forbids in forms, and logs to the console if it cannot parse it.
 */
function fileName({ headers }: MultipartPart): string | undefined {
  const [, quoted, bare] =
    /;\s*filename=(?:"((?:[^"\\]|\\.)*)"|([^;\s]*))/i.exec(headers["content-disposition"] ?? "") ??
      [];
  const name = quoted?.replaceAll(/\\(.)/g, "$1") ?? bare;
  if (name !== undefined) return name || "-";
  return /^application\/octet-stream\b/i.test(headers["content-type"] ?? "") ? "-" : undefined;
}

/** The decompressed body, which fails if it is too large. */
function bounded(request: Request, options: ReadOptions): ReadableStream<Uint8Array<ArrayBuffer>> {
  const { maxBody, onBytes, signal } = options;
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
  const body = request.body ?? new Blob().stream();
  return unpacked(body, request.headers.get("content-encoding")).pipeThrough(counted, { signal });
}
