/**
 * Classifications as tensors of the Open Inference Protocol.
 *
 * @module
 */

import type { Classification } from "../../executor/classification.ts";
import { type ProtocolTensor, textElements, toBytes, toJson } from "./tensors.ts";

/** Names of all outputs. `logits` is only sent on request. */
export const OUTPUTS = ["label", "confidence", "exit", "flops", "probabilities", "logits"] as const;

/** Outputs with one number per class, to which Triton's classification extension applies. */
export const OF_CLASSES = ["probabilities", "logits"] as const satisfies readonly OutputName[];

/** Name of an output. */
export type OutputName = typeof OUTPUTS[number];

/** A requested output. */
export interface WantedOutput {
  /** Name of the output. */
  readonly name: OutputName;
  /** Whether it is sent as binary data. */
  readonly binary: boolean;
  /**
   * Send only this many of the largest numbers, in Triton's form `0.900000:3:cat`: value, index and label.
   */
  readonly classes?: number;
}

/** The result for one image. */
export interface InferenceResult {
  /** Result of the executor. */
  readonly classification: Classification;
  /** Logits of every exit, one exit after another; only if they were requested. */
  readonly logits?: Float32Array;
}

/** Names in the response. */
export interface AnswerNames {
  /** Name of the model. */
  readonly model: string;
  /** Version of the model. */
  readonly version: string;
  /** The client's id of the request. */
  readonly id?: string;
  /** Labels of the classes. */
  readonly labels: readonly string[];
}

/** One output for all images. */
export function outputTensor(name: OutputName, results: readonly InferenceResult[]): ProtocolTensor {
  const n = results.length;
  const numbers = (of: (one: Classification) => number) => results.map(({ classification }) => of(classification));
  switch (name) {
    case "label":
      return {
        name,
        shape: [n],
        datatype: "BYTES",
        values: textElements(results.map(({ classification }) => classification.label)),
      };
    case "confidence":
      return { name, shape: [n], datatype: "FP32", values: Float32Array.from(numbers(({ confidence }) => confidence)) };
    case "exit":
      return { name, shape: [n], datatype: "INT32", values: Int32Array.from(numbers(({ exit }) => exit)) };
    case "flops":
      return {
        name,
        shape: [n],
        datatype: "INT64",
        values: BigInt64Array.from(numbers(({ flops }) => flops).map(BigInt)),
      };
    case "probabilities":
      return joined(name, [n], results.map(({ classification }) => classification.probabilities));
    case "logits": {
      const classes = results[0].classification.probabilities.length;
      return joined(name, [n, results[0].logits!.length / classes], results.map(({ logits }) => logits!));
    }
  }
}

/** A tensor of one row per image. */
function joined(name: OutputName, shape: readonly number[], rows: readonly Float32Array[]): ProtocolTensor {
  const [{ length }] = rows;
  const values = new Float32Array(rows.length * length);
  rows.forEach((row, i) => values.set(row, i * length));
  return { name, shape: [...shape, values.length / shape.reduce((a, b) => a * b)], datatype: "FP32", values };
}

/** The largest numbers of each row and their classes. */
function largest({ name, shape, values }: ProtocolTensor, count: number, labels: readonly string[]): ProtocolTensor {
  const numbers = values as Float32Array;
  const rows = Array.from({ length: numbers.length / labels.length }, (_, i) => {
    const row = numbers.subarray(i * labels.length, (i + 1) * labels.length);
    const order = Array.from(row.keys()).sort((a, b) => row[b] - row[a] || a - b).slice(0, count);
    return order.map((index) => `${row[index].toFixed(6)}:${index}:${labels[index]}`);
  });
  const sizes = [...shape.slice(0, -1), Math.min(count, labels.length)];
  return { name, shape: sizes, datatype: "BYTES", values: textElements(rows.flat()) };
}

/** The response to a request: JSON, followed by the outputs that were requested as binary data. */
export function inferenceAnswer(
  results: readonly InferenceResult[],
  { outputs, names: { model, version, id, labels } }: {
    readonly outputs: readonly WantedOutput[];
    readonly names: AnswerNames;
  },
): Response {
  const behind: Uint8Array<ArrayBuffer>[] = [];
  const tensors = outputs.map(({ name, binary, classes }) => {
    const all = outputTensor(name, results);
    const tensor = classes === undefined ? all : largest(all, classes, labels);
    const { shape, datatype } = tensor;
    if (!binary) return { name, shape, datatype, data: toJson(tensor) };
    const bytes = toBytes(tensor);
    behind.push(bytes);
    return { name, shape, datatype, parameters: { binary_data_size: bytes.length } };
  });
  const json = { model_name: model, model_version: version, id, outputs: tensors };
  if (behind.length === 0) return Response.json(json);
  const head = new TextEncoder().encode(JSON.stringify(json));
  return new Response(new Blob([head, ...behind]), {
    headers: {
      "content-type": "application/octet-stream",
      "inference-header-content-length": String(head.length),
    },
  });
}
