/**
 * `ranet serve`: classification over HTTP.
 *
 * @module
 */

import { inputLength } from "../network/common.ts";
import { findCalibrations } from "../calibration/find.ts";
import { DEFAULT_MODEL } from "../model/read_spec.ts";
import { DECODE_DEADLINE, DecoderPool } from "../data/decoder_pool.ts";
import { DEFAULT_BATCH_SIZE, DEFAULT_THRESHOLD } from "../executor/options.ts";
import type { ListenOptions } from "../serve/listen.ts";
import type { ModelSource } from "../serve/models.ts";
import type { HandlerOptions } from "../serve/server.ts";
import { readAmount } from "./amount.ts";
import { choice, count, thresholds } from "./args.ts";
import { placeOf, readBudget } from "./budget.ts";
import { type Call, type Command, type Terminal, UsageError } from "./command.ts";
import { MODEL_OPTIONS, type ModelOption, openExecutor } from "./run_on.ts";
import { servedModels } from "./served_models.ts";
import { untilSignal } from "./signals.ts";

type ServeOption =
  | ModelOption
  | "port"
  | "cors"
  | "unload-after"
  | "hostname"
  | "threshold"
  | "budget"
  | "calibration"
  | "max-batch"
  | "batch-wait"
  | "max-queue"
  | "max-images"
  | "max-body"
  | "max-held"
  | "max-pixels"
  | "max-request-pixels"
  | "max-connections"
  | "header-timeout"
  | "idle-timeout"
  | "body-timeout"
  | "decode-timeout"
  | "timeout"
  | "drain"
  | "log"
  | "log-level";

const DEFAULTS = {
  port: "8000",
  hostname: "127.0.0.1",
  "batch-wait": "3",
  "max-queue": "256",
  "max-images": "64",
  "max-body": "32M",
  "max-held": "96M",
  "max-pixels": "25M",
  "max-request-pixels": "50M",
  "max-connections": "512",
  "header-timeout": "10000",
  "idle-timeout": "15000",
  "body-timeout": "20000",
  "decode-timeout": String(DECODE_DEADLINE),
  timeout: "30000",
  drain: "5",
  log: "text",
  "log-level": "info",
} as const;

/** Milliseconds in which a client may finish sending a refused request. */
const LINGER = 10_000;

/** On the CPU larger batches are not faster, and no other request is answered while one is computed. */
const CPU_BATCH_SIZE = 8;

