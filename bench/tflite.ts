/**
 * Writes a network as a TFLite file for LiteRT.js, from our ONNX graph, for the operators of networks without squeeze-and-excitation.
 * In 8 bits (from a graph without `Clip`), features have the scale 1 and the zero point -128, and the image is not rounded. Field numbers are those of TFLite's schema, version 3.
 *
 * @module
 */

import { Builder, type Offset } from "flatbuffers";
import type { OnnxGraph } from "../lib/onnx/graph.ts";
import type { OnnxNode, OnnxTensor } from "../lib/onnx/partial_graph.ts";

/** TFLite's operator codes. */
const OPERATORS = {
  add: 0,
  "average-pool": 1,
  concat: 2,
  convolution: 3,
  depthwise: 4,
  dequantize: 6,
  linear: 9,
  "max-pool": 17,
  multiply: 18,
  resize: 23,
  pad: 34,
  quantize: 114,
} as const;

type OperatorName = keyof typeof OPERATORS;

/** Types of an operator's options, with the number of fields that are written. */
const OPTIONS = {
  convolution: { type: 1, fields: 6 },
  depthwise: { type: 2, fields: 7 },
  pool: { type: 5, fields: 6 },
  linear: { type: 8, fields: 1 },
  concat: { type: 10, fields: 1 },
  resize: { type: 15, fields: 3 },
} as const;

/** A field of options. */
type OptionField = readonly [field: number, type: "int8" | "int32", value: number];

interface Operator {
  readonly name: OperatorName;
  readonly inputs: readonly number[];
  readonly output: number;
  readonly options?: { readonly kind: keyof typeof OPTIONS; readonly fields: OptionField[] };
}

interface Value {
  readonly name: string;
  readonly shape: readonly number[];
  /** Contents of a constant. */
  readonly data?: Float32Array | Int32Array | Int8Array;
  /** For integers: the value of a step for each output channel along an axis, or of all, with the zero point. */
  readonly steps?: { readonly scales: readonly number[]; readonly zero: number; readonly axis: number };
}

/** Quantization of all 8-bit features. */
const FEATURE: Value["steps"] = { scales: [1], zero: -128, axis: 0 };

/** Kinds of padding, and the activation that can be part of an operator. */
const [VALID, RELU] = [1, 1];
/** TFLite's codes of types. */
const [FLOAT32, INT32, INT8] = [0, 2, 9];
/** The largest operator code that fits into the old field. */
const MOST_OLD_CODE = 127;

/**
 * Writes a graph for a fixed batch. Its input is `batch × height × width × channels`.
 *
 * @throws {Error} If it has an operator that is not translated.
 */
export function writeTflite(graph: OnnxGraph, batch: number): Uint8Array {
  return new Translation(graph, batch).bytes();
}

class Translation {
  readonly #constants: ReadonlyMap<string, OnnxTensor>;
  readonly #values: Value[] = [];
  readonly #operators: Operator[] = [];
  /** Index of each ONNX value. */
  readonly #indices = new Map<string, number>();
  /** Values of ONNX constants that are stored as integers. */
  readonly #scales = new Map<string, { readonly tensor: OnnxTensor; readonly scales: readonly number[] }>();
  readonly #graph: OnnxGraph;

  constructor(graph: OnnxGraph, batch: number) {
    this.#graph = graph;
    this.#constants = new Map(graph.tensors.map((tensor) => [tensor.name, tensor]));
    const [channels, height, width] = graph.input.shape;
    this.#indices.set(
      graph.input.name,
      this.#value({ name: graph.input.name, shape: [batch, height, width, channels] }),
    );
    for (const node of graph.nodes) {
      const integers = node.operator === "DequantizeLinear" ? this.#constants.get(node.inputs[0]) : undefined;
      if (integers) {
        const scales = [...this.#constants.get(node.inputs[1])!.data as Float32Array];
        this.#scales.set(node.output, { tensor: integers, scales });
      } else this.#indices.set(node.output, this.#translate(node));
    }
  }

