/**
 * Parsers of untrusted input: each must return a result or throw a RanetError for any input.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { unzipSync, zipSync } from "fflate";
import { connect } from "node:net";
import type fc from "fast-check";
import { parseCalibrations } from "../../lib/calibration/calibration_file.ts";
import { DecoderPool } from "../../lib/data/decoder_pool.ts";
import { arrayTensor } from "../../lib/data/arrays.ts";
import { npy as npyFile } from "../npy_writer.ts";
import { readNpy } from "../../lib/data/npy.ts";
import { openDataset } from "../../lib/data/open_dataset.ts";
import { RanetError } from "../../lib/errors.ts";
import { AdaptiveExecutor } from "../../lib/executor/executor.ts";
import { listen } from "../../lib/serve/listen.ts";
import { createHandler, type HandlerOptions } from "../../lib/serve/server.ts";
import { CIFAR10_LABELS } from "../../lib/spec/labels.ts";
import { parseSpec } from "../../lib/spec/parse.ts";
import { buildNetwork } from "../../lib/network/build.ts";
import { readCheckpoint } from "../../lib/weights/checkpoint.ts";
import { readSafetensors } from "../../lib/weights/safetensors.ts";
import { fixture } from "../data/fixtures.ts";
import { chunk, header } from "../data/png_writer.ts";
import { tinyModel } from "../fixtures.ts";
import { damaged } from "./mutate.ts";

/** A format that can be fuzzed. Dispose of it at the end. */
export interface Target extends AsyncDisposable {
  /** Inputs. */
  readonly inputs: fc.Arbitrary<Uint8Array<ArrayBuffer>>;
  /**
   * Reads an input.
   *
   * @throws {RanetError} If the input is refused, which is correct.
   */
  readonly read: (bytes: Uint8Array<ArrayBuffer>) => Promise<void> | void;
}

type Opener = () => Target | Promise<Target>;

const ROOT = new URL("../../", import.meta.url);
const repository = (path: string) => Deno.readFile(new URL(path, ROOT));
const fixtures = (...names: string[]) => Promise.all(names.map(fixture));
/** All pictures in a folder of fixtures, except PNGs. */
const folder = (name: string) => async () => {
  const names = await Array.fromAsync(
    Deno.readDir(new URL(`tests/fixtures/images/${name}`, ROOT)),
    (entry) => entry.name,
  );
  return await fixtures(...names.filter((one) => !one.endsWith(".png")).sort().map((one) => `${name}/${one}`));
};
const encode = (text: string) => new TextEncoder().encode(text);
const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const nothing = async () => {};

function pure(
  inputs: fc.Arbitrary<Uint8Array<ArrayBuffer>>,
  read: (bytes: Uint8Array<ArrayBuffer>) => void | Promise<void>,
): Target {
  return { inputs, read, [Symbol.asyncDispose]: nothing };
}

/** In workers, so that a decoder that never ends becomes an error. */
function images(seeds: () => Promise<Uint8Array<ArrayBuffer>[]>, words: readonly string[] = []): Opener {
  return async () => {
    const decoders = new DecoderPool({ size: 1, onNote: () => {} });
    await decoders.start();
    return {
      inputs: damaged(await seeds(), words),
      async read(bytes) {
        try {
          const { width, height, data } = await decoders.image(bytes, { source: "x" });
          assertEquals(data.length, 4 * width * height);
        } catch (error) {
          assert(!/took longer/.test((error as Error).message), "it takes too long");
          throw error;
        }
      },
      [Symbol.asyncDispose]: async () => await decoders[Symbol.dispose](),
    };
  };
}

/** A data set in its own folder, with the damaged file and others. */
function dataset(
  name: string,
  seed: Uint8Array<ArrayBuffer>,
  words: readonly string[] = [],
  labels: readonly string[] = ["cat", "dog"],
): Opener {
  return async () => {
    const folder = await Deno.makeTempDir();
    await Deno.writeFile(`${folder}/t-labels-idx1-ubyte`, Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 2, 0, 1));
    await Deno.writeFile(`${folder}/cat.jpg`, await fixture("cifar-cat.jpg"));
    return {
      inputs: damaged([seed], words),
      async read(bytes) {
        await Deno.writeFile(`${folder}/${name}`, bytes);
        const set = await openDataset(`${folder}/${name}`, { labels, inputSize: 8 });
        for (let i = 0; i < Math.min(3, set.size); i++) {
          const { label, image: { width, height, data } } = await set.read(i);
          assert(labels[label] !== undefined);
          assertEquals(data.length, 4 * width * height);
        }
      },
      [Symbol.asyncDispose]: async () => await Deno.remove(folder, { recursive: true }),
    };
  };
}