/** The command. */
export const serveCommand: Command<ServeOption> = {
  name: "serve",
  summary: "classify over HTTP",
  usage: "[options]",
  operands: [0, 0],
  isLong: true,
  description: `POST an image to /classify, or several as multipart/form-data; the answer is what classify
--budget --json prints. ?threshold=P or ?budget=20M override the server's own. Images that arrive at the same time are
computed together. /openapi.json describes the interface; /health and /metrics (Prometheus) are for monitoring.

After SIGTERM the server reports that it is not ready, but answers requests for --drain seconds. After Ctrl-C it only
completes the requests that it has received. A second signal stops it immediately. There is no access control and no
TLS: use a reverse proxy. docs/operations.md explains all limits.`,
  options: {
    port: { value: "N", help: `port to listen on (default ${DEFAULTS.port}); 0: any free port` },
    hostname: {
      value: "H",
      help:
        `address to listen on (default ${DEFAULTS.hostname}); 0.0.0.0: all addresses; unix:/run/ranet.sock: a Unix socket`,
    },
    ...MODEL_OPTIONS,
    model: {
      value: "M",
      help:
        `${MODEL_OPTIONS.model.help}; repeat it for several models, with NAME=M to name one; or a folder of such folders`,
    },
    "unload-after": { value: "S", help: "seconds without a request after which a model is unloaded (default: never)" },
    threshold: {
      value: "P",
      help: `confidence from 0 to 1 at which an image leaves (default ${DEFAULT_THRESHOLD}), or one per exit`,
    },
    budget: { value: "B", help: "multiply-adds per image, on average: 25M; uses the thresholds of ranet calibrate" },
    calibration: { value: "FILE", help: "the file that ranet calibrate wrote, if it is not beside the model" },
    "max-batch": {
      value: "N",
      help: `most images computed together (default ${DEFAULT_BATCH_SIZE}; ${CPU_BATCH_SIZE} on the CPU)`,
    },
    "batch-wait": {
      value: "MS",
      help: `longest time that an image waits for others (default ${DEFAULTS["batch-wait"]})`,
    },
    "max-queue": { value: "N", help: `most waiting images; further ones get 503 (default ${DEFAULTS["max-queue"]})` },
    "max-images": { value: "N", help: `most images per request (default ${DEFAULTS["max-images"]})` },
    "max-body": { value: "BYTES", help: `largest request body (default ${DEFAULTS["max-body"]})` },
    "max-held": {
      value: "BYTES",
      help: `memory for all request bodies; further requests get 503 (default ${DEFAULTS["max-held"]})`,
    },
    "max-pixels": { value: "N", help: `most pixels per image (default ${DEFAULTS["max-pixels"]})` },
    "max-request-pixels": {
      value: "N",
      help: `most pixels of all images in a request (default ${DEFAULTS["max-request-pixels"]})`,
    },
    "max-connections": { value: "N", help: `most connections (default ${DEFAULTS["max-connections"]})` },
    "header-timeout": {
      value: "MS",
      help: `time limit for receiving a request's head (default ${DEFAULTS["header-timeout"]})`,
    },
    "idle-timeout": {
      value: "MS",
      help: `time limit for an idle connection (default ${DEFAULTS["idle-timeout"]})`,
    },
    "body-timeout": { value: "MS", help: `time limit for receiving a body (default ${DEFAULTS["body-timeout"]})` },
    "decode-timeout": { value: "MS", help: `time limit for decoding an image (default ${DEFAULTS["decode-timeout"]})` },
    timeout: { value: "MS", help: `time limit from a request's head to the response (default ${DEFAULTS.timeout})` },
    drain: {
      value: "S",
      help: `seconds after SIGTERM in which requests are still answered (default ${DEFAULTS.drain}), until the load\n` +
        "balancer has noticed that /health/ready returns 503",
    },
    cors: { value: "ORIGIN", help: "origin whose pages may send requests, such as https://example.com, or *" },
    log: { value: "FORMAT", help: `format of the request log on stderr: text (default), json, or off` },
    "log-level": {
      value: "LEVEL",
      help: "info (default); warn: only requests refused for lack of room or time; error: only server errors",
    },
  },
  flags: {
    "exact-decoding": "decode large JPEGs at full size: slower, but with the same pixels as all other commands",
    "trust-proxy": "use the last entry of X-Forwarded-For, written by a reverse proxy, as the client's address",
  },
  examples: [
    "ranet serve --port 8080 --threshold 0.8",
    "ranet serve --budget 20M --hostname 0.0.0.0",
    "curl -F image=@examples/cat.jpg -F image=@examples/ship.jpg http://127.0.0.1:8000/classify",
  ],
  async run(call: Call<ServeOption>, terminal: Terminal): Promise<void> {
    const given = { ...DEFAULTS, ...call.options };
    const log = {
      format: choice("log", given.log, ["text", "json", "off"]),
      level: choice("log-level", given["log-level"], ["info", "warn", "error"]),
    };
    const drain = 1000 * whole("drain", given.drain);
    const limits = readLimits(given);
    const port = whole("port", given.port);
    const { createHandler, listen, logLine, noticeLine } = await import("../serve/mod.ts");
    const warn = (text: string) => terminal.stderr(noticeLine(text, log));
    if (terminal.notices) {
      terminal.notices.describeLoss = (lines, reason) =>
        noticeLine(`${lines} lines of the log were lost: ${reason}`, log);
    }
    using decoders = new DecoderPool({
      reduces: !call.flags.has("exact-decoding"),
      deadline: count("decode-timeout", given["decode-timeout"]),
      onNote: () => {}, // the operator need not know about clients' files
    });
    await decoders.start();
    const unloadAfter = given["unload-after"];
    const models = await modelSources(call, terminal);
    using handler = createHandler({
      ...limits,
      models,
      decoders,
      cors: call.options.cors,
      unloadAfter: unloadAfter === undefined ? undefined : 1000 * count("unload-after", unloadAfter),
      linesLost: () => terminal.notices?.lost ?? 0,
      log: (record) => {
        const line = logLine(record, log);
        if (line !== undefined) terminal.stderr(line);
      },
    });
    const listener = await listen({
      ...limits,
      hostname: given.hostname,
      port,
      linger: LINGER,
      trustProxy: call.flags.has("trust-proxy"),
      metrics: handler.metrics,
      handle: handler.handle,
      warn,
    });
    const stopped = whenStopped();
    const { url } = listener;
    try {
      await handler.load(); // until then it reports that it is not ready
    } catch (error) {
      await listener.close();
      throw error;
    }
    const { loaded } = handler;
    terminal.stdout(
      call.json
        ? JSON.stringify({ url, model: loaded[0].name, device: loaded[0].device, models: loaded })
        : `Listening on ${url}`,
    );
    const asked = await stopped;
    handler.stop();
    await listener.close(asked === "SIGTERM" ? drain : 0);
    await handler.settled();
  },
};

