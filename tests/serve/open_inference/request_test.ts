import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import fc from "fast-check";
import { inferenceAnswer, type InferenceResult } from "../../../lib/serve/open_inference/outputs.ts";
import { readInferenceRequest } from "../../../lib/serve/open_inference/request.ts";
import { fromBytes, fromJson, toBytes } from "../../../lib/serve/open_inference/tensors.ts";
import { Refusal } from "../../../lib/serve/refusal.ts";

const LIMITS = { shape: [3, 2, 2], exits: 3, maxImages: 4 };
const encode = (document: unknown) => new TextEncoder().encode(JSON.stringify(document));

/** A request with one input. If it has bytes, they follow the JSON. */
function read(input: object, others: object = {}, behind?: Uint8Array) {
  const parameters = behind && { binary_data_size: behind.length };
  const json = encode({ inputs: [{ name: "images", parameters, ...input }], ...others });
  return readInferenceRequest(new Uint8Array([...json, ...behind ?? []]), { ...LIMITS, jsonLength: json.length });
}

function refuse(status: number, message: string, run: () => unknown): void {
  const error = assertThrows(run, Refusal);
  assertStringIncludes(error.message, message);
  assertEquals(error.status, status);
}

const FP32 = { shape: [2, 3, 2, 2], datatype: "FP32" };
const numbers = Float32Array.from({ length: 24 }, (_, i) => i / 4);

Deno.test("normalised images may be flat, nested or bytes", () => {
  const flat = read({ ...FP32, data: [...numbers] }).input;
  const nested = read({
    ...FP32,
    data: [0, 12].map((image) =>
      [0, 4, 8].map((plane) => [0, 2].map((row) => [...numbers.subarray(image + plane + row, image + plane + row + 2)]))
    ),
  }).input;
  const bytes = read(FP32, {}, new Uint8Array(numbers.buffer)).input;
  assertEquals(flat, { kind: "tensors", images: [numbers.subarray(0, 12), numbers.subarray(12)] });
  assertEquals(nested, flat);
  assertEquals(bytes, flat);
});

Deno.test("pixels are padded to four bytes; files have length prefixes or are base64", () => {
  const pixels = { shape: [1, 1, 2, 3], datatype: "UINT8" };
  const image = { width: 2, height: 1, data: new Uint8Array([1, 2, 3, 0, 4, 5, 6, 0]) };
  assertEquals(read({ ...pixels, data: [1, 2, 3, 4, 5, 6] }).input, { kind: "pixels", images: [image] });
  assertEquals(read(pixels, {}, new Uint8Array([1, 2, 3, 4, 5, 6])).input, { kind: "pixels", images: [image] });
  const files = { shape: [2], datatype: "BYTES" };
  const wanted = { kind: "files", images: [new Uint8Array([7, 8]), new Uint8Array([9])] } as const;
  assertEquals(read(files, {}, new Uint8Array([2, 0, 0, 0, 7, 8, 1, 0, 0, 0, 9])).input, wanted);
  assertEquals(read({ ...files, data: ["Bwg=", "CQ=="] }).input, wanted);
});

Deno.test("parameters set thresholds and the form of outputs", () => {
  const one = { ...FP32, data: [...numbers] };
  assertEquals(read(one, { parameters: { threshold: 0.5 } }).threshold, 0.5);
  assertEquals(read(one, { parameters: { threshold: [0.5, 0.6, 0] } }).threshold, [0.5, 0.6, 0]);
  const { budget, deadline, id } = read(one, { id: "a", parameters: { budget: 2e7, deadline_ms: 5 } });
  assertEquals([budget, deadline, id], [2e7, 5, "a"]);
  const usual = read(one).outputs;
  assertEquals(usual.map(({ name }) => name), ["label", "confidence", "exit", "flops", "probabilities"]);
  assertEquals(usual.some(({ binary }) => binary), false);
  const { outputs } = read(one, {
    parameters: { binary_data_output: true },
    outputs: [{ name: "logits" }, { name: "label", parameters: { binary_data: false } }],
  });
  assertEquals(outputs.map(({ name, binary }) => [name, binary]), [["logits", true], ["label", false]]);
  const best = [{ name: "probabilities", parameters: { classification: 3 } }];
  assertEquals(read(one, { outputs: best }).outputs, [{ name: "probabilities", binary: false, classes: 3 }]);
});

