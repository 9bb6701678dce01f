/**
 * The server's description of itself: OpenAPI 3.1.
 *
 * @module
 */

import config from "../../deno.json" with { type: "json" };
import { DEFAULT_THRESHOLD } from "../executor/options.ts";
import type { RequestLimits } from "./bounds.ts";
import { FORM_TYPE, IMAGE_TYPES } from "./images.ts";

const NUMBER = { type: "number" };
const INTEGER = { type: "integer" };
const STRING = { type: "string" };
const SHARE = { type: "number", minimum: 0, maximum: 1 };
/** OpenAPI 3.1 leaves a body of bytes without a schema; generators of clients then send `{}`, or take a string of text. */
const BINARY = { type: "string", format: "binary" };

/** What is described. */
export interface Described extends Pick<RequestLimits, "maxBody" | "maxPixels" | "maxImages"> {
  /** The models, the one that `/classify` asks first. */
  readonly models: readonly { readonly name: string }[];
}

/** Describes a server, with its limits. */
export function openApi({ models, maxBody, maxPixels, maxImages }: Described): Readonly<Record<string, unknown>> {
  const images = Object.fromEntries(IMAGE_TYPES.map((type) => [type, { schema: BINARY }]));
  const form = { type: "object", additionalProperties: { anyOf: [BINARY, { type: "array", items: BINARY }] } };
  return {
    openapi: "3.1.0",
    info: {
      title: `RANet: ${models.map(({ name }) => name).join(", ")}`,
      version: config.version,
      description: "Image classification that spends on each image what it needs.",
      license: { name: "MIT", identifier: "MIT" },
    },
    servers: [{ url: "/" }],
    security: [],
    paths: {
      "/": {
        get: { operationId: "greet", summary: "What there is, for people", responses: { 200: text("Text") } },
      },
      "/classify": {
        post: {
          operationId: "classify",
          summary: "Say what is in images, and what it cost to tell",
          description:
            `JPEG, PNG, WebP, AVIF, GIF, BMP or TIFF; up to ${maxBody} bytes, ${maxImages} images, and ${maxPixels} pixels each.`,
          parameters: [
            {
              name: "threshold",
              in: "query",
              description: `Confidence from 0 to 1 at which an image leaves; or one per exit, with ` +
                `commas. Without it, the server's own (${DEFAULT_THRESHOLD}, unless it was started with another).`,
              schema: STRING,
            },
            {
              name: "budget",
              in: "query",
              description:
                "Multiply-adds an image may take on average, in place of a threshold: 25000000 or 25M. The " +
                "model has to be calibrated.",
              schema: STRING,
            },
            {
              name: "top",
              in: "query",
              description: "How many of the most probable classes to list.",
              schema: { type: "integer", minimum: 1, default: 5 },
            },
          ],
          requestBody: { required: true, content: { ...images, [FORM_TYPE]: { schema: form } } },
          responses: {
            200: json("Results in the images' order, and what they cost together", ref("Results")),
            400: error("The query or the form is wrong"),
            408: error("The body did not come in time"),
            413: error("The body is too large, or has too many images"),
            415: error("The media type or the content encoding is not supported"),
            422: error("An image cannot be read"),
            503: {
              ...error("Too much to do, no result in time, or the device has failed"),
              headers: { "Retry-After": { description: "Seconds, if it is too much to do", schema: INTEGER } },
            },
          },
        },
      },
      "/health": {
        get: {
          operationId: "health",
          summary: "Whether it can answer",
          responses: { 200: json("It can", ref("Health")), 503: json("It stops, or the device failed", ref("Health")) },
        },
      },
      "/health/live": {
        get: { operationId: "live", summary: "Whether it runs", responses: { 200: json("It does", ref("State")) } },
      },
      "/health/ready": {
        get: {
          operationId: "ready",
          summary: "Whether it can answer, in short",
          responses: { 200: json("It can", ref("State")), 503: json("It stops, or the device failed", ref("State")) },
        },
      },
      "/metrics": {
        get: { operationId: "metrics", summary: "Counters, for Prometheus", responses: { 200: text("Metrics") } },
      },
      ...inferencePaths(),
      "/openapi.json": {
        get: {
          operationId: "describe",
          summary: "This document",
          responses: { 200: json("OpenAPI 3.1", { type: "object" }) },
        },
      },
    },
    components: { schemas: SCHEMAS },
  };
}

