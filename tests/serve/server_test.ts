import { times } from "../long.ts";
import { assert, assertEquals, assertFalse, assertLess, assertMatch, assertStringIncludes } from "@std/assert";
import { Validator } from "@seriousme/openapi-schema-validator";
import { DecoderPool } from "../../lib/data/decoder_pool.ts";
import { RanetError } from "../../lib/errors.ts";
import type { Calibration } from "../../lib/calibration/calibration.ts";
import { AdaptiveExecutor } from "../../lib/executor/executor.ts";
import type { LoadedModel } from "../../lib/serve/loaded_model.ts";
import type { ModelSource } from "../../lib/serve/models.ts";
import { createHandler, type HandlerOptions } from "../../lib/serve/server.ts";
import { digestTensors } from "../../lib/weights/digest.ts";
import { randomNumbers, tinyModel } from "../fixtures.ts";

const file = (name: string) => Deno.readFileSync(new URL(`../fixtures/images/${name}`, import.meta.url));
const cat = file("cifar-cat.jpg");
const photo = file("photo.png");

const model = tinyModel();
const executor = await AdaptiveExecutor.create(model, { device: "cpu", batchSize: 4 });

const decoders = new DecoderPool({ size: 2, deadline: 600_000 });
await decoders.start();

const OPTIONS: Omit<HandlerOptions, "models"> = {
  batchWait: 1,
  maxQueue: 16,
  maxImages: 8,
  maxBody: 2 ** 20,
  maxHeld: 2 ** 23,
  maxPixels: 2 ** 20,
  maxRequestPixels: 2 ** 20,
  bodyTimeout: 2 ** 30,
  timeout: 2 ** 30,
  decoders,
  log: ({ defect }) => assertEquals(defect, undefined),
};

/** The served model, as if it had just been loaded. */
function source(own: Partial<LoadedModel> = {}, name = "tiny"): ModelSource {
  const model = { executor, when: { threshold: 0.9 }, calibrations: [], batchSize: 4, ...own };
  return { name, load: () => Promise.resolve(model) };
}

const handlerWith = (options: Partial<HandlerOptions>, own: Partial<LoadedModel> = {}) => {
  const { handle, load } = createHandler({ ...OPTIONS, models: [source(own)], ...options });
  const loaded = load();
  return async (...call: Parameters<typeof handle>) => {
    await loaded;
    return await handle(...call);
  };
};
const handle = handlerWith({});

function post(body: BodyInit, type?: string, query = "", to = handle, client?: string): Promise<Response> {
  const headers = type === undefined ? undefined : { "content-type": type };
  return to(new Request(`http://host/classify${query}`, { method: "POST", body, headers }), client);
}

/** A calibration of the model with which every image leaves at exit 1. */
async function leavesAtOnce(): Promise<Calibration> {
  return {
    ...{ model: "tiny", weights: await digestTensors(model.tensors), target: { budget: 5 }, q: 1, expectedAccuracy: 1 },
    ...{ thresholds: [0, 0, -Infinity], expectedCost: 5, samples: 1 },
  };
}

/** Waits until a number of images are waiting. */
async function queued(count: number, to: typeof handle): Promise<void> {
  const line = `\nranet_queued_images ${count}\n`;
  const late = performance.now() + 10_000;
  while (!(await (await get("/metrics", to)).text()).includes(line)) {
    assertLess(performance.now(), late, `${count} images should wait`);
    await new Promise((resolve) => setTimeout(resolve));
  }
}
const get = (path: string, to = handle) => to(new Request(`http://host${path}`));

function form(...files: [name: string, bytes: Uint8Array<ArrayBuffer>][]): FormData {
  const form = new FormData();
  for (const [name, bytes] of files) form.append("image", new File([bytes], name));
  return form;
}

/** Status and message of a response that must be an error. */
async function refused(answer: Promise<Response>): Promise<[status: number, error: string]> {
  const response = await answer;
  const body = await response.json();
  assertEquals(Object.keys(body), ["error"]);
  assertFalse(/\n|\.ts:/.test(body.error), body.error);
  return [response.status, body.error];
}

