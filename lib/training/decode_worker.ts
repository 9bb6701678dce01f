/**
 * Reads and decodes image files in a thread of its own; `decode_pool.ts` is its other end.
 *
 * @module
 */

import { decodeImage, MAX_IMAGE_BYTES } from "../data/decode.ts";
import { readBoundedFile } from "../data/files.ts";
import { RanetError } from "../errors.ts";
import { type DecodeAnswer, type DecodeRequest, inForm } from "./stored_image.ts";

const port = self as unknown as {
  onmessage: (event: MessageEvent<DecodeRequest & { readonly id: number }>) => void;
  postMessage(answer: DecodeAnswer & { readonly id: number }, transfer?: Transferable[]): void;
};

port.onmessage = async ({ data: { id, path, form } }) => {
  try {
    const image = await decodeImage(await readBoundedFile(path, MAX_IMAGE_BYTES), { source: path });
    const stored = inForm(image, form);
    port.postMessage({ id, stored }, [stored.data.buffer as ArrayBuffer]);
  } catch (error) {
    port.postMessage(error instanceof RanetError ? { id, bad: error.message } : { id, defect: String(error) });
  }
};
