/**
 * Reads an inference request of the Open Inference Protocol. All input is untrusted.
 *
 * @module
 */

import * as z from "zod";
import type { RgbImage } from "../../data/image.ts";
import { describeIssue } from "../../yaml/issues.ts";
import { suggest } from "../../text/suggest.ts";
import { Refusal } from "../refusal.ts";
import { OF_CLASSES, OUTPUTS, type WantedOutput } from "./outputs.ts";
import { fromBytes, fromJson } from "./tensors.ts";

/** The images, in one of three forms. */
export type InferenceInput =
  | {
    /** The form of the images. */
    readonly kind: "tensors";
    /** Normalised images, each `channels × height × width`. */
    readonly images: readonly Float32Array[];
  }
  | {
    /** The form of the images. */
    readonly kind: "pixels";
    /** Decoded images. */
    readonly images: readonly RgbImage[];
  }
  | {
    /** The form of the images. */
    readonly kind: "files";
    /** Image files. */
    readonly images: readonly Uint8Array[];
  };

/** A validated request. */
export interface InferenceRequest {
  /** The client's id of the request. */
  readonly id?: string;
  /** The images. */
  readonly input: InferenceInput;
  /** The requested outputs, in this order. */
  readonly outputs: readonly WantedOutput[];
  /** Confidence at which an image leaves: one value, or one per exit. */
  readonly threshold?: number | readonly number[];
  /** Average budget in multiply-adds per image. The model must be calibrated. */
  readonly budget?: number;
  /** Milliseconds within which the client needs the response. */
  readonly deadline?: number;
}

/** Limits of a request. */
export interface InferenceLimits {
  /** Channels, height and width of a normalised image. */
  readonly shape: readonly number[];
  /** Number of exits. */
  readonly exits: number;
  /** Maximum number of images. */
  readonly maxImages: number;
}

/** Known parameters of a request, of an input and of an output. */
const PARAMETERS = ["threshold", "budget", "deadline_ms", "binary_data_output"];
const INPUT_PARAMETERS = ["binary_data_size"];
const OUTPUT_PARAMETERS = ["binary_data", "classification"];

/** The schema is created on demand, because most servers never receive such a request. */
function requestSchema(exits: number) {
  const share = z.number("a number from 0 to 1").min(0, "a number from 0 to 1").max(1, "a number from 0 to 1");
  const above = z.number("a number above 0").positive("a number above 0");
  const flag = z.boolean("true or false");
  const one = "a number from 0 to 1, or a list of one per exit";
  return z.object({
    id: z.string("a string").max(256, "a string of at most 256 characters").optional(),
    parameters: z.object({
      threshold: z.union([share, z.array(share, "a list").length(exits, `a list of ${exits}`)], one).optional(),
      budget: above.optional(),
      deadline_ms: above.optional(),
      binary_data_output: flag.optional(),
    }, "an object").optional(),
    inputs: z.array(
      z.object({
        name: z.string("a name"),
        shape: z.array(z.int("a whole number above 0").positive("a whole number above 0"), "a list").max(
          4,
          "up to 4 sizes",
        ),
        datatype: z.enum(["FP32", "UINT8", "BYTES"], "FP32, UINT8 or BYTES"),
        parameters: z.object({
          binary_data_size: z.int("a number of bytes").nonnegative("a number of bytes").optional(),
        }, "an object").optional(),
        data: z.array(z.unknown(), "a list").optional(),
      }, "an object"),
      "a list",
    ).length(1, "a list of one input"),
    outputs: z.array(
      z.object({
        name: z.string("a name"),
        parameters: z.object({
          binary_data: flag.optional(),
          classification: z.int("a whole number above 0").positive("a whole number above 0").optional(),
        }, "an object").optional(),
      }, "an object"),
      "a list",
    ).max(16, "at most 16 outputs").optional(),
  }, "an object");
}

/** Outputs of a request that lists none. */
const USUAL: NonNullable<Document["outputs"]> = OUTPUTS.filter((name) => name !== "logits").map((name) => ({ name }));

type Document = z.infer<ReturnType<typeof requestSchema>>;

/**
 * Reads a request's body.
 *
 * @param body The whole body.
 * @param options `jsonLength`: length of the JSON in bytes, if binary data follow (`Inference-Header-Content-Length`).
 * @throws {Refusal} If it is not a valid request, or exceeds a limit.
 */
export function readInferenceRequest(
  body: Uint8Array<ArrayBuffer>,
  { jsonLength = body.length, ...limits }: InferenceLimits & { readonly jsonLength?: number },
): InferenceRequest {
  const document = parse(body.subarray(0, jsonLength), limits.exits);
  const { id, parameters: { threshold, budget, deadline_ms: deadline, binary_data_output: binary = false } = {} } =
    document;
  if (threshold !== undefined && budget !== undefined) {
    throw new Refusal(400, "Cannot use both parameters threshold and budget: expected one of them");
  }
  return {
    id,
    input: readInput(document.inputs[0], body.subarray(jsonLength), limits),
    outputs: (document.outputs ?? USUAL).map(({ name, parameters }) => ({
      ...wantedOutput(name, parameters?.classification),
      binary: parameters?.binary_data ?? binary,
    })),
    threshold,
    budget,
    deadline,
  };
}