Deno.test("/classify accepts one image or several", async () => {
  const { images: [one] } = await (await post(cat, "image/jpeg")).json();
  assertEquals([one.image, one.top.length, one.fullFlops], ["-", 5, model.network.exits[2].cumulativeFlops]);
  const { images: both } = await (await post(form(["a/ça t.jpg", cat], ["photo.png", photo]), undefined, "?top=2"))
    .json();
  assertEquals(both.map(({ image }: { image: string }) => image), ["a/ça t.jpg", "photo.png"]);
  assertEquals(both[0], { ...one, image: "a/ça t.jpg", top: one.top.slice(0, 2) });
  assertEquals((await post(cat)).status, 200);
});

Deno.test("concurrent requests are computed together if their thresholds are equal", async () => {
  const sizes: number[] = [];
  const watched = {
    model,
    device: executor.device,
    classify: (images: Float32Array, when: object) => {
      sizes.push(images.length / (3 * 20 ** 2));
      return executor.classify(images, when);
    },
  } as unknown as AdaptiveExecutor;
  const handler = handlerWith({ batchWait: 1500 }, { executor: watched, batchSize: 8 });
  const queries = ["", "?threshold=0", "", "?threshold=0", "", "?threshold=1,1,1"];
  const answers = await Promise.all(queries.map((query) => post(cat, "image/jpeg", query, handler)));
  const exits = (await Promise.all(answers.map((answer) => answer.json()))).map(({ images: [{ exit }] }) => exit);
  assertEquals([exits[1], exits[3], exits[5]], [1, 1, 3]);
  assertEquals(sizes.toSorted(), [1, 2, 3]);
});

Deno.test("with a server budget, responses contain the budget, unless the request sets a threshold", async () => {
  const handler = handlerWith({}, { budget: 123456 });
  const { budget, samples, images } = await (await post(cat, "image/jpeg", "", handler)).json();
  assertEquals([budget, samples, images.length], [123456, 1, 1]);
  const asked = await (await post(cat, "image/jpeg", "?threshold=0.5", handler)).json();
  assertEquals([asked.budget, asked.images.length], [undefined, 1]);
});

Deno.test("/classify?budget= applies a request's budget if the model is calibrated", async () => {
  const handler = handlerWith({}, { when: { threshold: 1 }, calibrations: [await leavesAtOnce()] });
  const { budget, images: [{ exit }] } = await (await post(cat, "image/jpeg", "?budget=0.01k", handler)).json();
  assertEquals([budget, exit], [10, 1]);
  const { images: [usual] } = await (await post(cat, "image/jpeg", "", handler)).json();
  assertEquals(usual.exit, 3);
  const cases: [string, string, typeof handle?][] = [
    ["?budget=much", 'Cannot use budget "much": expected an amount of at least 1, such as 25M'],
    ["?budget=4", "the smallest budget of these 1 calibrations is 5"],
    ["?budget=10&threshold=0.5", "both parameters threshold and budget"],
    ["?budget=10", "there are no calibrations", handle],
  ];
  for (const [query, message, to = handler] of cases) {
    const [status, error] = await refused(post(cat, "image/jpeg", query, to));
    assertEquals(status, 400);
    assertStringIncludes(error, message);
  }
});

Deno.test("/classify explains invalid requests", async () => {
  const cases: [number, string, Promise<Response>][] = [
    [415, "text/html", post("<p>", "text/html; charset=utf-8")],
    [422, "the file is empty", post("", "image/png")],
    [422, "not an image", post("hello", "image/png")],
    [422, "truncated", post(cat.slice(0, 200), "image/jpeg")],
    [422, '"b.jpg"', post(form(["a.jpg", cat], ["b.jpg", cat.slice(0, 300)]))],
    [422, "are more than 10", post(photo, "image/png", "", handlerWith({ maxPixels: 10 }))],
    [413, "larger than 100 bytes", post(cat, "image/jpeg", "", handlerWith({ maxBody: 100 }))],
    [413, "larger than 100 bytes", post(new Blob([cat]).stream(), "image/jpeg", "", handlerWith({ maxBody: 100 }))],
    [
      413,
      "more than 2 parts",
      post(form(["a", cat], ["b", cat], ["c", cat]), undefined, "", handlerWith({ maxImages: 2 })),
    ],
    [400, "Cannot read the body: ", post("--x\r\nhello", "multipart/form-data; boundary=x")],
    [400, "no boundary", post("hello", "multipart/form-data")],
    [400, "no files", post(new FormData())],
    [400, "threshold", post(cat, "image/jpeg", "?threshold=1.5")],
    [400, "threshold", post(cat, "image/jpeg", "?threshold=0.5,0.5")],
    [400, "top", post(cat, "image/jpeg", "?top=0")],
    [400, 'parameter "tresold": it does not exist; did you mean threshold?', post(cat, "image/jpeg", "?tresold=1")],
    [404, "/nowhere", get("/nowhere")],
    [404, "/constructor", get("/constructor")],
  ];
  for (const [status, part, response] of cases) {
    const [found, error] = await refused(response);
    assertEquals(found, status, error);
    assertStringIncludes(error, part);
  }
  const wrong = await get("/classify");
  assertEquals([wrong.status, wrong.headers.get("allow")], [405, "POST"]);
  assertMatch((await wrong.json()).error, /expected POST/);
});