Deno.test("a number outside the range of its type is refused", () => {
  const RANGES = { UINT8: [0, 255], INT32: [-(2 ** 31), 2 ** 31 - 1], INT64: [-(2 ** 53) + 1, 2 ** 53 - 1] } as const;
  for (const datatype of ["UINT8", "INT32", "INT64"] as const) {
    const [least, most] = RANGES[datatype];
    const values = fromJson([least, most], { name: "x", datatype, count: 2 });
    assertEquals(Array.from(values as Iterable<number | bigint>, Number), [least, most]);
    for (const value of [least - 1, most + 1, most + 45, 2 ** 70, 0.5]) {
      refuse(
        400,
        `value 1 is ${value}; ${datatype} is a whole number from ${least} to ${most}`,
        () => fromJson([0, value], { name: "x", datatype, count: 2 }),
      );
    }
  }
  const pixels = { shape: [1, 1, 2, 3], datatype: "UINT8" };
  refuse(400, "value 1 is 300", () => read({ ...pixels, data: [1, 300, -4, 1, 1, 1] }));
  refuse(400, "number 0 is Infinity", () => read({ ...FP32, data: [1e300, ...numbers.subarray(1)] }));
});

Deno.test("invalid requests are refused with the place of the error", () => {
  const data = [...numbers];
  const input = { ...FP32, data };
  refuse(400, "it is not JSON", () => readInferenceRequest(new Uint8Array([123]), LIMITS));
  refuse(400, "inputs: missing", () => readInferenceRequest(encode({}), LIMITS));
  refuse(400, "inputs[0].datatype: expected FP32, UINT8 or BYTES", () => read({ ...input, datatype: "FP64" }));
  refuse(
    400,
    "expected shape [N, 3, 2, 2] for FP32, found [2, 3, 2, 3]",
    () => read({ ...input, shape: [2, 3, 2, 3] }),
  );
  refuse(400, "expected shape [N, height, width, 3]", () => read({ shape: [1, 2, 2, 4], datatype: "UINT8", data }));
  refuse(400, "expected 24 values, found 23", () => read({ ...FP32, data: data.slice(1) }));
  refuse(400, 'value 0 is "x"; FP32 is a number', () => read({ ...FP32, data: ["x", ...data.slice(1)] }));
  refuse(
    400,
    "value 0 is 0.5; UINT8 is a whole number",
    () => read({ shape: [1, 1, 1, 3], datatype: "UINT8", data: [0.5, 1, 2] }),
  );
  refuse(400, "strings of base64", () => read({ shape: [1], datatype: "BYTES", data: ["%"] }));
  refuse(413, "5 images, more than 4", () => read({ shape: [5], datatype: "BYTES", data: [] }));
  refuse(400, "expected 96 bytes of FP32, found 95", () => read(FP32, {}, new Uint8Array(95)));
  refuse(
    400,
    "each preceded by its length",
    () => read({ shape: [1], datatype: "BYTES" }, {}, new Uint8Array([9, 0, 0, 0, 1])),
  );
  refuse(400, "is NaN", () => read(FP32, {}, new Uint8Array(numbers.with(3, NaN).buffer)));
  refuse(400, "did you mean threshold", () => read(input, { parameters: { treshold: 1 } }));
  refuse(
    400,
    "parameters.threshold: expected a number from 0 to 1",
    () => read(input, { parameters: { threshold: 2 } }),
  );
  refuse(400, "a list of 3", () => read(input, { parameters: { threshold: [1, 1] } }));
  refuse(400, "expected one of them", () => read(input, { parameters: { threshold: 1, budget: 1 } }));
  refuse(
    400,
    'parameter "binary" of output "label"',
    () => read(input, { outputs: [{ name: "label", parameters: { binary: true } }] }),
  );
  refuse(
    400,
    'parameter "shared_memory_region" of input "images"',
    () => read({ ...input, parameters: { shared_memory_region: "x" } }),
  );
  refuse(
    400,
    'of output "label": it applies only to probabilities and logits',
    () => read(input, { outputs: [{ name: "label", parameters: { classification: 1 } }] }),
  );
  refuse(400, 'output "labels": expected one of label', () => read(input, { outputs: [{ name: "labels" }] }));
});