const LIMITS = {
  batchWait: 0,
  maxQueue: 16,
  maxImages: 8,
  maxBody: 2 ** 20,
  maxHeld: 2 ** 23,
  maxPixels: 2 ** 20,
  maxRequestPixels: 2 ** 20,
  bodyTimeout: 10_000,
  timeout: 20_000,
} as const satisfies Partial<HandlerOptions>;

async function serving(): Promise<{ handle: ReturnType<typeof createHandler>; close: () => void }> {
  const executor = await AdaptiveExecutor.create(tinyModel(), { device: "cpu", batchSize: 8 });
  const decoders = new DecoderPool({ size: 1, onNote: () => {} });
  const handle = createHandler({
    ...LIMITS,
    models: [{
      name: "tiny",
      load: () => Promise.resolve({ executor, when: { threshold: 0.9 }, calibrations: [], batchSize: 8 }),
    }],
    decoders,
    log: ({ defect }) => assertEquals(defect, undefined),
  });
  return {
    handle,
    close() {
      decoders[Symbol.dispose]();
      executor[Symbol.dispose]();
    },
  };
}

/** Bodies of forms, passed directly to the handler. */
async function forms(): Promise<Target> {
  const { handle: { handle }, close } = await serving();
  const [photo] = await fixtures("photo.jpg");
  const head = (rest: string) => encode(`--x\r\ncontent-disposition: form-data; name="image"; ${rest}\r\n\r\n`);
  const seed = await new Blob([
    head('filename="a.jpg"'),
    photo,
    "\r\n",
    head("filename*=utf-8''b"),
    "text\r\n--x--\r\n",
  ])
    .bytes();
  return {
    inputs: damaged([seed], [
      "--x",
      "\r\n--x\r\n",
      "--x--",
      "\r\n\r\n",
      'filename="',
      "filename*=utf-8''%ff",
      "; ",
      "\0",
    ]),
    async read(body) {
      const headers = { "content-type": "multipart/form-data; boundary=x" };
      const response = await handle(new Request("http://x/classify", { method: "POST", body, headers }));
      assert([200, 400, 413, 422].includes(response.status), `${response.status}: ${await response.clone().text()}`);
      await response.json();
    },
    [Symbol.asyncDispose]: async () => await close(),
  };
}

/** Requests that are sent through a socket. */
async function http(): Promise<Target> {
  const { handle: { handle, metrics }, close } = await serving();
  const warned: string[] = [];
  const listener = await listen({
    hostname: "127.0.0.1",
    port: 0,
    maxConnections: 50,
    headerTimeout: 1000,
    idleTimeout: 1000,
    bodyTimeout: 1000,
    linger: 500,
    trustProxy: true,
    metrics,
    handle,
    warn: (text) => warned.push(text),
  });
  const [photo] = await fixtures("photo.jpg");
  const post = (path: string, more: string) => `POST ${path} HTTP/1.1\r\nhost: x\r\n${more}`;
  const seeds = await Promise.all([
    ["GET /health HTTP/1.1\r\nhost: x\r\nx-forwarded-for: 1.2.3.4\r\n\r\nGET /metrics HTTP/1.1\r\nhost: x\r\n\r\n"],
    [post("/classify?top=2", `content-length: ${photo.length}\r\n\r\n`), photo],
    [post("/classify", "transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n")],
    [post("/classify", "expect: 100-continue\r\ncontent-length: 5\r\n\r\nhello")],
  ].map((parts) => new Blob(parts as BlobPart[]).bytes()));
  const words = [
    "\r\n",
    "\r\n\r\n",
    ": ",
    "content-length: 9",
    "transfer-encoding: chunked",
    "connection: close",
    "HTTP/2.0",
  ];
  return {
    inputs: damaged(seeds, words),
    async read(bytes) {
      await new Promise<void>((resolve) => {
        const socket = connect({ host: "127.0.0.1", port: Number(new URL(listener.url).port) });
        socket.on("error", () => socket.destroy()).on("close", () => resolve()).resume();
        socket.end(bytes);
        setTimeout(() => socket.destroy(), 5000).unref();
      });
      const response = await fetch(`${listener.url}/health/live`);
      assertEquals([response.status, warned], [200, []]);
      await response.json();
    },
    async [Symbol.asyncDispose]() {
      await listener.close();
      close();
    },
  };
}

