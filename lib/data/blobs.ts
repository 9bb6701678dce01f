/**
 * Data sets of image files in memory, for example `File` objects of a web page.
 *
 * @module
 */

import { RanetError } from "../errors.ts";
import type { Dataset, SampleFile } from "./dataset.ts";
import { decodeImage, MAX_IMAGE_BYTES } from "./decode.ts";
import { listLabels } from "./labels.ts";
import { expectObject } from "../text/expect.ts";

/** Options of {@linkcode blobDataset}. */
export interface BlobDatasetOptions {
  /** The model's labels. Classes are matched to them by name. */
  readonly labels: readonly string[];
  /**
   * The data set's name.
   *
   * @default {"images"}
   */
  readonly name?: string;
}

/**
 * Makes a data set of image files grouped by class. Also works in browsers.
 *
 * @param images The files of each class, under its label: JPEG, PNG, WebP, AVIF, GIF, BMP, TIFF or Netpbm. A `FileList` is
 * accepted.
 * @param options The model's labels.
 * @returns The data set, class by class in the order of the labels. Files are read on demand.
 * @throws {RanetError} If a class is not among the labels.
 *
 * @example
 * ```ts
 * import { blobDataset } from "@ranet/ranet/train";
 *
 * const file = async (name: string) => new File([await Deno.readFile(`examples/${name}.jpg`)], `${name}.jpg`);
 * const photos = blobDataset({ cat: [await file("cat")], ship: [await file("ship")] }, { labels: ["cat", "ship"] });
 * console.log(photos.size); // 2
 * ```
 */
export function blobDataset(
  images: Readonly<Record<string, Iterable<Blob>>>,
  options: BlobDatasetOptions,
): Dataset {
  expectObject("blobDataset", { images });
  expectObject("blobDataset", { options }, "labels");
  const { labels, name = "images" } = options;
  const unknown = Object.keys(images).find((label) => !labels.includes(label));
  if (unknown !== undefined) {
    throw new RanetError(
      `Cannot use images of class ${JSON.stringify(unknown)}: the model's classes are ${listLabels(labels)}`,
    );
  }
  const files = labels.flatMap((label, index) =>
    Array.from(Object.hasOwn(images, label) ? images[label]! : [], (blob, at) => ({
      blob,
      label: index,
      source: blob instanceof File ? blob.name : `${label} ${at + 1}`,
      origin: `${label}/${at + 1}`,
    }))
  );
  const file = async (index: number): Promise<SampleFile> => {
    const { blob, label, source } = files[index]!;
    if (blob.size > MAX_IMAGE_BYTES) {
      throw new RanetError(
        `Cannot read image ${JSON.stringify(source)}: ${blob.size} bytes are more than ${MAX_IMAGE_BYTES}`,
      );
    }
    return { label, bytes: new Uint8Array(await blob.arrayBuffer()), source };
  };
  return {
    name,
    format: "files",
    size: files.length,
    bad: [],
    classes: labels,
    labels: () => Promise.resolve(files.map(({ label }) => label)),
    origin: (index) => files[index]!.origin,
    file,
    async read(index) {
      const { label, bytes, source } = await file(index);
      return { name: source, label, image: await decodeImage(bytes, { source }) };
    },
    async digest() {
      const digests = await Promise.all(files.map(async ({ blob, label }) => {
        const bytes = new Uint8Array(await crypto.subtle.digest("SHA-256", await blob.arrayBuffer()));
        return [label, bytes.toHex()];
      }));
      const about = new TextEncoder().encode(JSON.stringify(digests));
      return new Uint8Array(await crypto.subtle.digest("SHA-256", about)).toHex();
    },
  };
}