/** The models that `--model` names, with the thresholds of the command line. */
async function modelSources(call: Call<ServeOption>, terminal: Terminal): Promise<ModelSource[]> {
  const places = await servedModels(call.values?.model ?? [call.options.model ?? DEFAULT_MODEL]);
  if (places.length > 1 && call.options.weights !== undefined) {
    throw new UsageError("Cannot use --weights with several models: name directories");
  }
  const threshold = call.options.threshold === undefined ? DEFAULT_THRESHOLD : thresholds(call.options.threshold);
  const most = call.options["max-batch"];
  const wanted = most === undefined ? undefined : count("max-batch", most);
  return places.map(({ name, model }) => ({
    name,
    async load() {
      const one = { ...call, options: { ...call.options, model } };
      const executor = await openExecutor(one, terminal, { batchSize: wanted ?? DEFAULT_BATCH_SIZE });
      try {
        const budget = await readBudget(one.options, executor.model);
        const when = budget ? { calibration: budget.calibration } : { threshold };
        // Checks the thresholds, and compiles the kernels.
        await executor.classify(new Float32Array(inputLength(executor.model.spec.input)), when);
        return {
          executor,
          when,
          budget: budget?.budget,
          calibrations: await findCalibrations(executor.model, placeOf(one.options)) ?? [],
          batchSize: wanted ?? (executor.device.kind === "cpu" ? CPU_BATCH_SIZE : DEFAULT_BATCH_SIZE),
        };
      } catch (error) {
        executor[Symbol.dispose]();
        throw error;
      }
    },
  }));
}

type Given = Readonly<Record<keyof typeof DEFAULTS, string>>;

function readLimits(given: Given): Pick<HandlerOptions & ListenOptions, Limit> {
  return {
    batchWait: whole("batch-wait", given["batch-wait"]),
    maxQueue: count("max-queue", given["max-queue"]),
    maxImages: count("max-images", given["max-images"]),
    maxBody: readAmount(given["max-body"], "max-body"),
    maxHeld: readAmount(given["max-held"], "max-held"),
    maxPixels: readAmount(given["max-pixels"], "max-pixels"),
    maxRequestPixels: readAmount(given["max-request-pixels"], "max-request-pixels"),
    maxConnections: count("max-connections", given["max-connections"]),
    headerTimeout: count("header-timeout", given["header-timeout"]),
    idleTimeout: count("idle-timeout", given["idle-timeout"]),
    bodyTimeout: count("body-timeout", given["body-timeout"]),
    timeout: count("timeout", given.timeout),
  };
}

type Limit =
  | "batchWait"
  | "maxQueue"
  | "maxImages"
  | "maxBody"
  | "maxHeld"
  | "maxPixels"
  | "maxRequestPixels"
  | "maxConnections"
  | "headerTimeout"
  | "idleTimeout"
  | "bodyTimeout"
  | "timeout";

/** Resolves with the signal that asks the process to stop. A second signal ends it immediately. */
function whenStopped(): Promise<Deno.Signal | undefined> {
  const stop = untilSignal();
  return new Promise((resolve) => stop.signal.addEventListener("abort", () => resolve(stop.received)));
}

function whole(option: string, value: string): number {
  return /^0+$/.test(value) ? 0 : count(option, value);
}
