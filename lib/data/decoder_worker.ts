/**
 * The worker that `decoder_pool.ts` starts. It decodes images one after another and replies to each.
 *
 * @module
 */
import { RanetError } from "../errors.ts";
import type { InputSpec } from "../network/common.ts";
import { arrayTensor, isArray } from "./arrays.ts";
import { checkHeader, decodeImage, keepsState } from "./decode.ts";
import type { RgbImage } from "./image.ts";
import { toPixels, toTensor } from "./preprocess.ts";
import { decodeReduced } from "./reduced_jpeg.ts";
import type { Reduction } from "./reduction.ts";
import type { Reply } from "./worker_pool.ts";

/** An image to decode. */
export interface DecodeTask {
  /** The whole file. */
  readonly bytes: Uint8Array;
  /** The file's name in errors. */
  readonly source: string;
  /** The form in which the image is returned. */
  readonly wanted: Wanted;
  /** Decode at this fraction of the size: 2 is half. Missing for full size. */
  readonly by?: Reduction["by"];
}

/** The image itself, its pixels resized for a network, or the network's input tensor. */
export type Wanted =
  | { readonly kind: "image" }
  | { readonly kind: "pixels"; readonly input: Pick<InputSpec, "size" | "resize"> }
  | { readonly kind: "tensor"; readonly input: InputSpec };

/** The result. */
export type Decoded = RgbImage | Uint8ClampedArray | Float32Array;

/** An answer. */
export interface DecodeAnswer {
  /** The result; or the file, if it cannot be decoded at a fraction of its size. */
  readonly decoded: Decoded | { readonly file: Uint8Array };
  /** Warnings about the file. */
  readonly notes: readonly string[];
}

const scope = globalThis as unknown as {
  onmessage: (event: MessageEvent<DecodeTask>) => void;
  postMessage(message: unknown, transfer?: Transferable[]): void;
};

/**
 * A decoder never frees the memory that it has taken. Above this number of pixels, starting a new one is cheaper than
 * keeping it.
 */
const MAX_KEPT_PIXELS = 4_000_000;

function make(image: RgbImage, wanted: Wanted): Decoded {
  switch (wanted.kind) {
    case "image": {
      const { width, height, data } = image; // an ImageData would not arrive as one
      return { width, height, data };
    }
    case "pixels":
      return toPixels(image, wanted.input);
    case "tensor":
      return toTensor(image, wanted.input);
  }
}

async function answer({ bytes, source, wanted, by }: DecodeTask): Promise<Reply<DecodeAnswer>> {
  try {
    if (by !== undefined) {
      const image = await decodeReduced(bytes, checkHeader(bytes, source), { by });
      return { result: { decoded: image ? make(image, wanted) : { file: bytes }, notes: [] } };
    }
    if (wanted.kind === "tensor" && isArray(bytes, wanted.input.mean.length)) {
      const decoded = arrayTensor(bytes, { source, input: wanted.input });
      return { result: { decoded, notes: [] } };
    }
    const notes: string[] = [];
    const image = await decodeImage(bytes, { source, onNote: (note) => void notes.push(note) });
    return { result: { decoded: make(image, wanted), notes }, spent: image.width * image.height > MAX_KEPT_PIXELS };
  } catch (error) {
    if (error instanceof RanetError) {
      return { refused: error.message, code: error.code, spent: keepsState(error) };
    }
    return { failed: String((error as Error).stack), spent: true };
  }
}

scope.onmessage = async ({ data }) => {
  const reply = await answer(data);
  if (!("result" in reply)) return scope.postMessage(reply);
  const { decoded } = reply.result;
  const { buffer } = "file" in decoded ? decoded.file : "data" in decoded ? decoded.data : decoded;
  scope.postMessage(reply, [buffer as ArrayBuffer]);
};
scope.postMessage("ready");
