/**
 * Decodes images in a worker, which `decoder_pool.ts` starts: one after another, each answered.
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
  /** What errors call it. */
  readonly source: string;
  /** What is made of the image. */
  readonly wanted: Wanted;
  /** The part of its size at which it is decoded; missing for all of it. */
  readonly by?: Reduction["by"];
}

/** The image itself, what a network sees of it, or the tensor that it takes. */
export type Wanted =
  | { readonly kind: "image" }
  | { readonly kind: "pixels"; readonly input: Pick<InputSpec, "size" | "resize"> }
  | { readonly kind: "tensor"; readonly input: InputSpec };

/** The result. */
export type Decoded = RgbImage | Uint8ClampedArray | Float32Array;

/** An answer. */
export interface DecodeAnswer {
  /** What was wanted; the file again, if it cannot be decoded at a part of its size. */
  readonly decoded: Decoded | { readonly file: Uint8Array };
  /** What is odd about the file. */
  readonly notes: readonly string[];
}

const scope = globalThis as unknown as {
  onmessage: (event: MessageEvent<DecodeTask>) => void;
  postMessage(message: unknown, transfer?: Transferable[]): void;
};

/** A decoder keeps the memory that it once took: above so many pixels, starting another one costs less. */
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