Deno.test("compressed bodies are accepted, with limits on the uncompressed size", async () => {
  const handler = handlerWith({ maxBody: 100_000 });
  const packed = async (bytes: Uint8Array<ArrayBuffer>, format: CompressionFormat) =>
    await new Response(new Blob([bytes]).stream().pipeThrough(new CompressionStream(format))).bytes();
  const send = (path: string, encoding: string, body: Uint8Array<ArrayBuffer>) =>
    handler(new Request(`http://host${path}`, { method: "POST", body, headers: { "content-encoding": encoding } }));
  const expected = await (await post(cat, undefined, "", handler)).json();
  for (const [name, format] of [["gzip", "gzip"], ["GZIP", "gzip"], ["deflate", "deflate"]] as const) {
    const answer = await send("/classify", name, await packed(cat, format));
    assertEquals([name, await answer.json()], [name, expected]);
  }
  assertEquals(await (await send("/classify", "identity", cat)).json(), expected);
  const request = { inputs: [{ name: "images", shape: [1], datatype: "BYTES", data: [cat.toBase64()] }] };
  const json = new TextEncoder().encode(JSON.stringify(request));
  const inferred = await send("/v2/models/tiny/infer", "gzip", await packed(json, "gzip"));
  assertEquals((await inferred.json()).outputs[0].data, [expected.images[0].label]);

  const bomb = await packed(new Uint8Array(50_000_000), "gzip");
  assertLess(bomb.length, 100_000);
  assertEquals(await refused(send("/classify", "gzip", bomb)), [
    413,
    "Cannot read the body: it is larger than 100000 bytes",
  ]);
  assertEquals((await refused(send("/classify", "gzip", cat)))[0], 400);
  assertEquals((await refused(send("/classify", "gzip", (await packed(cat, "gzip")).slice(0, -9))))[0], 400);
  const unknown = await send("/classify", "br", cat);
  assertEquals([unknown.status, unknown.headers.get("accept-encoding")], [415, "gzip, deflate, identity"]);
});

Deno.test("a full queue gives 503 with Retry-After", async () => {
  const handler = handlerWith({ maxQueue: 4, batchWait: 3000 });
  const waiting = [1, 2].map(() => post(cat, "image/jpeg", "", handler));
  await queued(2, handler);
  const busy = await post(cat, "image/jpeg", "", handler);
  assertEquals([busy.status, busy.headers.get("retry-after")], [503, "1"]);
  assertMatch((await busy.json()).error, /are waiting/);
  assertEquals((await Promise.all(waiting)).map(({ status }) => status), [200, 200]);
  assertEquals((await post(cat, "image/jpeg", "", handler)).status, 200);
});

/** Starts to send bodies, of which 990 bytes have been sent; `finish` sends the rest and checks that they were read. */
async function sendSlowly(
  clients: readonly string[],
  to: typeof handle,
): Promise<{ finish: () => Promise<void> }> {
  const streams = clients.map(() => new TransformStream<Uint8Array, Uint8Array>());
  const writers = streams.map(({ writable }) => writable.getWriter());
  const waiting = streams.map(({ readable }, i) => post(readable, "image/jpeg", "", to, clients[i]));
  await Promise.all(writers.map((writer) => writer.write(new Uint8Array(990))));
  return {
    async finish() {
      await Promise.all(writers.map((writer) => writer.close()));
      for (const response of waiting) assertEquals((await refused(response))[0], 422);
    },
  };
}

