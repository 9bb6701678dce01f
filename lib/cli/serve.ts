/**
 * `ranet serve`: classification over HTTP.
 *
 * @module
 */

import { RanetError } from "../errors.ts";
import { DEFAULT_CAPACITY, DEFAULT_THRESHOLD } from "../executor/executor.ts";
import { readAmount } from "./amount.ts";
import { count, thresholds } from "./args.ts";
import { readBudget } from "./budget.ts";
import type { Call, Command, Terminal } from "./command.ts";
import { MODEL_OPTIONS, type ModelOption, openExecutor } from "./run_on.ts";
import { untilSignal } from "./signals.ts";

type ServeOption =
  | ModelOption
  | "port"
  | "hostname"
  | "threshold"
  | "budget"
  | "calibration"
  | "max-batch"
  | "batch-wait"
  | "max-queue"
  | "max-body"
  | "max-pixels";

const DEFAULTS = {
  port: "8000",
  hostname: "127.0.0.1",
  "max-batch": String(DEFAULT_CAPACITY),
  "batch-wait": "3",
  "max-queue": "256",
  "max-body": "32M",
  "max-pixels": "25M",
} as const;

/** Milliseconds after which a request is given up. */
const TIMEOUT = 30_000;

/** The command. */
export const serveCommand: Command<ServeOption> = {
  name: "serve",
  summary: "classify over HTTP",
  usage: "[options]",
  operands: [0, 0],
  description: `POST an image to /classify, or several as multipart/form-data; the answer is what classify --json
prints. ?threshold=P overrides the server's own. Images that come at the same time are computed together.
/openapi.json describes it all; /health and /metrics (Prometheus) are for operators. SIGTERM or Ctrl-C stops it
once all that came is answered. There is no access control and no TLS: that is a reverse proxy's.`,
  options: {
    port: { value: "N", help: `where to listen (default ${DEFAULTS.port}); 0 takes any free port` },
    hostname: { value: "H", help: `address to listen on (default ${DEFAULTS.hostname}); 0.0.0.0 is all` },
    ...MODEL_OPTIONS,
    threshold: {
      value: "P",
      help: `confidence from 0 to 1 at which an image leaves (default ${DEFAULT_THRESHOLD}), or one per exit`,
    },
    budget: { value: "B", help: "multiply-adds an image may take on average: 25M; as for classify" },
    calibration: { value: "FILE", help: "the file of ranet calibrate, if it is not beside the model" },
    "max-batch": { value: "N", help: `most images computed together (default ${DEFAULTS["max-batch"]})` },
    "batch-wait": { value: "MS", help: `how long an image waits for others (default ${DEFAULTS["batch-wait"]})` },
    "max-queue": { value: "N", help: `images waiting before new ones get 503 (default ${DEFAULTS["max-queue"]})` },
    "max-body": { value: "BYTES", help: `largest body (default ${DEFAULTS["max-body"]})` },
    "max-pixels": { value: "N", help: `most pixels of an image (default ${DEFAULTS["max-pixels"]})` },
  },
  examples: [
    "ranet serve --port 8080 --threshold 0.8",
    "ranet serve --budget 20M --hostname 0.0.0.0",
    "curl -F image=@examples/cat.jpg -F image=@examples/ship.jpg http://127.0.0.1:8000/classify",
  ],
  async run(call: Call<ServeOption>, terminal: Terminal): Promise<void> {
    const given = { ...DEFAULTS, ...call.options };
    const capacity = count("max-batch", given["max-batch"]);
    const limits = {
      capacity,
      batchWait: whole("batch-wait", given["batch-wait"]),
      maxQueue: count("max-queue", given["max-queue"]),
      maxBody: readAmount(given["max-body"], "max-body"),
      maxPixels: readAmount(given["max-pixels"], "max-pixels"),
      timeout: TIMEOUT,
    };
    const port = whole("port", given.port);
    const threshold = given.threshold === undefined ? DEFAULT_THRESHOLD : thresholds(given.threshold);
    using executor = await openExecutor(call, terminal, { capacity });
    const { model, device } = executor;
    const budget = await readBudget(call.options, model);
    const when = budget ? { calibration: budget.calibration } : { threshold };
    // Finds out wrong thresholds, and has the kernels ready.
    await executor.classify(new Float32Array(3 * model.spec.input.size ** 2), when);

    const { createHandler } = await import("../serve/server.ts");
    const { handle, drain } = createHandler(executor, {
      ...limits,
      when,
      budget: budget?.budget,
      log: terminal.stderr,
    });
    const server = listen({ hostname: given.hostname, port }, handle);
    const stopped = whenStopped();
    const { hostname, port: bound } = server.addr;
    const url = `http://${hostname.includes(":") ? `[${hostname}]` : hostname}:${bound}`;
    terminal.stdout(call.json ? JSON.stringify({ url, model: model.name, device }) : `Listening on ${url}`);
    await stopped;
    await drain(); // a body that is still coming would not survive shutdown()
    await server.shutdown();
  },
};

function listen(
  where: { readonly hostname: string; readonly port: number },
  handler: (request: Request) => Promise<Response>,
): Deno.HttpServer<Deno.NetAddr> {
  try {
    return Deno.serve({ ...where, onListen: () => {} }, handler);
  } catch (error) {
    throw new RanetError(`Cannot listen on ${where.hostname}, port ${where.port}: ${(error as Error).message}`);
  }
}

/** Until the system or a person asks the process to stop; if asked again, it stops at once. */
function whenStopped(): Promise<void> {
  const { signal } = untilSignal();
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve()));
}

function whole(option: string, value: string): number {
  return /^0+$/.test(value) ? 0 : count(option, value);
}
