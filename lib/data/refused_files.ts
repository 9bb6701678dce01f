/**
 * Files of data sets in forms that are not read, and what to do about them.
 *
 * @module
 */

const AS_FILES = "write its images as files, in a folder for each class";

const REFUSED: readonly (readonly [end: RegExp, what: string])[] = [
  [/\.mat$/i, "MATLAB's files are not read: write its labels as a CSV of path,label"],
  [/\.(pkl|pickle)$/i, "Python's pickles are not read, since they are programs: write labels as a CSV of path,label"],
  [
    /\.(npy|npz|h5|hdf5)$/i,
    "arrays of many samples are not read: write images as files, in a folder for each class, or for networks of " +
    "other than 1 and 3 channels one .npy file (channels × height × width) or TIFF file per sample",
  ],
  [/\.(parquet|arrow|feather)$/i, `Hugging Face's tables are not read: ${AS_FILES}`],
  [/\.tfrecords?(-\d+-of-\d+)?$|\.tfrecord[^/]*$/i, `TensorFlow's records are not read: ${AS_FILES}`],
  [/\.(lmdb|mdb|rec|beton)$/i, `a database of images is not read: ${AS_FILES}`],
  [/\.(jsonl?|xml|ya?ml)$/i, "annotations are not read: write a CSV of path,label"],
  [/\.lst$/i, "MXNet's lists are not read: write a CSV of path,label from its last and second column"],
  [/\.(zip|tar|tgz|gz|xz|bz2|7z|rar)$/i, "archives must be unpacked first"],
];

/** What to do about a file that is not read; `undefined` if nothing is known. */
export function adviceFor(file: string): string | undefined {
  return REFUSED.find(([end]) => end.test(file))?.[1];
}
