import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { ranet } from "./ranet.ts";

const root = new URL("../../", import.meta.url).pathname;
const examples = ["cat", "ship", "truck"].map((name) => `${root}examples/${name}.jpg`);

interface Started {
  readonly process: Deno.ChildProcess;
  readonly url: string;
  /** The first line that the server prints. */
  readonly line: string;
}

/** Starts a server in its own process, with the permissions in deno.json. */
function start(...args: string[]): Promise<Started> {
  return startWith(Deno.execPath(), [], args);
}

/** Starts the same through another program that runs Deno. */
async function startWith(program: string, before: readonly string[], args: readonly string[]): Promise<Started> {
  const own = ["run", "--quiet", "--no-prompt", "-P=cli", "cli.ts", "serve", "--port", "0", "--device", "cpu"];
  const process = new Deno.Command(program, {
    args: [...before, ...own, "--log-level", "error", ...args],
    cwd: root,
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  let line = "";
  for await (const text of process.stdout.pipeThrough(new TextDecoderStream())) {
    line += text;
    if (line.includes("\n")) break;
  }
  const url = /http:\/\/127\.0\.0\.1:\d+/.exec(line)?.[0];
  assert(url, line + (url ? "" : await new Response(process.stderr).text()));
  return { process, url, line };
}

async function finish({ process }: Started): Promise<[code: number, stderr: string]> {
  const [{ code }, stderr] = await Promise.all([process.status, new Response(process.stderr).text()]);
  return [code, stderr];
}

async function form(): Promise<FormData> {
  const form = new FormData();
  for (const path of examples) form.append("image", new File([await Deno.readFile(path)], path));
  return form;
}

Deno.test("serve gives the same results as classify --json, and completes open requests when it stops", async () => {
  const server = await start("--batch-wait", "2000", "--max-batch", "64", "--drain", "1");
  assertMatch(server.line, /^Listening on http:\/\/127\.0\.0\.1:\d+\n$/);
  const url = `${server.url}/classify`;
  const expected = JSON.parse((await ranet("classify", ...examples, "--json", "--device", "cpu")).out);
  assertEquals((await (await fetch(url, { method: "POST", body: await form() })).json()).images, expected);
  assertEquals((await fetch(`${server.url}/health`)).status, 200);

  using strange = await Deno.connect({ hostname: "127.0.0.1", port: Number(new URL(url).port) });
  await strange.write(new TextEncoder().encode("GET /health HTTP/1.1\r\nhost: [\r\nconnection: close\r\n\r\n"));
  assertMatch(await new Response(strange.readable).text(), /^HTTP\/1.1 400 .*"error":"Cannot read the request/s);

  const body = await Deno.readFile(examples[1]);
  using late = await Deno.connect({ hostname: "127.0.0.1", port: Number(new URL(url).port) });
  const head = `POST /classify HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: ${body.length}\r\n\r\n`;
  await late.write(new TextEncoder().encode(head));
  await late.write(body.subarray(0, 100));
  const inFlight = Array.from({ length: 20 }, () => fetch(url, { method: "POST", body }));
  // All requests have arrived and wait for their batch.
  while (!(await (await fetch(`${server.url}/metrics`)).text()).includes("\nranet_queued_images 20\n"));
  server.process.kill("SIGTERM");
  while ((await fetch(`${server.url}/health/ready`)).status === 200);
  inFlight.push(fetch(url, { method: "POST", body })); // a client that has not noticed the drain
  for (const response of await Promise.all(inFlight)) {
    assertEquals(response.status, 200);
    assertEquals((await response.json()).images[0], { ...expected[1], image: "-" });
  }
  await late.write(body.subarray(100));
  assertMatch(await new Response(late.readable).text(), /^HTTP\/1.1 200 OK\r\n.*"label":"ship"/s);
  assertEquals(await finish(server), [0, ""]);
});

Deno.test("serve --budget --json prints its URL; a port that is in use is an error", async () => {
  const server = await start("--budget", "20M", "--json");
  const { url, model, device } = JSON.parse(server.line);
  assertEquals([url, model, device.kind], [server.url, "ranet-cifar10", "cpu"]);
  const expected = JSON.parse(
    (await ranet("classify", ...examples, "--json", "--device", "cpu", "--budget", "20M")).out,
  );
  const response = await fetch(`${url}/classify`, { method: "POST", body: await form() });
  assertEquals(await response.json(), expected);

  const taken = await ranet("serve", "--port", new URL(url).port, "--device", "cpu");
  assertEquals(taken.code, 1);
  assertMatch(taken.notes, /^Cannot listen on 127\.0\.0\.1, port \d+: .*in use/);
  server.process.kill("SIGINT");
  assertEquals(await finish(server), [0, ""]);
});

Deno.test("serve refuses invalid options before it listens", async () => {
  const cases = [
    [1, "outside [0, 1]|expected a number from 0 to 1", "--threshold", "2"],
    [1, "expected one threshold, or 6", "--threshold", "0.5,0.5"],
    [1, "--max-batch", "--max-batch", "0"],
    [1, "--batch-wait", "--batch-wait", "-1"],
    [1, "--max-body", "--max-body", "big"],
    [1, "port 99999", "--port", "99999"],
    [1, "Cannot listen on nowhere.invalid", "--hostname", "nowhere.invalid", "--port", "0"],
    [1, "budget", "--budget", "1"],
    [2, "--budget", "--budget", "20M", "--threshold", "0.5"],
  ] as const;
  for (const [code, part, ...args] of cases) {
    const outcome = await ranet("serve", "--device", "cpu", ...args);
    assertEquals([outcome.code, outcome.out], [code, ""], args.join(" "));
    assert(part.split("|").some((one) => outcome.notes.includes(one)), outcome.notes);
  }
  assertStringIncludes((await ranet("serve", "--help")).out, "/openapi.json");
});

Deno.test("serve survives more connections than it has file descriptors", async () => {
  const server = await startWith("sh", ["-c", 'ulimit -n 200; exec "$0" "$@"', Deno.execPath()], []);
  const where = { hostname: "127.0.0.1", port: Number(new URL(server.url).port) };
  const idle: Deno.Conn[] = [];
  for (let i = 0; i < 300; i++) {
    idle.push(await Deno.connect(where));
    if (i % 100 === 50) assertEquals((await (await fetch(`${server.url}/health`)).json()).status, "ok");
  }
  const body = await Deno.readFile(examples[0]);
  const response = await fetch(`${server.url}/classify`, { method: "POST", body });
  assertEquals((await response.json()).images[0].label, "cat");
  for (const connection of idle) connection.close();
  server.process.kill("SIGINT");
  const [code, notes] = await finish(server);
  assertEquals(code, 0);
  assertMatch(notes, /^At most \d+ connections, not 512: there are too few file descriptors \(ulimit -n\)\n$/);
});

Deno.test({
  name: "serve drops log lines, and only these, if its log cannot be written or is not read",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    const nowhere = ["full 2>/dev/full", "stalled"];
    for (const what of nowhere) {
      const redirect = what.split(" ")[1] ?? "";
      const server = await startWith("sh", ["-c", `exec "$0" "$@" ${redirect}`, Deno.execPath()], [
        "--log-level",
        "info",
      ]);
      // A pipe that is not read holds 64 KiB; lines have about 150 bytes.
      for (let i = 0; i < 60; i++) {
        const answers = await Promise.all(Array.from({ length: 20 }, () => fetch(`${server.url}/health`)));
        for (const answer of answers) assertEquals((await answer.json()).status, "ok");
      }
      const lostLines = async () => {
        const metrics = await (await fetch(`${server.url}/metrics`)).text();
        return Number(/^ranet_log_lines_lost_total (\d+)$/m.exec(metrics)![1]);
      };
      // Lines are written after the responses, and are counted when writing them fails.
      if (what === "stalled") assertEquals(await lostLines(), 0);
      else while (await lostLines() <= 1000) await new Promise((resolve) => setTimeout(resolve, 50));
      server.process.kill("SIGINT");
      assertEquals((await server.process.status).code, 0);
      await server.process.stderr.cancel();
    }
  },
});

Deno.test("a server that was started under nohup survives the end of its terminal", async () => {
  const server = await startWith("env", ["RANET_NOHUP=1", Deno.execPath()], []);
  for (let i = 0; i < 2; i++) {
    server.process.kill("SIGHUP");
    assertEquals((await (await fetch(`${server.url}/health`)).json()).status, "ok");
  }
  server.process.kill("SIGINT");
  assertEquals(await finish(server), [0, ""]);
});