Deno.test("the memory for all bodies is limited and shared fairly among clients", async () => {
  const handler = handlerWith({ maxBody: 2000, maxHeld: 8000 });
  const greedy = await sendSlowly(["greedy", "greedy", "greedy", "greedy"], handler);
  const busy = [503, "Cannot classify just now: too many bodies are being read"];
  assertEquals(await refused(post(cat, "image/jpeg", "", handler, "greedy")), busy);
  assertEquals((await post(cat, "image/jpeg", "", handler, "modest")).status, 200);
  const others = await sendSlowly(["a", "b", "c", "d"], handler);
  assertEquals(await refused(post(cat, "image/jpeg", "", handler, "late")), busy);
  await greedy.finish();
  await others.finish();
  assertEquals((await post(cat, "image/jpeg", "", handler, "greedy")).status, 200);
});

Deno.test("bodies of known length wait for memory, and get 503 after a time limit", async () => {
  const handler = handlerWith({ maxBody: 2000, maxHeld: 4000 });
  const send = (body: BodyInit, length: number, to = handler) =>
    to(
      new Request("http://host/classify", { method: "POST", body, headers: { "content-length": String(length) } }),
      "one",
    );
  const slow = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>();
  const writer = slow.writable.getWriter();
  const first = send(slow.readable, 2000);
  await writer.write(cat.slice(0, 100));
  const rest = Array.from({ length: 5 }, () => send(cat, cat.length));
  await writer.write(cat.slice(100));
  await writer.close();
  assertEquals((await Promise.all([first, ...rest])).map(({ status }) => status), new Array(6).fill(200));

  const held = handlerWith({ maxBody: 2000, maxHeld: 4000, bodyTimeout: 200, batchWait: 2000 });
  const waiting = send(cat, 2000, held); // until its batch starts
  await queued(1, held);
  assertEquals(await refused(send(cat, 2000, held)), [503, "Cannot classify just now: too many bodies are being read"]);
  assertEquals((await waiting).status, 200);
});

Deno.test("requests time out if the body or the result does not arrive", async () => {
  const handler = handlerWith({ bodyTimeout: 300, timeout: 400, batchWait: 2 ** 30 });
  const slow = new ReadableStream({ start: (controller) => controller.enqueue(cat.slice(0, 100)) });
  assertEquals(await refused(post(slow, "image/jpeg", "", handler)), [
    408,
    "Cannot answer: the body did not arrive within 300 ms",
  ]);
  assertEquals(await refused(post(cat, "image/jpeg", "", handler)), [
    503,
    "Cannot classify just now: there was no result within 400 ms",
  ]);
});

Deno.test("one client cannot fill the queue or be served before all others", async () => {
  const handler = handlerWith({ maxQueue: 8, batchWait: 2000 }, { batchSize: 8 });
  const greedy = Array.from({ length: 8 }, () => post(cat, "image/jpeg", "", handler, "greedy"));
  await queued(4, handler);
  assertEquals((await post(cat, "image/jpeg", "", handler, "modest")).status, 200);
  const statuses = (await Promise.all(greedy)).map(({ status }) => status);
  assertEquals(statuses.toSorted(), [200, 200, 200, 200, 503, 503, 503, 503]);
});

Deno.test("a form boundary longer than RFC 2046 allows is refused", async () => {
  for (const length of [71, 252, 253]) {
    const boundary = "b".repeat(length);
    const body = `--${boundary}\r\ncontent-disposition: form-data; name="image"; filename="x"\r\n\r\n${
      "b".repeat(999)
    }`;
    const [status, error] = await refused(post(body, `multipart/form-data; boundary=${boundary}`));
    assertEquals([status, error.includes(`its boundary has ${length} characters`)], [400, true]);
  }
  const boundary = "b".repeat(70);
  const part = `--${boundary}\r\ncontent-disposition: form-data; filename="x"\r\n\r\nno image\r\n--${boundary}--`;
  assertEquals((await refused(post(part, `multipart/form-data; boundary="${boundary}"`)))[0], 422);
});

Deno.test("the pixels of all images of a form are limited together", async () => {
  const handler = handlerWith({ maxRequestPixels: 500 });
  const [status, error] = await refused(post(form(["a", photo], ["b", photo]), undefined, "", handler));
  assertEquals([status, error], [
    413,
    "Cannot read the form: its images have 560 pixels together, more than 500",
  ]);
  assertEquals((await post(form(["a", photo]), undefined, "", handler)).status, 200);
});

