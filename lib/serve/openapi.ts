/**
 * OpenAPI 3.1 description of the server.
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
/** In OpenAPI 3.1, a binary body has no schema. Without one, generated clients send `{}` or accept only text. */
const BINARY = { type: "string", format: "binary" };

/** What the description depends on. */
export interface Described extends Pick<RequestLimits, "maxBody" | "maxPixels" | "maxImages"> {
  /** The models; the first one answers `/classify`. */
  readonly models: readonly { readonly name: string }[];
}

/** Describes a server and its limits. */
export function openApi({ models, maxBody, maxPixels, maxImages }: Described): Readonly<Record<string, unknown>> {
  const images = Object.fromEntries(IMAGE_TYPES.map((type) => [type, { schema: BINARY }]));
  const form = { type: "object", additionalProperties: { anyOf: [BINARY, { type: "array", items: BINARY }] } };
  return {
    openapi: "3.1.0",
    info: {
      title: `RANet: ${models.map(({ name }) => name).join(", ")}`,
      version: config.version,
      description: "Image classification with early exits: easy images need fewer operations than hard ones.",
      license: { name: "MIT", identifier: "MIT" },
    },
    servers: [{ url: "/" }],
    security: [],
    paths: {
      "/": {
        get: { operationId: "greet", summary: "Summary of the server as text", responses: { 200: text("Text") } },
      },
      "/classify": {
        post: {
          operationId: "classify",
          summary: "Classify images and report their cost",
          description:
            `JPEG, PNG, WebP, AVIF, GIF, BMP, TIFF or Netpbm; up to ${maxBody} bytes, ${maxImages} images, and ${maxPixels} pixels each.`,
          parameters: [
            {
              name: "threshold",
              in: "query",
              description: `Confidence from 0 to 1 at which an image leaves, or one value per exit, separated ` +
                `by commas. Default: the server's (${DEFAULT_THRESHOLD}, unless it was started with another).`,
              schema: STRING,
            },
            {
              name: "budget",
              in: "query",
              description: "Average multiply-adds per image, instead of a threshold: 25000000 or 25M. The " +
                "model must be calibrated.",
              schema: STRING,
            },
            {
              name: "top",
              in: "query",
              description: "Number of most probable classes to list.",
              schema: { type: "integer", minimum: 1, default: 5 },
            },
          ],
          requestBody: { required: true, content: { ...images, [FORM_TYPE]: { schema: form } } },
          responses: {
            200: json("Results in the order of the images, and their total cost", ref("Results")),
            400: error("The query or the form is invalid"),
            408: error("The body did not arrive in time"),
            413: error("The body is too large, or has too many images"),
            415: error("The media type or the content encoding is not supported"),
            422: error("An image cannot be read"),
            503: {
              ...error("The server is overloaded, the request timed out, or the device failed"),
              headers: { "Retry-After": { description: "Seconds to wait when overloaded", schema: INTEGER } },
            },
          },
        },
      },
      "/health": {
        get: {
          operationId: "health",
          summary: "Whether the server can answer requests",
          responses: { 200: json("Ready", ref("Health")), 503: json("Stopping, or the device failed", ref("Health")) },
        },
      },
      "/health/live": {
        get: {
          operationId: "live",
          summary: "Whether the server runs",
          responses: { 200: json("Running", ref("State")) },
        },
      },
      "/health/ready": {
        get: {
          operationId: "ready",
          summary: "Whether the server can answer requests, in short form",
          responses: { 200: json("Ready", ref("State")), 503: json("Stopping, or the device failed", ref("State")) },
        },
      },
      "/metrics": {
        get: { operationId: "metrics", summary: "Metrics for Prometheus", responses: { 200: text("Metrics") } },
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

/**
 * Paths of the Open Inference Protocol. The protocol has its own description; this one lists what the server supports.
 */
function inferencePaths(): object {
  const model = { name: "model", in: "path", required: true, description: "Name of a model", schema: STRING };
  const version = { name: "version", in: "path", required: true, schema: { const: "1" } };
  const object = { type: "object" };
  const ok = (description: string) => ({ 200: json(description, object) });
  const get = (operationId: string, summary: string, parameters: readonly object[] = [], others: object = {}) => ({
    get: { operationId, summary, parameters, responses: { ...ok("As defined by the protocol"), ...others } },
  });
  const noModel = { 404: error("There is no such model") };
  const notReady = { 503: json("Not ready", object) };
  const binary = { "application/octet-stream": { schema: BINARY } };
  const infer = (operationId: string, parameters: readonly object[]) => ({
    post: {
      operationId,
      summary: "Classify images: FP32 [N,3,size,size] normalised, UINT8 [N,height,width,3], or BYTES [N] of files",
      description:
        "Parameters: threshold, budget, deadline_ms, binary_data_output. Outputs: label, confidence, exit, " +
        "flops, probabilities, and on request logits.",
      parameters,
      requestBody: { required: true, content: { "application/json": { schema: object }, ...binary } },
      responses: {
        200: { description: "Outputs", content: { "application/json": { schema: object }, ...binary } },
        400: error("The request is invalid"),
        ...noModel,
        408: error("The body did not arrive in time"),
        413: error("The request is too large"),
        415: error("The content encoding is not supported"),
        422: error("An image cannot be read"),
        503: error("The server is overloaded, the request timed out, or the device failed"),
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
    "/v2": get("serverMetadata", "The server's name, version and extensions"),
    "/v2/health/live": get("serverLive", "Whether the server runs"),
    "/v2/health/ready": get("serverReady", "Whether all models are loaded and can compute", [], notReady),
    "/v2/models/stats": get("statistics", "Statistics of all models"),
    ...getOfModel("", "modelMetadata", "A model's inputs and outputs"),
    ...getOfModel("/ready", "modelReady", "Whether the model is loaded and can compute", notReady),
    ...getOfModel("/config", "modelConfiguration", "Configuration, for Triton's perf_analyzer"),
    ...getOfModel("/stats", "modelStatistics", "Statistics of a model"),
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
    exitLabel: { type: "string", description: "Location of the exit: `sub-network 2, block 3`" },
    flops: { type: "integer", description: "Multiply-adds, counted as in the paper authors' code" },
    runFlops: { type: "integer", description: "The same, without layers that no exit so far needs" },
    fullFlops: { type: "integer", description: "Multiply-adds of the full network" },
    top: { type: "array", items: object({ label: STRING, index: INTEGER, confidence: SHARE }) },
  }),
  Results: object({
    samples: INTEGER,
    averageFlops: NUMBER,
    exits: { type: "array", items: object({ exit: INTEGER, samples: INTEGER, share: SHARE }) },
    images: { type: "array", items: ref("ImageResult") },
  }, {
    budget: { type: "number", description: "Average multiply-adds per image over many images, if there is a budget" },
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
