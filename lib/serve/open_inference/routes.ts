/**
 * The routes of the Open Inference Protocol (version 2 of KServe's protocol), and further routes that Triton's tools
 * use.
 *
 * @module
 */

import config from "../../../deno.json" with { type: "json" };
import { inputShape } from "../../network/common.ts";
import type { RequestClassifier } from "../classify.ts";
import { MODEL_VERSION } from "../loaded_model.ts";
import type { Metrics, ModelMetrics } from "../metrics.ts";
import type { Models } from "../models.ts";
import { Refusal } from "../refusal.ts";
import { type Context, type Method, type Route, route } from "../routing.ts";

/** The parts of a server that the routes use. */
export interface InferenceService {
  /** The server's models. */
  readonly models: Models;
  /** Its metrics. */
  readonly metrics: Metrics;
  /** Whether all models are loaded and can compute, and the server is not stopping. */
  isReady(): Promise<boolean>;
  /** Calls a function with a model to answer a request. */
  run(name: string, answer: (model: RequestClassifier) => Promise<Response>): Promise<Response>;
}

const EXTENSIONS = ["binary_tensor_data", "classification", "statistics"];

/** The routes. */
export function inferenceRoutes(service: InferenceService): Route[] {
  const { models, metrics } = service;
  const status = (ok: boolean, about: object) => Response.json(about, { status: ok ? 200 : 503 });
  const stats = (names: readonly string[]) =>
    Response.json({ model_stats: names.map((name) => statistics(name, metrics.model(name))) });
  return [
    route("/v2", {
      GET: () => Response.json({ name: "ranet", version: config.version, extensions: EXTENSIONS }),
    }),
    route("/v2/health/live", { GET: () => Response.json({ live: true }) }),
    route("/v2/health/ready", {
      GET: async () => {
        const ready = await service.isReady();
        return status(ready, { ready });
      },
    }),
    route("/v2/models/stats", { GET: () => stats(models.names) }),
    ...ofModel("", {
      GET: (context) => service.run(modelOf(context), (model) => Promise.resolve(Response.json(metadata(model)))),
    }),
    ...ofModel("/ready", {
      GET: async (context) => {
        const name = modelOf(context);
        const ready = await models.isReady(name);
        return status(ready, { name, ready });
      },
    }),
    ...ofModel("/config", {
      GET: (context) => service.run(modelOf(context), (model) => Promise.resolve(Response.json(configuration(model)))),
    }),
    ...ofModel("/stats", {
      GET: (context) => {
        const name = modelOf(context);
        if (models.names.includes(name)) return stats([name]);
        throw new Refusal(404, `There is no model ${JSON.stringify(name)}: there are ${models.names.join(", ")}`);
      },
    }),
    ...ofModel("/infer", {
      POST: ({ request, record, ...context }) =>
        service.run(modelOf({ ...context, request, record }), (model) => model.infer(request, record)),
    }),
  ];
}

/** Routes of a model, with and without a version. */
function ofModel(end: string, methods: Readonly<Record<string, Method>>): Route[] {
  return [`/v2/models/:model${end}`, `/v2/models/:model/versions/:version${end}`].map((path) => route(path, methods));
}

function modelOf({ parameters: { model, version = MODEL_VERSION } }: Context): string {
  if (version === MODEL_VERSION) return model!;
  throw new Refusal(404, `There is no version ${JSON.stringify(version)} of ${model}, only ${MODEL_VERSION}`);
}

function metadata({ name, executor: { model: { spec, network } } }: RequestClassifier): object {
  const { input, classes } = spec;
  const output = (name: string, datatype: string, ...shape: number[]) => ({ name, datatype, shape: [-1, ...shape] });
  return {
    name,
    versions: [MODEL_VERSION],
    platform: "ranet",
    inputs: [{ name: "images", datatype: "FP32", shape: [-1, ...inputShape(input)] }],
    outputs: [
      output("label", "BYTES"),
      output("confidence", "FP32"),
      output("exit", "INT32"),
      output("flops", "INT64"),
      output("probabilities", "FP32", classes.length),
      output("logits", "FP32", network.exits.length, classes.length),
    ],
  };
}

/** Model configuration as expected by Triton's perf_analyzer. */
function configuration(model: RequestClassifier): object {
  const { inputs, outputs } = metadata(model) as Record<"inputs" | "outputs", { datatype: string; shape: number[] }[]>;
  const tensor = ({ datatype, shape, ...rest }: typeof inputs[number]) => ({
    ...rest,
    data_type: `TYPE_${datatype === "BYTES" ? "STRING" : datatype}`,
    dims: shape.slice(1).length > 0 ? shape.slice(1) : [1],
  });
  return {
    name: model.name,
    platform: "ranet",
    max_batch_size: model.batchSize,
    input: inputs.map(tensor),
    output: outputs.map(tensor),
    dynamic_batching: {},
  };
}

/** Statistics as defined by Triton's statistics extension. */
function statistics(name: string, own: ModelMetrics): object {
  const { success, fail, queue, decode, compute, images, batches, last } = own;
  return {
    name,
    version: MODEL_VERSION,
    last_inference: last,
    inference_count: images,
    execution_count: batches,
    inference_stats: {
      success,
      fail,
      queue,
      compute_input: decode,
      compute_infer: compute,
      compute_output: { count: 0, ns: 0 },
    },
    batch_stats: [],
  };
}