function parse(json: Uint8Array, exits: number): Document {
  let document: unknown;
  try {
    document = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(json));
  } catch {
    throw new Refusal(400, "Cannot read the request: it is not JSON, or Inference-Header-Content-Length is wrong");
  }
  const { data, error } = requestSchema(exits).safeParse(document);
  if (!data) throw new Refusal(400, `Cannot read the request: ${describeIssue(error.issues[0], document)[0]}`);
  const { parameters, inputs, outputs = [] } = document as WithParameters;
  checkParameters(parameters, PARAMETERS, "");
  for (const { name, parameters } of inputs) checkParameters(parameters, INPUT_PARAMETERS, ` of input ${quoted(name)}`);
  for (const { name, parameters } of outputs) {
    checkParameters(parameters, OUTPUT_PARAMETERS, ` of output ${quoted(name)}`);
  }
  return data;
}

/** The validated document as received, with unknown parameters. */
interface WithParameters {
  readonly parameters?: object;
  readonly inputs: readonly { readonly name: string; readonly parameters?: object }[];
  readonly outputs?: readonly { readonly name: string; readonly parameters?: object }[];
}

const quoted = (text: string) => JSON.stringify(text);

function checkParameters(given: object = {}, known: readonly string[], owner: string): void {
  const unknown = Object.keys(given).find((name) => !known.includes(name));
  if (unknown === undefined) return;
  const near = suggest(unknown, known);
  const advice = near === undefined ? `the parameters are ${known.join(", ")}` : `did you mean ${near}?`;
  throw new Refusal(400, `Cannot use parameter ${quoted(unknown)}${owner}: it does not exist; ${advice}`);
}

function readInput(
  input: Document["inputs"][number],
  rest: Uint8Array<ArrayBuffer>,
  limits: InferenceLimits,
): InferenceInput {
  const { datatype, shape } = input;
  const name = JSON.stringify(input.name);
  checkShape(name, datatype, shape, limits);
  const count = shape.reduce((product, size) => product * size, 1);
  const source = { name, datatype, count };
  const size = input.parameters?.binary_data_size;
  if (size !== undefined && size !== rest.length) {
    throw new Refusal(400, `Cannot read input ${name}: expected ${size} bytes after the JSON, found ${rest.length}`);
  }
  const values = size === undefined ? fromJson(input.data, source) : fromBytes(rest, source);
  switch (datatype) {
    case "FP32":
      checkFinite(values as Float32Array, name);
      return { kind: "tensors", images: parts(values as Float32Array, shape[0]) };
    case "UINT8": {
      const [images, height, width] = shape;
      return { kind: "pixels", images: parts(values as Uint8Array, images).map((data) => toRgb(data, width, height)) };
    }
    case "BYTES":
      return { kind: "files", images: values as readonly Uint8Array[] };
  }
}

function parts<Values extends Float32Array | Uint8Array>(values: Values, count: number): Values[] {
  const length = values.length / count;
  return Array.from({ length: count }, (_, i) => values.subarray(i * length, (i + 1) * length) as Values);
}

function checkShape(
  name: string,
  datatype: "FP32" | "UINT8" | "BYTES",
  shape: readonly number[],
  { shape: image, maxImages }: InferenceLimits,
): void {
  const [count = 0, ...rest] = shape;
  const fits = {
    FP32: rest.join() === image.join(),
    UINT8: rest.length === 3 && rest[2] === 3,
    BYTES: rest.length === 0,
  };
  if (count < 1 || !fits[datatype]) {
    const wanted = { FP32: `[N, ${image.join(", ")}]`, UINT8: "[N, height, width, 3]", BYTES: "[N]" };
    throw new Refusal(
      400,
      `Cannot read input ${name}: expected shape ${wanted[datatype]} for ${datatype}, found [${shape.join(", ")}]`,
    );
  }
  if (count > maxImages) {
    throw new Refusal(413, `Cannot read input ${name}: it has ${count} images, more than ${maxImages}`);
  }
}

function checkFinite(values: Float32Array, name: string): void {
  for (let i = 0; i < values.length; i++) {
    if (!Number.isFinite(values[i])) throw new Refusal(400, `Cannot read input ${name}: number ${i} is ${values[i]}`);
  }
}

/** Adds the fourth byte of each pixel. */
function toRgb(pixels: Uint8Array, width: number, height: number): RgbImage {
  const data = new Uint8Array(4 * width * height);
  for (let from = 0, to = 0; from < pixels.length; from += 3, to += 4) {
    data[to] = pixels[from];
    data[to + 1] = pixels[from + 1];
    data[to + 2] = pixels[from + 2];
  }
  return { width, height, data };
}

function wantedOutput(name: string, classes?: number): Pick<WantedOutput, "name" | "classes"> {
  const found = OUTPUTS.find((one) => one === name);
  if (!found) throw new Refusal(400, `Unknown output ${quoted(name)}: expected one of ${OUTPUTS.join(", ")}`);
  if (classes !== undefined && !OF_CLASSES.some((one) => one === found)) {
    throw new Refusal(
      400,
      `Cannot use parameter "classification" of output ${quoted(name)}: it applies only to ${OF_CLASSES.join(" and ")}`,
    );
  }
  return { name: found, classes };
}
