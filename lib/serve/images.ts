/**
 * The images in a request: none of it is trusted.
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

/** Most pixels, by what an image's header says. */
export interface PixelLimits {
  /** Most pixels of an image. */
  readonly maxPixels: number;
  /** Most pixels of all images of a request. */
  readonly maxRequestPixels: number;
}

/** Media types of a body that is one image, and of one that has several. */
export const IMAGE_TYPES: readonly string[] = [
  "application/octet-stream", // first, since some generated clients send the first as it is
  "image/*",
  // What curl says of --data-binary: the bytes tell what it is.
  "application/x-www-form-urlencoded",
];
/** What openapi-fetch says of every body: where the bytes are an image all the same, they count. */
const JSON_TYPE = "application/json";
/** The media type of a body that has several images. */
export const FORM_TYPE = "multipart/form-data";

/**
 * Longest boundary, by RFC 2046. One of 252 or 253 characters sends multipart-parser 0.16.3 round for ever: it keeps
 * distances in a `Uint8Array`, where 256 becomes 0.
 */
const MAX_BOUNDARY = 70;

/**
 * Reads a request's body.
 *
 * @throws {Refusal} If it is too large, of another media type, no valid form, or has no files.
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
 * Reads a request's body whole.
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
 * Refuses images that would take too much to decode.
 *
 * @throws {Refusal} If one has too many pixels, or all together.
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
 * What a part's file is called; undefined if it is none. The parser's own `filename` also reads `filename*`, which
 * RFC 7578 forbids in forms, and writes it to the console if it cannot.
 */
function fileName({ headers }: MultipartPart): string | undefined {
  const [, quoted, bare] =
    /;\s*filename=(?:"((?:[^"\\]|\\.)*)"|([^;\s]*))/i.exec(headers["content-disposition"] ?? "") ??
      [];
  const name = quoted?.replaceAll(/\\(.)/g, "$1") ?? bare;
  if (name !== undefined) return name || "-";
  return /^application\/octet-stream\b/i.test(headers["content-type"] ?? "") ? "-" : undefined;
}

/** The body, unpacked, until there is too much of it. */
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