Deno.test("file names come from filename, not filename*, and nothing is printed", async () => {
  const names = [
    [`filename="a.png"`, "a.png"],
    [`filename="a \\"b\\".png"; filename*=UTF-8''%FF%FE`, 'a "b".png'],
    [`filename=bare.png; filename*=nonsense'text'%%%`, "bare.png"],
    [`filename=""`, "-"],
  ];
  const parts = names.flatMap(([given]) => [
    `--x\r\ncontent-disposition: form-data; name="image"; ${given}\r\n\r\n`,
    photo,
    "\r\n",
  ]);
  const written: unknown[] = [];
  const { error, warn } = console;
  console.error = console.warn = (...what) => written.push(what);
  try {
    const response = await post(new Blob([...parts, "--x--"]), "multipart/form-data; boundary=x");
    const images = (await response.json()).images.map(({ image }: { image: string }) => image);
    assertEquals([images, written], [names.map(([, name]) => name), []]);
  } finally {
    Object.assign(console, { error, warn });
  }
});

Deno.test("a method named like a property of Object.prototype gets 405", async () => {
  for (const method of ["constructor", "toString", "valueOf", "__proto__", "hasOwnProperty"]) {
    const answer = handle(new Request("http://host/health", { method }));
    assertEquals(await refused(answer), [405, `Cannot ${method} /health: expected GET, HEAD`]);
  }
});

Deno.test("a disconnected client frees its place in the queue", async () => {
  const handler = handlerWith({ maxQueue: 1, batchWait: 2000 });
  const client = new AbortController();
  const request = new Request("http://host/classify", { method: "POST", body: cat, signal: client.signal });
  const gone = handler(request);
  await queued(1, handler);
  client.abort();
  assertEquals((await gone).status, 499);
  assertEquals((await post(cat, undefined, "", handler)).status, 200);
});

Deno.test("/health reports a failed device and a stopping server", async () => {
  const { status, model: name, device, exits } = await (await get("/health")).json();
  assertEquals([status, name, device.kind, exits.length], ["ok", "tiny", "cpu", 3]);

  let lost = true;
  const flaky = {
    model,
    device: executor.device,
    classify: (images: Float32Array) => {
      if (lost) throw new RanetError("Cannot run on it: the device was lost");
      return executor.classify(images);
    },
  } as unknown as AdaptiveExecutor;
  const handler = handlerWith({}, { executor: flaky });
  assertEquals(await refused(post(cat, undefined, "", handler)), [503, "Cannot run on it: the device was lost"]);
  const failed = await get("/health", handler);
  assertEquals([failed.status, (await failed.json()).status], [503, "failed"]);
  lost = false;
  assertEquals((await get("/health", handler)).status, 200);
  assertEquals((await post(cat, undefined, "", handler)).status, 200);
});

Deno.test("a draining server is not ready, and answers requests with Connection: close", async () => {
  const { handle, stop, settled, load } = createHandler({ ...OPTIONS, models: [source()] });
  await load();
  const { readable, writable } = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>();
  const writer = writable.getWriter();
  const early = post(readable, "image/jpeg", "", handle);
  await writer.write(cat.slice(0, 100));
  stop();
  for (const path of ["/health", "/health/ready", "/v2/health/ready"]) {
    const { status, headers } = await get(path, handle);
    assertEquals([path, status, headers.get("connection")], [path, 503, "close"]);
  }
  assertEquals((await get("/health/live", handle)).status, 200);
  let isSettled = false;
  const end = settled().then(() => isSettled = true);
  const late = await post(cat, undefined, "", handle);
  assertEquals([late.status, late.headers.get("connection"), isSettled], [200, "close", false]);
  await writer.write(cat.slice(100));
  await writer.close();
  assertEquals([(await early).status, (await early).headers.get("connection")], [200, "close"]);
  assert(await end);
});

Deno.test("an internal error is logged, but not shown to the client", async () => {
  const logged: string[] = [];
  const broken = {
    model,
    device: executor.device,
    classify: () => Promise.reject(new TypeError("secret")),
  } as unknown as AdaptiveExecutor;
  const handler = handlerWith({ log: ({ defect }) => logged.push(defect ?? "") }, { executor: broken });
  const [status, error] = await refused(post(cat, undefined, "", handler));
  assertEquals([status, error.includes("secret")], [500, false]);
  assertMatch(logged.join(), /TypeError: secret\n.*\.ts:/);
});

