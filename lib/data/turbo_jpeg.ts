/**
 * libjpeg-turbo as compiled in `@cwasm/jpeg-turbo` 0.1.3. Unlike the mozjpeg build, it decodes at a fraction of the
 * size, and CMYK as four samples.
 *
 * @module
 */

/** The exports of libjpeg-turbo's module. */
interface Turbo {
  readonly memory: WebAssembly.Memory;
  malloc(size: number): number;
  free(at: number): void;
  tjInitDecompress(): number;
  tjDecompress2(
    ...args: readonly [
      ...[decoder: number, bytes: number, length: number, pixels: number],
      ...[width: number, pitch: number, height: number, format: number, flags: number],
    ]
  ): number;
  tjDestroy(decoder: number): number;
}

/** TJPF_RGBA and TJPF_CMYK. */
const FORMATS = { RGBA: 7, CMYK: 11 } as const;

let loaded: Promise<WebAssembly.Module> | undefined;
/** A reusable decoder, and the address of the last picture's pixels in its memory. */
interface Instance {
  readonly turbo: Turbo;
  lent: number;
}

/** The current instance. It is dropped after a failure, and if it has taken much memory, which it would never free. */
let current: Instance | undefined;
/** Memory limit in bytes of an instance that is kept. */
const MAX_KEPT = 48_000_000;

async function start(): Promise<Instance> {
  // @ts-ignore: TypeScript has no source phase imports yet
  loaded ??= import.source("@cwasm/jpeg-turbo/jpeg-turbo.wasm") as Promise<WebAssembly.Module>;
  const giveUp = () => {
    throw new GaveUp();
  };
  const nothing = () => 0;
  const instance = new WebAssembly.Instance(await loaded, {
    env: { setjmp: nothing, longjmp: giveUp },
    wasi_snapshot_preview1: {
      proc_exit: giveUp,
      environ_sizes_get: nothing,
      environ_get: nothing,
      fd_close: nothing,
      fd_seek: nothing,
      fd_write: nothing,
    },
  });
  return { turbo: instance.exports as unknown as Turbo, lent: 0 };
}

class GaveUp extends Error {}

/** How a file is decoded. */
export interface TurboOptions {
  /** The size in pixels at which the file is decoded. */
  readonly size: readonly [width: number, height: number];
  /** Meaning of a pixel's four bytes. */
  readonly format: keyof typeof FORMATS;
}

/** A decoded picture. */
export interface TurboImage {
  /** Pixels in the decoder's memory, valid until the next file is decoded. */
  readonly pixels: Uint8ClampedArray<ArrayBuffer>;
  /** Whether the decoder reported a warning. */
  readonly warned: boolean;
}

/** Decodes a JPEG; `undefined` if the decoder fails. */
export async function decodeTurbo(bytes: Uint8Array, options: TurboOptions): Promise<TurboImage | undefined> {
  const instance = current ?? await start();
  current = undefined;
  try {
    const image = decode(instance, bytes, options);
    if (instance.turbo.memory.buffer.byteLength <= MAX_KEPT) current = instance;
    return image;
  } catch (error) {
    if (error instanceof GaveUp || error instanceof WebAssembly.RuntimeError) return undefined;
    throw error;
  }
}

function decode(instance: Instance, bytes: Uint8Array, { size: [width, height], format }: TurboOptions): TurboImage {
  const must = (holds: boolean) => {
    if (!holds) throw new GaveUp();
  };
  const taken = (size: number) => {
    const at = turbo.malloc(size);
    must(at !== 0);
    return at;
  };
  const { turbo } = instance;
  turbo.free(instance.lent); // 0 at first: no operation
  const file = taken(bytes.length);
  new Uint8Array(turbo.memory.buffer).set(bytes, file);
  const decoder = turbo.tjInitDecompress();
  must(decoder !== 0);
  const pixels = taken(4 * width * height);
  const image = () => new Uint8ClampedArray(turbo.memory.buffer, pixels, 4 * width * height);
  image().fill(0); // no pixels of an earlier picture remain if this one ends early
  const warned = turbo.tjDecompress2(
    ...[decoder, file, bytes.length, pixels] as const,
    ...[width, 4 * width, height, FORMATS[format], 0] as const,
  ) !== 0;
  turbo.tjDestroy(decoder);
  turbo.free(file);
  instance.lent = pixels;
  return { pixels: image() as Uint8ClampedArray<ArrayBuffer>, warned };
}