  #translate({ operator, inputs: [first, ...others], attributes, output: name }: OnnxNode): number {
    const input = this.#indices.get(first)!;
    const [batch, height, width, channels] = this.#values[input].shape;
    const list = (key: string) => attributes[key] as readonly number[];
    switch (operator) {
      case "Relu":
        return this.#activated(input);
      case "Round": // of the image
      case "Clip":
      case "DequantizeLinear": // floats are made where they are needed
        return input;
      case "QuantizeLinear": {
        const { shape, steps } = this.#values[input];
        return steps ? input : this.#operate("quantize", [input], { name, shape, steps: FEATURE });
      }
      case "Conv":
        return this.#convolve(input, name, { weight: others[0], bias: others[1], attributes });
      case "MaxPool":
      case "AveragePool": {
        const [[size, sizeWide], [stride, strideWide]] = [list("kernel_shape"), list("strides")];
        const isMax = operator === "MaxPool";
        const from = isMax ? this.#pad(input, { pixels: 1 }) : this.#inFloats(input); // features are 0 or above
        const [, inHeight, inWidth] = this.#values[from].shape;
        const shape = [
          batch,
          Math.floor((inHeight - size) / stride) + 1,
          Math.floor((inWidth - sizeWide) / strideWide) + 1,
          channels,
        ];
        const { steps } = this.#values[from];
        return this.#operate(isMax ? "max-pool" : "average-pool", [from], { name, shape, steps }, {
          kind: "pool",
          fields: [[0, "int8", VALID], [1, "int32", strideWide], [2, "int32", stride], [3, "int32", sizeWide], [
            4,
            "int32",
            size,
          ]],
        });
      }
      case "Flatten": // linear layers accept pixels, too
        return input;
      case "Resize": {
        const [, , down, right] = this.#constants.get(others[1])!.data as Float32Array;
        const size = [Math.floor(height * down), Math.floor(width * right)];
        const sizes = this.#value({ name: `${name} size`, shape: [2], data: Int32Array.from(size) });
        const { steps } = this.#values[input];
        return this.#operate("resize", [input, sizes], { name, shape: [batch, ...size, channels], steps }, {
          kind: "resize",
          fields: [[2, "int8", 1]], // corners are aligned
        });
      }
      case "Concat": {
        const all = [first, ...others].map((one) => this.#indices.get(one)!);
        const sum = all.reduce((sum, index) => sum + this.#values[index].shape[3], 0);
        const { steps } = this.#values[input];
        return this.#operate("concat", all, { name, shape: [batch, height, width, sum], steps }, {
          kind: "concat",
          fields: [[0, "int32", 3]],
        });
      }
      case "Pad": {
        const pads = this.#constants.get(others[0])!.data as BigInt64Array;
        return this.#pad(input, { channels: Number(pads[5]) });
      }
      case "Gemm": {
        const [weight, bias] = others.map((one) => this.#constant(this.#constants.get(one)!));
        const shape = [batch, this.#values[bias].shape[0]];
        return this.#operate("linear", [input, weight, bias], { name, shape }, { kind: "linear", fields: [] });
      }
      case "Mul":
      case "Add": {
        const other = this.#indices.get(others[0]) ?? this.#constant(this.#constants.get(others[0])!);
        const { shape } = this.#values[input];
        return this.#operate(operator === "Mul" ? "multiply" : "add", [input, other], { name, shape });
      }
      default:
        throw new Error(`${operator} is not translated to TFLite`);
    }
  }

  #convolve(
    input: number,
    name: string,
    { weight, bias, attributes }: { weight: string; bias: string; attributes: OnnxNode["attributes"] },
  ): number {
    const stored = this.#scales.get(weight);
    const [{ data, shape: [outputs, inputs, kernel] }, [stride], [pixels]] = [
      stored?.tensor ?? this.#constants.get(weight)!,
      attributes.strides as readonly number[],
      attributes.pads as readonly number[],
    ];
    const isDepthwise = attributes.group !== undefined;
    const taps = kernel ** 2;
    // Without a stride, and of odd sizes, TFLite's own padding is the same.
    const same = stride === 1;
    const from = same ? input : this.#pad(input, { pixels });
    const [batch, height, width] = this.#values[from].shape;
    const side = (length: number) => same ? length : Math.floor((length - kernel) / stride) + 1;
    const turned = stored ? new Int8Array(data.length) : new Float32Array(data.length);
    const steps = stored && { scales: stored.scales, zero: 0, axis: isDepthwise ? 3 : 0 };
    for (let out = 0; out < outputs; out++) {
      for (let k = 0; k < inputs; k++) {
        for (let tap = 0; tap < taps; tap++) {
          const at = isDepthwise ? tap * outputs + out : (out * taps + tap) * inputs + k;
          turned[at] = Number(data[(out * inputs + k) * taps + tap]);
        }
      }
    }
    const parameters = [
      this.#value({
        name: weight,
        shape: isDepthwise ? [1, kernel, kernel, outputs] : [outputs, kernel, kernel, inputs],
        data: turned,
        steps,
      }),
      stored
        ? this.#value({
          name: bias,
          shape: [outputs],
          data: this.#scales.get(bias)!.tensor.data as Int32Array,
          steps: { ...steps!, axis: 0 },
        })
        : this.#constant(this.#constants.get(bias)!),
    ];
    const padding: OptionField[] = [[0, "int8", same ? 0 : VALID], [1, "int32", stride], [2, "int32", stride]];
    return this.#operate(isDepthwise ? "depthwise" : "convolution", [from, ...parameters], {
      name,
      shape: [batch, side(height), side(width), outputs],
      steps: stored && FEATURE,
    }, {
      kind: isDepthwise ? "depthwise" : "convolution",
      fields: isDepthwise
        ? [...padding, [3, "int32", 1], [5, "int32", 1], [6, "int32", 1]]
        : [...padding, [4, "int32", 1], [5, "int32", 1]],
    });
  }

  /** Makes ReLU a part of the convolution that has just been appended. */
  #activated(value: number): number {
    const operator = this.#operators.find(({ output }) => output === value)!;
    operator.options!.fields.push([operator.name === "depthwise" ? 4 : 3, "int8", RELU]);
    return value;
  }

  #pad(value: number, { pixels = 0, channels = 0 }: { readonly pixels?: number; readonly channels?: number }): number {
    if (pixels === 0 && channels === 0) return value;
    const { name, shape: [batch, height, width, own], steps } = this.#values[value];
    const pads = Int32Array.of(0, 0, pixels, pixels, pixels, pixels, 0, channels);
    const widths = this.#value({ name: `${name} pads ${this.#values.length}`, shape: [4, 2], data: pads });
    return this.#operate("pad", [value, widths], {
      name: `${name} padded ${this.#values.length}`,
      shape: [batch, height + 2 * pixels, width + 2 * pixels, own + channels],
      steps,
    });
  }

  #inFloats(value: number): number {
    const { name, shape, steps } = this.#values[value];
    return steps
      ? this.#operate("dequantize", [value], { name: `${name} in floats ${this.#values.length}`, shape })
      : value;
  }

  #constant({ name, shape, data }: OnnxTensor): number {
    return this.#value({ name, shape, data: data as Float32Array });
  }

  #value(value: Value): number {
    return this.#values.push(value) - 1;
  }

  #operate(name: OperatorName, inputs: readonly number[], value: Value, options?: Operator["options"]): number {
    const output = this.#value(value);
    this.#operators.push({ name, inputs, output, options });
    return output;
  }

  bytes(): Uint8Array {
    const builder = new Builder(2 ** 20);
    const names = Object.keys(OPERATORS) as OperatorName[];
    const codes = names.map((name) =>
      table(builder, 4, () => {
        builder.addFieldInt8(0, Math.min(OPERATORS[name], MOST_OLD_CODE), 0);
        builder.addFieldInt32(2, name === "resize" ? 3 : 1, 0);
        builder.addFieldInt32(3, OPERATORS[name], 0);
      })
    );
    // The first buffer belongs to computed values.
    const buffers = [undefined, ...this.#values.map(({ data }) => data)].map((data) => {
      if (!data) return table(builder, 1, () => {});
      const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
      builder.prep(16, bytes.length); // as the schema wants them aligned
      const contents = builder.createByteVector(bytes);
      return table(builder, 1, () => builder.addFieldOffset(0, contents, 0));
    });
    const tensors = this.#values.map((value, i) => {
      const { name, shape, data, steps } = value;
      const [text, sides] = [builder.createString(name), integers(builder, shape)];
      const quantization = steps && quantizationOf(builder, steps);
      return table(builder, 5, () => {
        builder.addFieldOffset(0, sides, 0);
        builder.addFieldInt8(1, typeOf(value), 0);
        builder.addFieldInt32(2, data ? i + 1 : 0, 0);
        builder.addFieldOffset(3, text, 0);
        if (quantization) builder.addFieldOffset(4, quantization, 0);
      });
    });
    const operators = this.#operators.map(({ name, inputs, output, options }) => {
      const [from, to] = [integers(builder, inputs), integers(builder, [output])];
      const own = options && table(builder, OPTIONS[options.kind].fields, () => {
        for (const [field, type, value] of options.fields) {
          if (type === "int8") builder.addFieldInt8(field, value, 0);
          else builder.addFieldInt32(field, value, 0);
        }
      });
      return table(builder, 5, () => {
        builder.addFieldInt32(0, names.indexOf(name), 0);
        builder.addFieldOffset(1, from, 0);
        builder.addFieldOffset(2, to, 0);
        if (!options) return;
        builder.addFieldInt8(3, OPTIONS[options.kind].type, 0);
        builder.addFieldOffset(4, own!, 0);
      });
    });
    const graph = [
      offsets(builder, tensors),
      integers(builder, [0]),
      integers(builder, this.#graph.outputs.map(({ name }) => this.#indices.get(name)!)),
      offsets(builder, operators),
      builder.createString("main"),
    ];
    const subgraph = table(
      builder,
      5,
      () => graph.forEach((offset, field) => builder.addFieldOffset(field, offset, 0)),
    );
    const parts = [codes, [subgraph], buffers].map((list) => offsets(builder, list));
    const model = table(builder, 5, () => {
      builder.addFieldInt32(0, 3, 0);
      builder.addFieldOffset(1, parts[0], 0);
      builder.addFieldOffset(2, parts[1], 0);
      builder.addFieldOffset(4, parts[2], 0);
    });
    builder.finish(model, "TFL3");
    return builder.asUint8Array();
  }
}

