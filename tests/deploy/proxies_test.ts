/**
 * Tests the proxy configurations in docs/operations.md with two servers.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { withFolder } from "../cli/ranet.ts";
import { LONG } from "../long.ts";

const root = new URL("../../", import.meta.url).pathname;
const PATH = `${Deno.env.get("PATH")}:/usr/sbin`;
const PROXIES = ["nginx", "haproxy"] as const;
/** Number of restarts of each server. */
const ROUNDS = Number(Deno.env.get("RANET_RESTARTS") ?? 1);

const missing = PROXIES.filter((name) => !PATH.split(":").some((folder) => exists(`${folder}/${name}`)));
const isCi = Deno.env.get("CI") === "true";
const [first] = missing;
if (!LONG) {
  console.error("Not run: proxies. To run them: apt-get install nginx-light haproxy; RANET_LONG=1 ./ranet test");
} else if (first) {
  console.error(`Not run: proxies, no ${first} on PATH. To run them: apt-get install nginx-light haproxy`);
}
const ignore = !LONG || (first !== undefined && !isCi);

function exists(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

/** A server in its own process, which can be restarted on the same port. */
class Server implements AsyncDisposable {
  readonly port = freePort();
  readonly #options: readonly string[];
  #process!: Deno.ChildProcess;

  constructor(options: readonly string[]) {
    this.#options = options;
  }

  async start(): Promise<void> {
    const args = ["serve", "--port", String(this.port), "--device", "cpu", "--log-level", "error", ...this.#options];
    this.#process = new Deno.Command(Deno.execPath(), {
      args: ["run", "--quiet", "--no-prompt", "-P=cli", "cli.ts", ...args],
      cwd: root,
      stdout: "null",
      stderr: "inherit",
    }).spawn();
    await until(async () => (await fetch(`http://127.0.0.1:${this.port}/health/ready`)).status === 200);
  }

  async stop(): Promise<void> {
    this.#process.kill("SIGTERM");
    assertEquals((await this.#process.status).code, 0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#process.kill("SIGKILL");
    } catch {
      return; // the process has ended
    }
    await this.#process.status;
  }
}

/** Waits until a condition is true. */
async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!await holds().catch(() => false)) await pause(50);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Starts a proxy with the configuration of docs/operations.md on other ports. */
async function startProxy(
  name: typeof PROXIES[number],
  folder: string,
  servers: readonly Server[],
): Promise<{ readonly url: string } & AsyncDisposable> {
  const docs = await Deno.readTextFile(`${root}docs/operations.md`);
  const port = freePort();
  const own = new RegExp(`^\`\`\`${name}\n(.*?)^\`\`\`$`, "ms").exec(docs)![1]
    .replace(":8080", `:${port}`).replace(":8001", `:${servers[0].port}`).replace(":8002", `:${servers[1].port}`);
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    .map((kind) => `${kind}_temp_path ${folder}/${kind};`).join("\n");
  const configurations = {
    nginx: `daemon off;\nuser root;\npid ${folder}/nginx.pid;\nerror_log ${folder}/nginx.log;\nworker_processes 1;
events {}\nhttp {\naccess_log off;\n${temporary}\n${own}}\n`,
    haproxy: own,
  };
  const file = `${folder}/${name}.conf`;
  await Deno.writeTextFile(file, configurations[name]);
  const process = new Deno.Command(name, {
    args: name === "nginx" ? ["-c", file, "-e", `${folder}/nginx.log`] : ["-q", "-f", file],
    env: { PATH },
    stdout: "null",
    stderr: "inherit",
  }).spawn();
  const url = `http://127.0.0.1:${port}`;
  await until(async () => (await fetch(url)).status === 200);
  return {
    url,
    async [Symbol.asyncDispose]() {
      process.kill("SIGTERM");
      await process.status;
    },
  };
}

/** Sends requests one after another until it is stopped; returns the number of responses by status. */
async function customer(url: string, body: Uint8Array<ArrayBuffer>, state: { stopped: boolean }): Promise<string[]> {
  const outcomes: string[] = [];
  while (!state.stopped) {
    try {
      const response = await fetch(`${url}/classify`, {
        method: "POST",
        body,
        headers: { "content-type": "image/jpeg" },
      });
      const text = await response.text();
      outcomes.push(response.status === 200 ? "200" : `${response.status} ${text.slice(0, 200)}`);
    } catch (error) {
      outcomes.push((error as Error).message);
    }
    await pause(20);
  }
  return outcomes;
}

function count(outcomes: readonly string[]): Record<string, number> {
  return Object.fromEntries(
    Object.entries(Object.groupBy(outcomes, (one) => one)).map(([one, all]) => [one, all!.length]),
  );
}

Deno.test({
  name: "behind nginx and haproxy, no request is lost while servers are restarted under load",
  ignore,
  fn: () =>
    withFolder(async (folder) => {
      assert(first === undefined, `CI is true, and there is no ${first}: apt-get install nginx-light haproxy`);
      const options = ["--trust-proxy", "--drain", "3"];
      await using a = new Server(options);
      await using b = new Server(options);
      await Promise.all([a.start(), b.start()]);
      await using nginx = await startProxy("nginx", folder, [a, b]);
      await using haproxy = await startProxy("haproxy", folder, [a, b]);
      const small = await Deno.readFile(`${root}examples/cat.jpg`);
      // Larger than the proxies' buffers.
      const large = new Uint8Array(100_000);
      large.set(small);
      const state = { stopped: false };
      const customers = [nginx, haproxy].map(({ url }) =>
        Promise.all([small, small, large].map((body) => customer(url, body, state)))
      );
      for (let round = 0; round < ROUNDS; round++) {
        for (const server of [a, b]) {
          await server.stop();
          await server.start();
          await pause(1200); // until haproxy has noticed it
        }
      }
      state.stopped = true;
      for (const [i, outcomes] of (await Promise.all(customers)).entries()) {
        const all = outcomes.flat();
        assert(all.length > 100, `${PROXIES[i]}: only ${all.length} requests`);
        assertEquals(count(all), { 200: all.length }, PROXIES[i]);
      }
    }),
});

Deno.test({
  name: "behind nginx and haproxy, a body that is too large is answered with 413",
  ignore,
  fn: () =>
    withFolder(async (folder) => {
      assert(first === undefined, `CI is true, and there is no ${first}: apt-get install nginx-light haproxy`);
      await using server = new Server(["--max-body", "1M", "--drain", "0"]);
      await server.start();
      await using nginx = await startProxy("nginx", folder, [server, server]);
      await using haproxy = await startProxy("haproxy", folder, [server, server]);
      const body = new Uint8Array(10_000_000);
      for (const { url } of [nginx, haproxy]) {
        const outcomes: string[] = [];
        for (let i = 0; i < 8; i++) {
          const response = await fetch(`${url}/classify`, { method: "POST", body });
          outcomes.push(`${response.status} ${(await response.json()).error}`);
        }
        assertEquals(count(outcomes), { "413 Cannot read the body: it is larger than 1000000 bytes": 8 });
      }
    }),
});