Deno.test("metrics count requests, exits, multiply-adds and batches", async () => {
  const handler = handlerWith({});
  const { images: results } = await (await post(form(["a", cat], ["b", photo]), undefined, "?threshold=1", handler))
    .json();
  await post("", "text/html", "", handler);
  await get("/nowhere/1", handler);
  const response = await get("/metrics", handler);
  assertMatch(response.headers.get("content-type")!, /^text\/plain; version=0\.0\.4/);
  const lines = (await response.text()).split("\n");
  for (
    const line of [
      'ranet_http_requests_total{path="/classify",status="200"} 1',
      'ranet_http_requests_total{path="/classify",status="415"} 1',
      'ranet_http_requests_total{path="other",status="404"} 1',
      "ranet_classify_seconds_count 1",
      'ranet_images_total{model="tiny",exit="1"} 0',
      'ranet_images_total{model="tiny",exit="3"} 2',
      `ranet_multiply_adds_total{model="tiny"} ${2 * results[0].fullFlops}`,
      'ranet_batch_images_sum{model="tiny"} 2',
      "ranet_queued_images 0",
    ]
  ) assert(lines.includes(line), line);
});

Deno.test("the OpenAPI document is valid and complete", async () => {
  const document = await (await get("/openapi.json")).json();
  const { valid, errors } = await new Validator().validate(structuredClone(document));
  assert(valid, JSON.stringify(errors));
  for (const path of Object.keys(document.paths)) assertLess((await get(path)).status, 406, path);
  assertStringIncludes(await (await get("/")).text(), "/classify");

  const { ImageResult, Results, Health } = document.components.schemas;
  const keys = (value: object) => Object.keys(value).toSorted();
  const { images: [result] } = await (await post(cat)).json();
  const withBudget = await (await post(cat, undefined, "", handlerWith({}, { budget: 1e6 }))).json();
  assertEquals(keys(result), ImageResult.required.toSorted());
  assertEquals(keys(withBudget), [...Results.required, "budget"].toSorted());
  assertEquals(keys(await (await get("/health")).json()), [...Health.required, "device", "exits"].toSorted());
});

Deno.test("hostile bodies get an error response", async () => {
  const next = randomNumbers(5);
  const noise = (length: number) => new Uint8Array(length).map(() => 128 * (next() + 1));
  const damaged = (bytes: Uint8Array<ArrayBuffer>) => {
    const copy = bytes.slice(0, 20 + Math.floor((next() + 1) / 2 * bytes.length));
    for (let i = 0; i < 8; i++) copy[Math.floor((next() + 1) / 2 * copy.length)] ^= 1 << i;
    return copy;
  };
  for (let i = 0; i < times(40, 100); i++) {
    const body = [cat, photo, file("lossy.webp"), noise(500)].map(damaged)[i % 4];
    const type = i % 5 === 4 ? "multipart/form-data; boundary=x" : "image/jpeg";
    const response = await post(body, type);
    assert([200, 400, 422].includes(response.status), `${i}: ${response.status}`);
    await response.body?.cancel();
  }
  assertEquals((await post(cat)).status, 200);
});

const v2 = (path: string, init?: RequestInit, to = handle) => to(new Request(`http://host/v2${path}`, init));
/** An inference request for the cat, as JSON or with binary data. */
function inference(others: object = {}, binary = false): RequestInit {
  const input = { name: "images", shape: [1], datatype: "BYTES" };
  if (!binary) {
    return { method: "POST", body: JSON.stringify({ inputs: [{ ...input, data: [cat.toBase64()] }], ...others }) };
  }
  const parameters = { binary_data_size: cat.length + 4 };
  const head = new TextEncoder().encode(JSON.stringify({ inputs: [{ ...input, parameters }], ...others }));
  const length = new Uint8Array(Uint32Array.of(cat.length).buffer);
  const headers = { "inference-header-content-length": String(head.length) };
  return { method: "POST", headers, body: new Uint8Array([...head, ...length, ...cat]) };
}

