/**
 * Exports models as ONNX files, for other runtimes. Field numbers are those of onnx.proto (ONNX 1.13, IR version 8).
 *
 * @module
 */

import { PbfWriter } from "pbf";
import config from "../../deno.json" with { type: "json" };
import { RanetError } from "../errors.ts";
import type { InputSpec } from "../network/common.ts";
import type { Network } from "../network/network.ts";
import { runnableWeights } from "../weights/runnable.ts";
import type { Tensor } from "../weights/tensor.ts";
import { type OnnxGraph, onnxGraph, type OnnxGraphOptions, type OnnxPort } from "./graph.ts";
import type { OnnxNode, OnnxTensor } from "./partial_graph.ts";
import { expectObject } from "../text/expect.ts";

/** Description of a file's image preprocessing and outputs. */
export interface Preparation extends InputSpec {
  /**
   * How an image is resized to cover `resize`. If that is one number, it is the length of the shorter side in pixels.
   */
  readonly resampling: "bilinear, antialiased, as Pillow";
  /** The crop after resizing: `size` pixels. */
  readonly crop: "centre";
  /** The order of the channels. */
  readonly channels: "RGB" | "grey" | "any";
  /** Values before normalisation: bytes divided by 255. */
  readonly range: readonly [0, 1];
  /** Order of the input's dimensions. */
  readonly layout: "NCHW";
  /** Labels, in the order of the logits. */
  readonly classes: readonly string[];
  /** Temperatures by which the logits of each output have already been divided; 1 for none. */
  readonly temperatures: readonly number[];
}

/** The description of a file's preprocessing and outputs: every exit, or the given one. */
export function preparationOf(
  { network: { spec, exits }, temperatures = exits.map(() => 1) }: Pick<Exported, "network" | "temperatures">,
  { exit }: { readonly exit?: number } = {},
): Preparation {
  const { input, classes } = spec;
  return {
    ...input,
    resampling: "bilinear, antialiased, as Pillow",
    crop: "centre",
    channels: input.mean.length === 3 ? "RGB" : input.mean.length === 1 ? "grey" : "any",
    range: [0, 1],
    layout: "NCHW",
    classes,
    temperatures: exit === undefined ? temperatures : temperatures.slice(exit - 1, exit),
  };
}

/** ONNX operator set version of the files. Most runtimes support it. */
export const OPSET = 17;

const IR_VERSION = 8;
/** Size limit of weights in bytes: 2 GiB for a protocol buffer, less 1 MiB for names and attributes. */
const MAX_WEIGHT_BYTES = 2 ** 31 - 2 ** 20;

/** `TensorProto.DataType`. */
const FLOAT = 1;

function dataType(data: OnnxTensor["data"]): number {
  if (data instanceof Float32Array) return FLOAT;
  if (data instanceof Uint8Array) return 2;
  if (data instanceof Int8Array) return 3;
  if (data instanceof Int16Array) return 5;
  if (data instanceof Int32Array) return 6;
  return 7;
}

/** `AttributeProto.AttributeType`. */
const ATTRIBUTE = { FLOAT: 1, INT: 2, STRING: 3, INTS: 7 };

/** The parts of a model that are exported. */
export interface Exported {
  /** The network. */
  readonly network: Network;
  /** Its trained parameters. In the file, batch norm is folded into convolutions. */
  readonly tensors: ReadonlyMap<string, Tensor>;
  /** Temperatures by which each exit's logits are divided in the file. Default: none. */
  readonly temperatures?: readonly number[];
}

/** Options of {@linkcode exportOnnx}. */
export interface ExportOnnxOptions extends OnnxGraphOptions {
  /** Batch size, for runtimes that need a fixed one. Default: any. */
  readonly batch?: number;
}

/**
 * Exports a model as an ONNX file with input `image` (float32, `batch × channels × height × width`, normalised) and
 * outputs `exit1`, `exit2`, … (logits, `batch × classes`). A quantized model uses QuantizeLinear and DequantizeLinear.
 * The metadata describe the preprocessing as JSON ({@linkcode preparationOf}).
 *
 * @throws {RanetError} If there is no such exit, the numbers of a quantized model are invalid, or the file would exceed
 * ONNX's size limit.
 */