const YAML_WORDS = [
  "&a",
  "*a",
  "!!js",
  "- ",
  ": ",
  "{",
  "}",
  "[",
  "]",
  "name",
  "subnetworks",
  "1e999",
  "~",
  "<<",
  "\n",
  "0x",
];

/** Opcodes, and names with a meaning. */
const PICKLE_WORDS = [
  "cos\nsystem\n",
  "ctorch\nFloatStorage\n",
  "ctorch._utils\n_rebuild_tensor_v2\n",
  "ctorch._tensor\n_rebuild_from_type_v2\n",
  "ccollections\nOrderedDict\n",
  ..."RQt}(0123oblaeus)]",
  ...[0x81, 0x92, 0x8f, 0x90, 0x91, 0x8b, 0x8d, 0x8e, 0x96, 0x85, 0x86, 0x94].map((code) => String.fromCharCode(code)),
];

const checkpoints = (...names: string[]) =>
  Promise.all(names.map((name) => repository(`tests/fixtures/weights/${name}.pth.tar`)));

function readAsCheckpoint(bytes: Uint8Array<ArrayBuffer>): void {
  const expected = bytes.length % 2 === 0 ? undefined : new Set(["a.weight"]);
  readCheckpoint(bytes, { source: "x", expected });
}

/** All targets by name. */
export const TARGETS: Readonly<Record<string, Opener>> = {
  jpeg: images(() => fixtures("photo.jpg", "progressive.jpg", "grey.jpg", "sideways.jpg", "cmyk.jpg", "cifar-cat.jpg")),
  png: images(async () => {
    const strange = [[1, 0], [2, 3], [4, 0], [16, 2], [16, 6]].map(([bits, type]) =>
      new Blob([header(9, 7, { bits, type, interlaced: true }), chunk("PLTE", new Uint8Array(12)), chunk("IEND")])
        .bytes()
    );
    return [...await fixtures("photo.png", "alpha.png", "grey16.png"), ...await Promise.all(strange)];
  }, ["IDAT", "IHDR", "PLTE", "tRNS", "iCCP", "zTXt", "acTL", "fcTL", "IEND"]),
  webp: images(
    () =>
      fixtures(
        "photo.webp",
        "lossy.webp",
        "alpha.webp",
        "animated.webp",
        "turned/6.webp",
        "other/animated-lossless.webp",
      ),
    ["VP8 ", "VP8L", "VP8X", "ALPH", "ANMF", "EXIF"],
  ),
  avif: images(() => fixtures("photo.avif", "turned/7.avif", "turned/cut.avif", "other/pq.avif"), [
    "ftyp",
    "meta",
    "ispe",
    "mdat",
    "av1C",
    "iloc",
    "ipma",
    "clap",
    "irot",
    "colrnclx",
    "iref",
    "dimg",
  ]),
  gif: images(folder("gif"), ["GIF89a", "NETSCAPE2.0", ";", "!", ",", "\x21\xf9\x04"]),
  bmp: images(folder("bmp"), ["BM", "\0\0", "\0\x01", "\0\x02"]),
  tiff: images(folder("tiff"), ["II*\0", "MM\0*", "MM\0+", "\0\0\0\x01", "\x42\x01"]),
  exif: images(() => fixtures("turned/6.jpg", "turned/5.png", "turned/6-cmyk.jpg"), [
    "Exif\0\0",
    "MM\0*",
    "II*\0",
    "eXIf",
  ]),
  safetensors: async () => {
    const head = JSON.stringify({
      __metadata__: { spec: "x" },
      a: { dtype: "F32", shape: [2], data_offsets: [0, 8] },
      b: { dtype: "F16", shape: [1, 2], data_offsets: [8, 12] },
    });
    const length = new Uint8Array(8);
    length[0] = head.length;
    const seed = await new Blob([length, head, new Uint8Array(12)]).bytes();
    const words = ['"a":', "[", "{", "}", "]", '"shape"', "-1", "1e99", "99999999999999999999"];
    return pure(damaged([seed], words), (bytes) => void readSafetensors(bytes, { source: "x" }));
  },
  checkpoint: async () => {
    const seeds = await checkpoints("legacy", "everything-legacy", "python2", "zip-protocol2", "wrapped");
    return pure(damaged(seeds, [...PICKLE_WORDS, "PK\x03\x04", "PK\x01\x02", "PK\x05\x06"]), readAsCheckpoint);
  },
  // Inside valid archives.
  pickle: async () => {
    const names = [
      "zip-protocol4",
      "everything-protocol2",
      "everything-protocol4",
      "everything-protocol5",
      "wrapped",
    ];
    const archives = (await checkpoints(...names)).map((archive) => Object.entries(unzipSync(archive)));
    const find = (wanted: boolean) => (archive: [string, Uint8Array][]) =>
      archive.filter(([name]) => name.endsWith("/data.pkl") === wanted);
    const pickles = archives.flatMap(find(true)).map(([, pickle]) => new Uint8Array(pickle));
    const storages = archives.flatMap(find(false)).map(([name, data]) => [name.replace(/^[^/]+/, "x"), data]);
    return pure(damaged(pickles, PICKLE_WORDS), (bytes) => {
      const archive = zipSync({ ...Object.fromEntries(storages), "x/data.pkl": bytes }, { level: 0 });
      readAsCheckpoint(new Uint8Array(archive));
    });
  },
  npy: async () => {
    const seed = (await repository("tests/fixtures/reference/cifar10-lg/logits.npy")).slice(0, 300);
    const words = ["'descr'", "'shape'", "(", ")", ",", "True", "<f4", ">f8", "|O"];
    return pure(damaged([seed], words), (bytes) => void readNpy(bytes, { source: "x" }));
  },
  arrays: () => {
    const seed = npyFile([2, 3, 4], Uint8Array.from({ length: 24 }, (_, i) => 10 * i));
    const words = ["'descr'", "'shape'", "(", ")", ",", "|u1", "<u2", "<f4", "999999999", "0"];
    const input = { size: 5, resize: 6, mean: [0.5, 0.5], std: [1, 1] };
    return Promise.resolve(pure(damaged([seed], words), (bytes) => void arrayTensor(bytes, { source: "x", input })));
  },
  bands: async () => {
    const names = ["byte-planes-in-tiles", "short-big-endian", "float-tiles"];
    const seeds = await Promise.all(names.map((name) => repository(`tests/fixtures/bands/${name}.tif`)));
    const words = ["II*\0", "MM\0*", "\0\0\0\x01", "\x42\x01", "\x53\x01", "\x15\x01"];
    const input = { size: 5, resize: 6, mean: Array(5).fill(0), std: Array(5).fill(1) };
    return pure(damaged(seeds, words), (bytes) => void arrayTensor(bytes, { source: "x", input }));
  },
  parquet: async () =>
    await dataset(
      "x.parquet",
      await repository("tests/fixtures/parquet/arrow.parquet"),
      ["PAR1", "\x15\x04", "\xff\xff\xff\x7f", "label", "bytes"],
      ["cat", "dog", "hen"],
    )(),
  cifar: async () =>
    await dataset(
      "data_batch_1",
      await repository("tests/fixtures/cifar-python/cifar-10-batches-py/data_batch_1"),
      PICKLE_WORDS,
      CIFAR10_LABELS,
    )(),
  idx: dataset(
    "t-images-idx3-ubyte",
    Uint8Array.from([0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 2, 1, 2, 3, 4, 5, 6, 7, 8]),
  ),
  csv: dataset("x.csv", encode('path,label\ncat.jpg,cat\n"cat.jpg",0\n'), [
    '"',
    ",",
    "\n",
    "\r",
    "../",
    "/",
    "cat.jpg",
    "\0",
  ]),
  spec: async () => {
    const names = ["ranet-cifar10", "ranet-imagenet-c32", "ranet-cifar10-four-features"];
    const seeds = await Promise.all(names.map((name) => repository(`specs/${name}.yaml`)));
    return pure(damaged(seeds, YAML_WORDS), (bytes) => void buildNetwork(parseSpec(decode(bytes))));
  },
  calibration: async () => {
    const seed = (await repository("weights/ranet-cifar10.calibration.json")).slice();
    return pure(
      damaged([seed], ["[", "{", "null", "1e999", '"__proto__":', "-1", '"thresholds"']),
      (bytes) => void parseCalibrations(decode(bytes), "x"),
    );
  },
  form: forms,
  http,
};

/** Whether an error is one that a target may throw for invalid input. */
export function isExpected(error: unknown): boolean {
  return error instanceof RanetError;
}