Deno.test("Open Inference Protocol: the server and its models describe themselves", async () => {
  const server = await (await v2("")).json();
  assertEquals([server.name, server.extensions], ["ranet", ["binary_tensor_data", "classification", "statistics"]]);
  for (const path of ["/health/live", "/health/ready", "/models/tiny/ready", "/models/tiny/versions/1/ready"]) {
    const response = await v2(path);
    assertEquals([response.status, await response.body!.cancel()], [200, undefined], path);
  }
  for (const path of ["/models/tiny", "/models/tiny/versions/1"]) {
    const { name, versions, inputs, outputs } = await (await v2(path)).json();
    assertEquals([name, versions], ["tiny", ["1"]]);
    assertEquals(inputs, [{ name: "images", datatype: "FP32", shape: [-1, 3, 20, 20] }]);
    assertEquals(outputs.at(-1), { name: "logits", datatype: "FP32", shape: [-1, 3, 5] });
  }
  const config = await (await v2("/models/tiny/config")).json();
  assertEquals([config.max_batch_size, config.input[0].data_type], [4, "TYPE_FP32"]);
  assertEquals(await refused(v2("/models/other")), [404, 'There is no model "other": there are tiny']);
  assertEquals((await refused(v2("/models/tiny/versions/2/ready")))[0], 404);
  assertEquals((await refused(v2("/models/tiny/infer")))[0], 405);
});

Deno.test("Open Inference Protocol: files, pixels and tensors give the results of /classify, in JSON and bytes", async () => {
  const { images: [expected] } = await (await post(cat)).json();
  const outputs = ["label", "confidence", "exit", "flops"].map((name) => ({ name }));
  const answer = await (await v2("/models/tiny/infer", inference({ id: "x", outputs }))).json();
  assertEquals([answer.model_name, answer.model_version, answer.id], ["tiny", "1", "x"]);
  const found = answer.outputs.map(({ data: [value] }: { data: unknown[] }) => value);
  const { label, confidence, exit, flops } = expected;
  assertEquals(found, [label, confidence, exit, flops]);

  const image = await decoders.image(cat, { source: "cat" });
  const tensor = await decoders.tensor(cat, { source: "cat", input: model.spec.input });
  const rgb = image.data.filter((_, i) => i % 4 < 3);
  const inputs = [
    { name: "images", datatype: "UINT8", shape: [1, image.height, image.width, 3], data: [...rgb] },
    { name: "images", datatype: "FP32", shape: [1, 3, 20, 20], data: [...tensor] },
  ];
  for (const input of inputs) {
    const init = { method: "POST", body: JSON.stringify({ inputs: [input], outputs }) };
    const same = await (await v2("/models/tiny/versions/1/infer", init)).json();
    assertEquals(same.outputs, answer.outputs);
  }
  const response = await v2(
    "/models/tiny/infer",
    inference({ outputs, parameters: { binary_data_output: true } }, true),
  );
  const bytes = await response.bytes();
  const head = Number(response.headers.get("inference-header-content-length"));
  assertEquals(JSON.parse(new TextDecoder().decode(bytes.subarray(0, head))).outputs.length, 4);
  assertEquals(new DataView(bytes.buffer, head + 4 + label.length).getFloat32(0, true), Math.fround(confidence));
});