export function exportOnnx(model: Exported, options: ExportOnnxOptions = {}): Uint8Array {
  expectObject("exportOnnx", { model }, "network", "tensors");
  expectObject("exportOnnx", { options });
  const { network, temperatures } = model;
  const { name } = network.spec;
  const graph = onnxGraph(network, runnableWeights(network, model), options);
  const size = graph.tensors.reduce((sum, { data }) => sum + data.byteLength, 0);
  if (size > MAX_WEIGHT_BYTES) {
    throw new RanetError(
      `Cannot export ${name}: its weights take ${size} bytes, more than the ${MAX_WEIGHT_BYTES} of an ONNX file. ` +
        "Cut it at an earlier exit.",
      { code: "too-large", remedy: { exit: network.exits.length - 1 } },
    );
  }
  const writer = new PbfWriter();
  writer.writeVarintField(1, IR_VERSION);
  writer.writeStringField(2, config.name);
  writer.writeStringField(3, config.version);
  writer.writeMessage(7, writeGraph, { ...graph, name, batch: options.batch });
  writer.writeMessage(8, (_, to) => to.writeVarintField(2, OPSET), undefined);
  for (const [key, value] of Object.entries(preparationOf({ network, temperatures }, options))) {
    writer.writeMessage(14, writeEntry, [key, JSON.stringify(value)]);
  }
  return writer.finish();
}

function writeGraph(graph: OnnxGraph & { name: string; batch?: number }, to: PbfWriter): void {
  for (const node of graph.nodes) to.writeMessage(1, writeNode, node);
  to.writeStringField(2, graph.name);
  for (const tensor of graph.tensors) to.writeMessage(5, writeTensor, tensor);
  const { batch } = graph;
  to.writeMessage(11, writePort, { ...graph.input, batch });
  for (const output of graph.outputs) to.writeMessage(12, writePort, { ...output, batch });
}

function writeNode({ operator, inputs, output, attributes }: OnnxNode, to: PbfWriter): void {
  for (const input of inputs) to.writeStringField(1, input);
  to.writeStringField(2, output);
  to.writeStringField(3, output);
  to.writeStringField(4, operator);
  for (const attribute of Object.entries(attributes)) to.writeMessage(5, writeAttribute, attribute);
}

function writeAttribute([name, value]: [string, OnnxNode["attributes"][string]], to: PbfWriter): void {
  to.writeStringField(1, name);
  if (typeof value === "number") {
    to.writeVarintField(3, value);
    to.writeVarintField(20, ATTRIBUTE.INT);
  } else if (typeof value === "string") {
    to.writeStringField(4, value);
    to.writeVarintField(20, ATTRIBUTE.STRING);
  } else if (value instanceof Float32Array) {
    to.writeFloatField(2, value[0]);
    to.writeVarintField(20, ATTRIBUTE.FLOAT);
  } else {
    for (const item of value) to.writeVarintField(8, item);
    to.writeVarintField(20, ATTRIBUTE.INTS);
  }
}

function writeTensor({ name, shape, data }: OnnxTensor, to: PbfWriter): void {
  for (const side of shape) to.writeVarintField(1, side);
  to.writeVarintField(2, dataType(data));
  to.writeStringField(8, name);
  to.writeBytesField(9, new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
}

/** Writes a value's name and type: a float tensor with a shape. */
function writePort({ name, shape, batch }: OnnxPort & { batch?: number }, to: PbfWriter): void {
  to.writeStringField(1, name);
  to.writeMessage(2, (_, type) => {
    type.writeMessage(1, (_, tensor) => {
      tensor.writeVarintField(1, FLOAT);
      tensor.writeMessage(2, writeShape, [batch ?? "batch", ...shape]);
    }, undefined);
  }, undefined);
}

/** Each side is a number, or a name for any number. */
function writeShape(sides: readonly (number | string)[], to: PbfWriter): void {
  for (const side of sides) {
    to.writeMessage(1, (_, dimension) => {
      if (typeof side === "string") dimension.writeStringField(2, side);
      else dimension.writeVarintField(1, side);
    }, undefined);
  }
}

function writeEntry([key, value]: [string, string], to: PbfWriter): void {
  to.writeStringField(1, key);
  to.writeStringField(2, value);
}
