/**
 * Decodes images in a worker, which `decoder_pool.ts` starts: one after another, each answered.
 *
 * @module
 */
import { RanetError } from "../errors.ts";
import type { InputSpec } from "../network/common.ts";
import { decodeImage, keepsState } from "./decode.ts";
import type { RgbImage } from "./image.ts";
import { toTensor } from "./preprocess.ts";
import type { Reply } from "./worker_pool.ts";

/** An image to decode. */
export interface DecodeTask {
  /** The whole file. */
  readonly bytes: Uint8Array;
  /** What errors call it. */
  readonly source: string;
  /** If given, the image becomes the tensor that a network takes. */
  readonly input?: InputSpec;
}

const scope = globalThis as unknown as {
  onmessage: (event: MessageEvent<DecodeTask>) => void;
  postMessage(message: unknown, transfer?: Transferable[]): void;
};

/** A decoder keeps the memory that it once took: above so many pixels, starting another one costs less. */
const MAX_KEPT_PIXELS = 4_000_000;

async function answer({ bytes, source, input }: DecodeTask): Promise<Reply<RgbImage | Float32Array>> {
  try {
    const image = await decodeImage(bytes, { source });
    const { width, height, data } = image; // an ImageData would not arrive as one
    return {
      result: input ? toTensor(image, input) : { width, height, data },
      spent: width * height > MAX_KEPT_PIXELS,
    };
  } catch (error) {
    if (error instanceof RanetError) return { refused: error.message, spent: keepsState(error) };
    return { failed: String((error as Error).stack), spent: true };
  }
}

scope.onmessage = async ({ data }) => {
  const reply = await answer(data);
  if (!("result" in reply)) return scope.postMessage(reply);
  const { buffer } = reply.result instanceof Float32Array ? reply.result : reply.result.data;
  scope.postMessage(reply, [buffer as ArrayBuffer]);
};
scope.postMessage("ready");