function typeOf({ data, steps }: Value): number {
  if (data instanceof Int32Array) return INT32;
  return steps ? INT8 : FLOAT32;
}

function quantizationOf(builder: Builder, { scales, zero, axis }: NonNullable<Value["steps"]>): Offset {
  builder.startVector(4, scales.length, 4);
  for (const scale of scales.toReversed()) builder.addFloat32(scale);
  const steps = builder.endVector();
  builder.startVector(8, scales.length, 8);
  for (const _ of scales) builder.addInt64(BigInt(zero));
  const zeros = builder.endVector();
  return table(builder, 7, () => {
    builder.addFieldOffset(2, steps, 0);
    builder.addFieldOffset(3, zeros, 0);
    builder.addFieldInt32(6, axis, 0);
  });
}

function table(builder: Builder, fields: number, fill: () => void): Offset {
  builder.startObject(fields);
  fill();
  return builder.endObject();
}

function integers(builder: Builder, numbers: readonly number[]): Offset {
  builder.startVector(4, numbers.length, 4);
  for (const number of numbers.toReversed()) builder.addInt32(number);
  return builder.endVector();
}

function offsets(builder: Builder, list: readonly Offset[]): Offset {
  builder.startVector(4, list.length, 4);
  for (const offset of list.toReversed()) builder.addOffset(offset);
  return builder.endVector();
}