/** The Open Inference Protocol has a description of its own: this says what is there. */
function inferencePaths(): object {
  const model = { name: "model", in: "path", required: true, description: "One of the server's", schema: STRING };
  const version = { name: "version", in: "path", required: true, schema: { const: "1" } };
  const object = { type: "object" };
  const ok = (description: string) => ({ 200: json(description, object) });
  const get = (operationId: string, summary: string, parameters: readonly object[] = [], others: object = {}) => ({
    get: { operationId, summary, parameters, responses: { ...ok("As the protocol has it"), ...others } },
  });
  const noModel = { 404: error("There is no such model") };
  const notReady = { 503: json("Not now", object) };
  const binary = { "application/octet-stream": { schema: BINARY } };
  const infer = (operationId: string, parameters: readonly object[]) => ({
    post: {
      operationId,
      summary:
        "Say what is in images: FP32 [N,3,size,size] normalised, UINT8 [N,height,width,3], or BYTES [N] of files",
      description:
        "Parameters: threshold, budget, deadline_ms, binary_data_output. Outputs: label, confidence, exit, " +
        "flops, probabilities, and logits if asked for.",
      parameters,
      requestBody: { required: true, content: { "application/json": { schema: object }, ...binary } },
      responses: {
        200: { description: "Outputs", content: { "application/json": { schema: object }, ...binary } },
        400: error("The request is wrong"),
        ...noModel,
        408: error("The body did not come in time"),
        413: error("The request is too large"),
        415: error("The content encoding is not supported"),
        422: error("An image cannot be read"),
        503: error("Too much to do, no result in time, or the device has failed"),
      },
    },
  });
  const ofModel = (
    end: string,
    operationId: string,
    item: (operationId: string, parameters: readonly object[]) => object,
  ) => ({
    [`/v2/models/{model}${end}`]: item(operationId, [model]),
    [`/v2/models/{model}/versions/{version}${end}`]: item(`${operationId}OfVersion`, [model, version]),
  });
  const getOfModel = (end: string, operationId: string, summary: string, others: object = {}) =>
    ofModel(end, operationId, (id, parameters) => get(id, summary, parameters, { ...noModel, ...others }));
  return {
    "/v2": get("serverMetadata", "The server"),
    "/v2/health/live": get("serverLive", "Whether it runs"),
    "/v2/health/ready": get("serverReady", "Whether all models are loaded and can compute", [], notReady),
    "/v2/models/stats": get("statistics", "What was counted, of all models"),
    ...getOfModel("", "modelMetadata", "A model's inputs and outputs"),
    ...getOfModel("/ready", "modelReady", "Whether it is loaded and can compute", notReady),
    ...getOfModel("/config", "modelConfiguration", "As Triton's perf_analyzer asks for it"),
    ...getOfModel("/stats", "modelStatistics", "What was counted"),
    ...ofModel("/infer", "infer", infer),
  };
}

const SCHEMAS = {
  ImageResult: object({
    image: { type: "string", description: 'The file\'s name in the form; "-" where there is none' },
    label: STRING,
    index: { type: "integer", description: "The label's index among the model's classes" },
    confidence: SHARE,
    exit: { type: "integer", minimum: 1, description: "The exit taken" },
    exitLabel: { type: "string", description: "Where that exit is: `sub-network 2, block 3`" },
    flops: { type: "integer", description: "Multiply-adds spent, as the paper's authors count" },
    runFlops: { type: "integer", description: "The same, without layers that no exit needed so far and were not run" },
    fullFlops: { type: "integer", description: "Multiply-adds of the full network" },
    top: { type: "array", items: object({ label: STRING, index: INTEGER, confidence: SHARE }) },
  }),
  Results: object({
    samples: INTEGER,
    averageFlops: NUMBER,
    exits: { type: "array", items: object({ exit: INTEGER, samples: INTEGER, share: SHARE }) },
    images: { type: "array", items: ref("ImageResult") },
  }, {
    budget: { type: "number", description: "Multiply-adds per image, on average over many, if one is kept" },
  }),
  Health: object({
    status: { enum: ["ok", "loading", "stopping", "failed"] },
    model: STRING,
  }, {
    device: object({ kind: { enum: ["gpu", "cpu"] }, name: STRING }),
    exits: { type: "array", items: object({ exit: INTEGER, label: STRING, flops: INTEGER }) },
    error: STRING,
  }),
  State: object({ status: STRING }, { error: STRING }),
  Error: object({ error: STRING }),
};

function object(properties: Readonly<Record<string, object>>, optional: Readonly<Record<string, object>> = {}): object {
  return { type: "object", required: Object.keys(properties), properties: { ...properties, ...optional } };
}

function ref(name: string): object {
  return { $ref: `#/components/schemas/${name}` };
}

function json(description: string, schema: object): object {
  return { description, content: { "application/json": { schema } } };
}

function error(description: string): object {
  return json(description, ref("Error"));
}

function text(description: string): object {
  return { description, content: { "text/plain": { schema: STRING } } };
}