Deno.test("arbitrary bytes give a request or a refusal", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(250), (body, jsonLength) => {
    try {
      readInferenceRequest(new Uint8Array(body), { ...LIMITS, jsonLength });
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
    }
  }));
  fc.assert(fc.property(fc.json(), (json) => {
    assertThrows(() => readInferenceRequest(new TextEncoder().encode(json), LIMITS), Refusal);
  }));
});

Deno.test("BYTES elements are equal after encoding and decoding", () => {
  fc.assert(fc.property(fc.array(fc.uint8Array({ maxLength: 9 })), (values) => {
    const bytes = toBytes({ name: "x", shape: [values.length], datatype: "BYTES", values });
    const found = fromBytes(bytes, { name: "x", datatype: "BYTES", count: values.length });
    assertEquals(Array.from(found as Uint8Array[], (one) => [...one]), values.map((one) => [...one]));
  }));
});

const results: InferenceResult[] = [3, 1].map((exit) => ({
  classification: {
    label: `é${exit}`,
    index: 1,
    confidence: 0.75,
    exit,
    subnetwork: 1,
    exitLabel: `${exit}`,
    runFlops: 1,
    flops: 2 ** 40 + exit,
    probabilities: Float32Array.of(0.25, 0.75),
  },
  logits: Float32Array.of(1, 2, 3, 4, 5, 6),
}));
const names = { model: "m", version: "1", id: "a", labels: ["cat", "dog"] };

Deno.test("the classification extension returns value, index and label, like Triton", async () => {
  const outputs = [
    { name: "probabilities", binary: false, classes: 1 },
    { name: "logits", binary: false, classes: 9 },
  ] as const;
  const answer = await inferenceAnswer(results, { outputs, names }).json();
  assertEquals(answer.outputs[0], {
    name: "probabilities",
    shape: [2, 1],
    datatype: "BYTES",
    data: ["0.750000:1:dog", "0.750000:1:dog"],
  });
  const { shape, data } = answer.outputs[1];
  assertEquals([shape, data.slice(0, 3)], [[2, 3, 2], ["2.000000:1:dog", "1.000000:0:cat", "4.000000:1:dog"]]);
});

Deno.test("responses are encoded as JSON", async () => {
  const outputs = (["label", "exit", "flops", "probabilities", "logits"] as const).map((name) => ({
    name,
    binary: false,
  }));
  const answer = await inferenceAnswer(results, { outputs, names }).json();
  assertEquals(answer, {
    model_name: "m",
    model_version: "1",
    id: "a",
    outputs: [
      { name: "label", shape: [2], datatype: "BYTES", data: ["é3", "é1"] },
      { name: "exit", shape: [2], datatype: "INT32", data: [3, 1] },
      { name: "flops", shape: [2], datatype: "INT64", data: [2 ** 40 + 3, 2 ** 40 + 1] },
      { name: "probabilities", shape: [2, 2], datatype: "FP32", data: [0.25, 0.75, 0.25, 0.75] },
      { name: "logits", shape: [2, 3, 2], datatype: "FP32", data: [1, 2, 3, 4, 5, 6, 1, 2, 3, 4, 5, 6] },
    ],
  });
});

Deno.test("responses are encoded as JSON followed by bytes, in the order of the outputs", async () => {
  const outputs = [{ name: "flops", binary: true }, { name: "exit", binary: false }, {
    name: "label",
    binary: true,
  }] as const;
  const response = inferenceAnswer(results, { outputs, names });
  const body = await response.bytes();
  const head = Number(response.headers.get("inference-header-content-length"));
  const { outputs: found } = JSON.parse(new TextDecoder().decode(body.subarray(0, head)));
  assertEquals(found, [
    { name: "flops", shape: [2], datatype: "INT64", parameters: { binary_data_size: 16 } },
    { name: "exit", shape: [2], datatype: "INT32", data: [3, 1] },
    { name: "label", shape: [2], datatype: "BYTES", parameters: { binary_data_size: 14 } },
  ]);
  assertEquals([...new BigInt64Array(body.slice(head, head + 16).buffer)], [2n ** 40n + 3n, 2n ** 40n + 1n]);
  assertEquals([...body.subarray(head + 16)], [3, 0, 0, 0, 195, 169, 51, 3, 0, 0, 0, 195, 169, 49]);
});
