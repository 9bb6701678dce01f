/**
 * A data set of photos that are already resized to the network's input.
 *
 * @module
 */

import type { Size } from "../../lib/network/size.ts";
import type { Dataset } from "../train_library.ts";
import type { TaughtPhoto } from "./messages.ts";

/** Makes a data set of photos of this size. */
export function photoDataset(photos: readonly TaughtPhoto[], { height, width }: Size): Dataset {
  return {
    name: "photos",
    format: "files",
    size: photos.length,
    bad: [],
    labels: () => Promise.resolve(photos.map(({ label }) => label)),
    origin: (index) => String(photos[index].id),
    read(index) {
      const { id, label, pixels } = photos[index];
      return Promise.resolve({
        name: String(id),
        label,
        image: { width, height, data: withAlpha(pixels) },
      });
    },
    async digest() {
      const bytes = await new Blob(photos.flatMap(({ label, pixels }) => [Uint32Array.of(label), pixels]))
        .arrayBuffer();
      return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
    },
  };
}

function withAlpha(pixels: Uint8ClampedArray): Uint8ClampedArray {
  const data = new Uint8ClampedArray(pixels.length / 3 * 4).fill(255);
  for (let i = 0; i < pixels.length / 3; i++) data.set(pixels.subarray(3 * i, 3 * i + 3), 4 * i);
  return data;
}
