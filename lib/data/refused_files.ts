/**
 * Data set files in unsupported formats, and what to do instead.
 *
 * @module
 */

const AS_FILES = "save its images as files, in one folder per class";

const REFUSED: readonly (readonly [end: RegExp, what: string])[] = [
  [
    /\.mat$/i,
    "only the MATLAB files of SVHN and Flowers-102 are supported, under their names: write the labels as a CSV of path,label",
  ],
  [/\.(pkl|pickle)$/i, "Python pickles are not read, since they can execute code: write labels as a CSV of path,label"],
  [
    /\.npy$/i,
    "specify the file of images, with its labels in labels.npy beside it; or, for networks with a number of channels " +
    "other than 1 and 3, save one .npy file (channels × height × width) per sample",
  ],
  [
    /\.(h5|hdf5)$/i,
    "arrays of several samples are not supported: save images as files, in one folder per class, or for networks with " +
    "a number of channels other than 1 and 3, one .npy file (channels × height × width) or TIFF file per sample",
  ],
  [
    /\.(arrow|feather)$/i,
    "Arrow files are not supported: take the data set's Parquet files, or write them with to_parquet",
  ],
  [/\.tfrecords?(-\d+-of-\d+)?$|\.tfrecord[^/]*$/i, `TensorFlow's records are not supported: ${AS_FILES}`],
  [/\.(lmdb|mdb|rec|beton)$/i, `image databases are not supported: ${AS_FILES}`],
  [/\.(json|xml|ya?ml)$/i, "annotations are not supported: write a CSV of path,label"],
  [/\.lst$/i, "MXNet's lists are not supported: write a CSV of path,label from the last and the second column"],
  [/\.(zip|tar|tgz|gz|xz|bz2|7z|rar)$/i, "unpack the archive first"],
];

/** Advice for an unsupported file; `undefined` for other files. */
export function adviceFor(file: string): string | undefined {
  return REFUSED.find(([end]) => end.test(file))?.[1];
}
