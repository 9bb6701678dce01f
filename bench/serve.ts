/**
 * Measures `ranet serve` from outside: requests per second and latency, with and without batching, with Debian's `hey`; then the
 * memory that remains in use after hostile request bodies (Linux).
 *
 *   apt-get install -y hey && deno run -A bench/serve.ts [IMAGE [REQUESTS]]
 *
 * @module
 */

const root = new URL("../", import.meta.url).pathname;
const [image = `${root}examples/cat.jpg`, requests = "500"] = Deno.args;

interface Server extends AsyncDisposable {
  readonly url: string;
  readonly device: { readonly name: string };
  /** Resident memory, in MB. */
  memory(): number;
}

async function serve(...args: string[]): Promise<Server> {
  const process = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-prompt", "-P=cli", "cli.ts", "serve", "--port", "0", "--json", ...args],
    cwd: root,
    stdout: "piped",
    stderr: "null", // the log, with a line per request
  }).spawn();
  const { value } = await process.stdout.getReader().read();
  return {
    ...JSON.parse(new TextDecoder().decode(value)),
    memory: () => Number(/VmRSS:\s+(\d+)/.exec(Deno.readTextFileSync(`/proc/${process.pid}/status`))![1]) / 1e3,
    async [Symbol.asyncDispose]() {
      process.kill("SIGTERM");
      const { code } = await process.status;
      if (code !== 0) console.error(`the server ended with code ${code}`);
    },
  };
}

/** Sends the image repeatedly with `hey`, from `clients` clients at a time. */
async function load(url: string, clients: number): Promise<string[]> {
  const run = new Deno.Command("hey", {
    args: ["-n", requests, "-c", String(clients), "-m", "POST", "-T", "image/jpeg", "-D", image, `${url}/classify`],
  }).output();
  const health = await healthWhile(url, run);
  const { stdout, stderr } = await run;
  const out = new TextDecoder().decode(stdout);
  const figure = (pattern: RegExp) => Number(pattern.exec(out)?.[1]);
  const answered = figure(/\[200\]\s+(\d+) responses/);
  const asked = Math.floor(Number(requests) / clients) * clients;
  if (answered !== asked) {
    throw new Error(`${answered} of ${asked} requests answered: ${out}${new TextDecoder().decode(stderr)}`);
  }
  return [
    figure(/Requests\/sec:\s+([\d.]+)/).toFixed(0),
    ...[50, 99].map((share) => (1000 * figure(new RegExp(`${share}%+ in ([\\d.]+)`))).toFixed(0)),
    ...[0.5, 0.99].map((share) => health[Math.floor(share * health.length)].toFixed(1)),
  ];
}

/** Times of `/health` during the run, in milliseconds, sorted. */
async function healthWhile(url: string, run: Promise<unknown>): Promise<number[]> {
  let done = false;
  run.finally(() => done = true);
  const times: number[] = [];
  do {
    const start = performance.now();
    await (await fetch(`${url}/health`)).text();
    times.push(performance.now() - start);
    await new Promise((resolve) => setTimeout(resolve, 20));
  } while (!done);
  return times.toSorted((a, b) => a - b);
}

console.log(
  `| server | clients | requests/s | p50 ms | p99 ms | /health p50 ms | p99 ms |\n| --- |${" ---: |".repeat(6)}`,
);
for (const args of [["--max-batch", "1", "--batch-wait", "0"], []]) {
  await using server = await serve(...args);
  for (const clients of [1, 16, 64]) {
    await load(server.url, clients); // warm-up: compiles kernels for this batch size
    const figures = await load(server.url, clients);
    console.log(`| ${args.length > 0 ? "one at a time" : "batched"} | ${clients} | ${figures.join(" | ")} |`);
  }
  if (args.length === 0) console.log(`on ${server.device.name}`);
}

/** A request of a careless or malicious client. An image with flipped bits may still be readable. */
function hostile(i: number, jpeg: Uint8Array<ArrayBuffer>): RequestInit {
  const random = (length: number) => crypto.getRandomValues(new Uint8Array(length));
  const form = { "content-type": "multipart/form-data; boundary=x" };
  const part = '--x\r\ncontent-disposition: form-data; name="a"; filename="a"\r\n\r\n';
  const huge = new Uint8Array(33); // a PNG header that declares 65536 × 65536 pixels
  huge.set([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10, 0, 0, 0, 13, 0x49, 0x48, 0x44, 0x52, 0, 1, 0, 0, 0, 1, 0, 0, 8, 2]);
  const flipped = jpeg.slice();
  for (const at of crypto.getRandomValues(new Uint16Array(4))) flipped[at % flipped.length] ^= 0x55;
  return [
    { body: random(60_000) },
    { body: jpeg.slice(0, 2 + i % (jpeg.length - 2)) },
    { body: flipped },
    { body: huge },
    { body: random(10_000), headers: form },
    { body: `${part}${"\r\n--".repeat(5000)}`, headers: form },
    { body: `${part}\r\n`.repeat(2000) + "--x--\r\n", headers: form },
    { body: new Uint8Array(33_000_000) },
  ][i % 8];
}

/** Sends the beginning of a body, then closes the connection. */
async function hangUp(url: string): Promise<void> {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port: Number(new URL(url).port) });
  await connection.write(
    new TextEncoder().encode("POST /classify HTTP/1.1\r\nhost: h\r\ncontent-length: 1000\r\n\r\n12"),
  );
  await new Promise((resolve) => setTimeout(resolve, 50));
}

await using server = await serve();
const jpeg = await Deno.readFile(image);
const statuses: Record<string, number> = {};
console.log(`memory ${server.memory().toFixed(0)} MB`);
for (let round = 1; round <= 3; round++) {
  for (let i = 0; i < 1000; i += 10) {
    await Promise.all(Array.from({ length: 10 }, async (_, k) => {
      if (k === 9) return await hangUp(server.url);
      const response = await fetch(`${server.url}/classify`, { method: "POST", ...hostile(i + k, jpeg) })
        .catch(() => undefined); // the server answered and closed before it received the whole body
      const status = response?.status ?? "closed";
      statuses[status] = (statuses[status] ?? 0) + 1;
      await response?.body?.cancel();
    }));
  }
  console.log(`memory ${server.memory().toFixed(0)} MB after ${round * 1000} hostile bodies`);
}
console.log("answers", statuses, (await fetch(`${server.url}/health`)).status);