Deno.test("Open Inference Protocol: each request has its own thresholds, budget, outputs and deadline", async () => {
  const exitOf = async (parameters: object, to = handle) => {
    const { outputs } = await (await v2("/models/tiny/infer", inference({ parameters }), to)).json();
    return outputs.find(({ name }: { name: string }) => name === "exit").data[0];
  };
  assertEquals([await exitOf({ threshold: 0 }), await exitOf({ threshold: [1, 0, 0] })], [1, 2]);
  assertEquals((await refused(v2("/models/tiny/infer", inference({ parameters: { budget: 1e9 } }))))[0], 400);
  const calibrated = handlerWith({}, { when: { threshold: 1 }, calibrations: [await leavesAtOnce()] });
  assertEquals(await exitOf({ budget: 10 }, calibrated), 1);

  const { outputs: [logits] } = await (await v2("/models/tiny/infer", inference({ outputs: [{ name: "logits" }] })))
    .json();
  const tensor = await decoders.tensor(cat, { source: "cat", input: model.spec.input });
  assertEquals(logits.shape, [1, 3, 5]);
  assertEquals(logits.data, (await executor.forward(tensor)).flatMap((exit) => [...exit]));
  const passes: string[] = [];
  const counting = {
    model,
    device: executor.device,
    forward: (images) => (passes.push("forward"), executor.forward(images)),
    classify: (images, when) => (passes.push("classify"), executor.classify(images, when)),
    decide: (all, when) => executor.decide(all, when),
  } as Partial<AdaptiveExecutor> as AdaptiveExecutor;
  const once = handlerWith({}, { executor: counting });
  const both =
    await (await v2("/models/tiny/infer", inference({ outputs: [{ name: "logits" }, { name: "exit" }] }), once))
      .json();
  const [usual] = await executor.classify(tensor, { threshold: 0.9 });
  assertEquals([both.outputs[0].data, both.outputs[1].data], [logits.data, [usual.exit]]);
  assertEquals(passes, ["forward"]);

  const slow = handlerWith({ batchWait: 2000 });
  const late = await refused(v2("/models/tiny/infer", inference({ parameters: { deadline_ms: 20 } }), slow));
  assertEquals(late, [503, "Cannot classify just now: there was no result within 20 ms"]);
});

Deno.test("several models are loaded once, counted separately, unloaded when idle, and loaded again", async () => {
  const loads: string[] = [];
  const watched = (name: string): ModelSource => ({
    name,
    async load() {
      loads.push(name);
      return {
        ...await source().load(),
        executor: await AdaptiveExecutor.create(model, { device: "cpu", batchSize: 4 }),
      };
    },
  });
  using handler = createHandler({ ...OPTIONS, models: [watched("a"), watched("b")], unloadAfter: 100 });
  const ask = (name: string) => v2(`/models/${name}/infer`, inference(), handler.handle);
  const ready = await v2("/health/ready", undefined, handler.handle);
  assertEquals([ready.status, await ready.json()], [503, { ready: false }]);
  await handler.load();
  assertEquals((await (await v2("/health/ready", undefined, handler.handle)).json()).ready, true);
  await Promise.all(["a", "b", "b"].map(ask));
  assertEquals(loads, ["a", "b"]);
  const { model_stats: stats } = await (await v2("/models/stats", undefined, handler.handle)).json();
  assertEquals(
    stats.map(({ name, inference_count: count }: { name: string; inference_count: number }) => [name, count]),
    [
      ["a", 1],
      ["b", 2],
    ],
  );
  await new Promise((resolve) => setTimeout(resolve, 400));
  assertEquals((await v2("/models/a/ready", undefined, handler.handle)).status, 503);
  assertEquals((await ask("a")).status, 200);
  assertEquals(loads, ["a", "b", "a"]);
});

Deno.test("raw bodies are accepted with the content type that curl sends", async () => {
  for (
    const type of [
      undefined,
      "application/x-www-form-urlencoded",
      "image/avif",
      "application/octet-stream",
      "application/json",
    ]
  ) {
    assertEquals((await (await post(cat, type)).json()).images.length, 1, type);
  }
  assertEquals((await post("{}", "application/json")).status, 415);
});

Deno.test("--cors allows requests from an origin, after a preflight", async () => {
  const options = (path: string) => new Request(`http://host${path}`, { method: "OPTIONS" });
  assertEquals((await handle(options("/classify"))).status, 405);
  const handler = handlerWith({ cors: "https://example.com" });
  const preflight = await handler(options("/classify"));
  assertEquals(preflight.status, 204);
  assertStringIncludes(preflight.headers.get("access-control-allow-headers")!, "authorization, ");
  assertEquals(preflight.headers.get("access-control-allow-methods"), "POST");
  for (const response of [preflight, await post(cat, undefined, "", handler), await post("x", "x", "", handler)]) {
    assertEquals(response.headers.get("access-control-allow-origin"), "https://example.com");
    await response.body?.cancel();
  }
  assertEquals((await handler(options("/nowhere"))).status, 404);
});

Deno.test("an image that takes too long to decode gets 503", async () => {
  using hasty = new DecoderPool({ size: 1, deadline: 0 });
  const handler = handlerWith({ decoders: hasty });
  const [status, error] = await refused(post(cat, "image/jpeg", "", handler));
  assertEquals(status, 503);
  assertStringIncludes(error, "it took longer than 0 ms to decode");
});
