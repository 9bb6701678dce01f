/**
 * Decodes images in a worker, which `decoder_pool.ts` starts: one after another, each answered.
 *
 * @module
 */
import { RanetError } from "../errors.ts";
import type { InputSpec } from "../network/common.ts";
import { decodeImage, keepsState } from "./decode.ts";
import type { RgbImage } from "./image.ts";
import { toPixels, toTensor } from "./preprocess.ts";
import type { Reply } from "./worker_pool.ts";

/** An image to decode. */
export interface DecodeTask {
  /** The whole file. */
  readonly bytes: Uint8Array;
  /** What errors call it. */
  readonly source: string;
  /** What is made of the image. */
  readonly wanted: Wanted;
}

/** The image itself, what a network sees of it, or the tensor that it takes. */
export type Wanted =
  | { readonly kind: "image" }
  | { readonly kind: "pixels"; readonly input: Pick<InputSpec, "size" | "resize"> }
  | { readonly kind: "tensor"; readonly input: InputSpec };

/** What comes of it. */
export type Decoded = RgbImage | Uint8ClampedArray | Float32Array;

/** An answer. */
export interface DecodeAnswer {
  /** What was wanted. */
  readonly decoded: Decoded;
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

async function answer({ bytes, source, wanted }: DecodeTask): Promise<Reply<DecodeAnswer>> {
  try {
    const notes: string[] = [];
    const image = await decodeImage(bytes, { source, onNote: (note) => void notes.push(note) });
    return { result: { decoded: make(image, wanted), notes }, spent: image.width * image.height > MAX_KEPT_PIXELS };
  } catch (error) {
    if (error instanceof RanetError) return { refused: error.message, spent: keepsState(error) };
    return { failed: String((error as Error).stack), spent: true };
  }
}

scope.onmessage = async ({ data }) => {
  const reply = await answer(data);
  if (!("result" in reply)) return scope.postMessage(reply);
  const { decoded } = reply.result;
  const { buffer } = "data" in decoded ? decoded.data : decoded;
  scope.postMessage(reply, [buffer as ArrayBuffer]);
};
scope.postMessage("ready");
