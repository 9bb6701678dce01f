/**
 * The arguments of each kernel: one table of fields, which defines both the WGSL struct `Args` and the bytes written
 * for it. Structs are padded by members: naga's GLSL drops `@size` and `@align` (gfx-rs/wgpu 4374).
 *
 * @module
 */

/** A field of a kernel's arguments. */
export interface Field {
  /** WGSL's type; each takes 4 bytes. */
  readonly type: "u32" | "f32";
  /** Meaning, with its unit. */
  readonly meaning: string;
}

/** A kernel's arguments, in the order in which they are stored. */
export type ArgumentTable = Readonly<Record<string, Field>>;

/** A number for each field. */
export type ArgumentValues<T extends ArgumentTable> = Readonly<Record<keyof T, number>>;

/** A field of whole numbers. */
export const u32 = (meaning: string): Field => ({ type: "u32", meaning });
/** A field of float32 numbers. */
export const f32 = (meaning: string): Field => ({ type: "f32", meaning });

/** Layout of samples. */
export const SAMPLES = {
  arenaStart: u32("quads before the first sample"),
  samplePitch: u32("quads from sample to sample"),
};

/** Input of a layer that does not need the height. */
export const INPUT_ROWS = {
  inQuads: u32("quads of channels read"),
  inPitch: u32("quads from pixel to pixel"),
  inOffset: u32("quads from the start of a sample"),
  inWidth: u32("width in pixels"),
};

/** Input of a layer. */
export const INPUT = { ...INPUT_ROWS, inHeight: u32("height in pixels") };

/** Output of a layer: whole quads, except for lanes of the first and the last quad that belong to other channels. */
export const OUTPUT = {
  outQuads: u32("quads of channels written"),
  outPitch: u32("quads from pixel to pixel"),
  outOffset: u32("quads from the start of a sample"),
  outHeight: u32("height in pixels"),
  outWidth: u32("width in pixels"),
  outShift: u32("lanes of the first quad that others own"),
  outChannels: u32("channels written, from there on"),
};

const { inQuads: _, ...PIXELS } = INPUT;
/** Input of a layer with the same number of input and output channels. */
export const INPUT_PIXELS = PIXELS;

/** Output of a layer with a single pixel. */
export const OUTPUT_PIXEL = {
  outQuads: OUTPUT.outQuads,
  outOffset: OUTPUT.outOffset,
  outShift: OUTPUT.outShift,
  outChannels: OUTPUT.outChannels,
};

/** The activation that is applied last. */
export const ACTIVATION: Field = u32("0: nothing, 1: ReLU, 2: hard-swish, 3: SiLU");

const CONVOLUTION = {
  ...INPUT,
  ...OUTPUT,
  ...SAMPLES,
  kernel: u32("its height and width"),
  stride: u32("input pixels from output to output"),
  activation: ACTIVATION,
  weights: u32("quads before the weights"),
  tiles: u32("pixel tiles of a sample; not for convolution-shared"),
  across: u32("neighbouring invocations that share pixels; not for convolution-shared"),
};

/** Inputs and kind of channels' gates. */
export const GATES = {
  gatesOffset: u32("quads from the start of a sample to the inputs of gates"),
  gate: u32("0: sigmoid, 1: hard sigmoid"),
};

/** The arguments of each kernel. */
export const ARGUMENTS = {
  "convolution": CONVOLUTION,
  "convolution-shared": CONVOLUTION,
  "depthwise": {
    ...INPUT_PIXELS,
    ...OUTPUT,
    ...SAMPLES,
    kernel: u32("its height and width"),
    stride: u32("input pixels from output to output"),
    activation: ACTIVATION,
    weights: u32("quads before the weights"),
  },
  "squeeze": {
    ...INPUT_PIXELS,
    ...OUTPUT_PIXEL,
    ...SAMPLES,
    weights: u32("quads before the multipliers; not in floats"),
  },
  "excitation": {
    inPitch: INPUT.inPitch,
    inOffset: INPUT.inOffset,
    ...OUTPUT,
    ...SAMPLES,
    ...GATES,
    weights: u32("quads before the gates; not in floats"),
  },
  "max-pool": { ...INPUT, ...OUTPUT, ...SAMPLES },
  "resize": { ...INPUT, ...OUTPUT, ...SAMPLES, weights: u32("quads before the shares; not in floats") },
  "classifier": {
    ...INPUT_ROWS,
    ...SAMPLES,
    classes: u32("number of logits"),
    poolHeight: u32("of the pooled window"),
    poolWidth: u32("of the pooled window"),
    weights: u32("quads before the weights"),
    logits: u32("numbers before this exit's logits"),
    before: u32("numbers before the logits of the previous exit"),
    reweight: f32("of a boosted exit: factor of the previous exit's logits; 0: none"),
  },
  "gate": {
    exit: u32("which exit, counted from 0"),
    classes: u32("number of logits"),
    batchSize: u32("most samples"),
    logits: u32("numbers before this exit's logits"),
    threshold: f32("confidence at which a sample leaves"),
  },
} as const satisfies Readonly<Record<string, ArgumentTable>>;

/** Layout of samples. */
export type SampleArguments = ArgumentValues<typeof SAMPLES>;
/** Input of a layer. */
export type InputArguments = ArgumentValues<typeof INPUT>;
/** Output of a layer. */
export type OutputArguments = ArgumentValues<typeof OUTPUT>;

/** Names of the kernels. */
export type KernelName = keyof typeof ARGUMENTS;

/**
 * Size of a table's arguments in bytes, which is also the stride in an array: uniform arrays have a stride of whole
 * quads.
 */
export function argumentBytes(table: ArgumentTable): number {
  return 16 * Math.ceil(Object.keys(table).length / 4);
}

/** The table as the WGSL struct `Args`. */
export function argumentStruct(table: ArgumentTable): string {
  const fields = Object.entries(table).map(([name, { type, meaning }]) => `  ${name}: ${type}, // ${meaning}\n`);
  const padding = Array.from(
    { length: argumentBytes(table) / 4 - fields.length },
    (_, i) => `  padding${i}: u32,\n`,
  );
  return `struct Args {\n${[...fields, ...padding].join("")}}\n`;
}

/** Encodes an array of arguments. */
export function encodeArguments<T extends ArgumentTable>(
  table: T,
  list: readonly ArgumentValues<T>[],
): Uint8Array<ArrayBuffer> {
  const stride = argumentBytes(table);
  const bytes = new Uint8Array(list.length * stride);
  const view = new DataView(bytes.buffer);
  list.forEach((values, i) => {
    Object.entries(table).forEach(([name, { type }], field) => {
      const at = i * stride + 4 * field;
      if (type === "u32") view.setUint32(at, values[name], true);
      else view.setFloat32(at, values[name], true);
    });
  });
  return bytes;
}
