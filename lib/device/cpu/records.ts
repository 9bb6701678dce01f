/**
 * What kernels/forward.as is told, word by word: from these tables come the classes that the kernels read and the writer of
 * their words. Offsets (from the start of a sample's arena), pitches (from pixel to pixel) and lengths are bytes, sizes
 * pixels; each word is an unsigned integer.
 *
 * @module
 */

import { NO_EXIT } from "../runner.ts";
import { PATCHES } from "./winograd.ts";

/** Of each record the fields, and what they mean. */
const RECORDS = {
  Program: {
    next: "the next sample that no thread has",
    samples: "how many there are",
    from: "the first stage",
    to: "the one behind the last",
    adaptive: "1 if samples leave early, else 0",
    resumable: "1 if a later run goes on where this one stops, or this one where an earlier did, else 0",
    stages: "address: of each stage's first step, then of the end",
    thresholds: "address: for each stage, in 64 bits, the confidence at which samples leave",
    exits: "address: for each sample the stage that it left at, or NO_EXIT",
    logits: "address: [stage][sample][class]",
    stageLogits: "length of a stage's",
    sampleLogits: "length of a sample's",
    classes: "how many there are",
    images: "address",
    imageLength: "of each",
    arenas: "address",
    arenaLength: "of each",
    scratch: "address: a part for each thread",
    scratchLength: "of each part",
    progress: "address: for each sample that several threads share",
  },
  Step: {
    kind: "a KIND",
    parts: "how many threads it is worth: each of these parts may be computed by another",
    last: "1 if later steps wait for it and those before it, else 0",
    input: "offset",
    inSize: "height and width",
    inPitch: "from pixel to pixel",
    inChannels: "how many are read",
    output: "offset of the first pixel's first channel",
    outSize: "height and width",
    outPitch: "from pixel to pixel",
    outChannels: "how many are written",
    weights: "address",
    kernel: "its height and width",
    stride: "input pixels from output to output",
    activation: "what comes last: 0 nothing, 1 ReLU, 2 hard-swish, 3 SiLU",
    pool: "a classifier's window: height and width",
  },
} as const;

type Records = typeof RECORDS;

/** A record's fields. */
export type Fields<Name extends keyof Records> = Record<keyof Records[Name], number>;

/** What a step may be. */
export const KINDS = ["image", "convolution", "winograd", "max-pool", "resize", "classifier"] as const;

/** Bytes from one shared sample's progress to the next: no two in one line of cache, or in two that are fetched together. */
export const PROGRESS_BYTES = 128;

/** Bytes of a record. */
export function recordBytes(name: keyof Records): number {
  return 4 * Object.keys(RECORDS[name]).length;
}

/** A record's words; a field that is not given is 0. */
export function recordWords<Name extends keyof Records>(name: Name, fields: Partial<Fields<Name>>): number[] {
  return Object.keys(RECORDS[name]).map((field) => fields[field as keyof Records[Name]] ?? 0);
}

/** AssemblyScript's side of the tables, which kernels import as `records`. */
export function recordsSource(): string {
  const constants = { NO_EXIT, PATCHES, PROGRESS_BYTES };
  return [
    ...Object.entries(constants).map(([name, value]) => `export const ${name}: u32 = ${value};`),
    ...KINDS.map((kind, i) => `export const KIND_${kind.replaceAll("-", "_").toUpperCase()}: u32 = ${i};`),
    ...Object.entries(RECORDS).map(([name, fields]) =>
      `@unmanaged export class ${name} {\n${Object.keys(fields).map((field) => `  ${field}: u32;`).join("\n")}\n}`
    ),
  ].join("\n");
}
