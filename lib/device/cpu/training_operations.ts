/**
 * The operations that kernels/train.as interprets, and their arguments: from this table come the classes that the kernels
 * read and the writer of their bytes.
 *
 * @module
 */

import { EPSILON } from "../../weights/fold.ts";

/** Arguments, all 32 bits: addresses, bytes, counts; numbers where it says so. Kernels say what they mean. */
const STRUCTS = {
  Phase: "inPixels outPixels pixels moves runs runLength weights taps tapIndices",
  SamplesArgs: "samples bytes taken",
  BarrierArgs: "",
  ConvolutionArgs:
    "input inBytes inPitch inSize inChannels border output outBytes outChannels bias hasBias accumulate " +
    "relu group phases phase",
  TransposeArgs: "weights inChannels outChannels taps phases phase",
  WeightGradientArgs:
    "input inBytes inPitch inSize inChannels border paddedBytes inPixels pixels runs runLength runOffsets " +
    "gradient gradientBytes gradientPitch outChannels group result hasBias biasResult",
  NormArgs:
    "input pixels quads channels output outPitch relu sums coefficients coefficientBytes isRunning runningMean " +
    "runningVariance batchMean batchVariance weight bias weightGradient biasGradient",
  WindowArgs: "input inBytes inPitch inSize output outBytes outPitch outSize channels result resultBytes resultPitch",
  ZeroArgs: "output pixels pitch channels",
  ClassifierArgs: "input inBytes inPitch inSize pool quads channels classes means logits weights bias losses right " +
    "smoothing:f32 lossWeight:f32 weightGradient biasGradient result resultBytes resultPitch accumulate",
  FiniteArgs: "losses exits exitBytes stopped",
  SgdArgs: "quads parameters gradients velocities average momentum:f32 decay:f32 share:f32 keep:f32 nesterov",
  RunningArgs: "quads running batch average keep:f32",
} as const;

/** For each operation the class of its arguments. */
const OPERATIONS = {
  barrier: "BarrierArgs",
  samples: "SamplesArgs",
  convolve: "ConvolutionArgs",
  transpose: "TransposeArgs",
  "weight-gradient": "WeightGradientArgs",
  statistics: "NormArgs",
  coefficients: "NormArgs",
  normalize: "NormArgs",
  "gradient-sums": "NormArgs",
  "gradient-coefficients": "NormArgs",
  "norm-gradient": "NormArgs",
  "max-pool": "WindowArgs",
  "max-pool-gradient": "WindowArgs",
  resize: "WindowArgs",
  "resize-gradient": "WindowArgs",
  "relu-gradient": "WindowArgs",
  zero: "ZeroArgs",
  classify: "ClassifierArgs",
  loss: "ClassifierArgs",
  "linear-gradient": "ClassifierArgs",
  "pooled-gradient": "ClassifierArgs",
  finite: "FiniteArgs",
  descend: "SgdArgs",
  running: "RunningArgs",
} as const;

type Structs = typeof STRUCTS;
type Words<Text extends string> = Text extends "" ? never
  : Text extends `${infer First} ${infer Rest}` ? First | Words<Rest>
  : Text;
type Field<Word extends string> = Word extends `${infer Name}:f32` ? Name : Word;

/** A struct's fields. */
export type Fields<Name extends keyof Structs> = Readonly<Record<Field<Words<Structs[Name]>>, number>>;

/** An operation's name. */
export type Operation = keyof typeof OPERATIONS;

/** An operation's arguments. */
export type Arguments<Name extends Operation> = Fields<(typeof OPERATIONS)[Name]>;

/** Bytes before an operation's arguments: its number, its length. */
const HEAD_BYTES = 8;

/** A struct's bytes. */
export function writeStruct<Name extends keyof Structs>(name: Name, fields: Fields<Name>): Uint8Array {
  const words = wordsOf(name);
  const view = new DataView(new ArrayBuffer(4 * words.length));
  words.forEach(({ field, isFloat }, i) => {
    const value = (fields as Record<string, number>)[field];
    if (isFloat) view.setFloat32(4 * i, value, true);
    else view.setUint32(4 * i, value, true);
  });
  return new Uint8Array(view.buffer);
}

/** An operation's bytes. */
export function writeOperation<Name extends Operation>(name: Name, args: Arguments<Name>): Uint8Array {
  const body = writeStruct(OPERATIONS[name], args as never);
  const bytes = new Uint8Array(HEAD_BYTES + body.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, Object.keys(OPERATIONS).indexOf(name), true);
  view.setUint32(4, bytes.length, true);
  bytes.set(body, HEAD_BYTES);
  return bytes;
}

/** AssemblyScript's side of the table. */
export function argumentsSource(): string {
  const names = Object.keys(STRUCTS) as (keyof Structs)[];
  return [
    `export const EPSILON: f64 = ${EPSILON};`,
    ...Object.keys(OPERATIONS).map((name, i) =>
      `export const OP_${name.replaceAll("-", "_").toUpperCase()}: u32 = ${i};`
    ),
    ...names.map((name) => {
      const fields = wordsOf(name).map(({ field, isFloat }) => `  ${field}: ${isFloat ? "f32" : "u32"};`);
      return `@unmanaged export class ${name} {\n${fields.join("\n")}\n}`;
    }),
  ].join("\n");
}

function wordsOf(name: keyof Structs): { field: string; isFloat: boolean }[] {
  return STRUCTS[name].split(" ").filter((word) => word !== "").map((word) => {
    const [field, type] = word.split(":");
    return { field, isFloat: type === "f32" };
  });
}
