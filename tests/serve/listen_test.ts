import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { RanetError } from "../../lib/errors.ts";
import { listen, type Listener, type ListenOptions } from "../../lib/serve/listen.ts";

const HOST = "127.0.0.1";

/** A server that says what it got. */
async function serve(options: Partial<ListenOptions> = {}): Promise<Listener & { metrics: ListenOptions["metrics"] }> {
  const metrics = { connections: 0, connectionsEnded: 0 };
  const listener = await listen({
    hostname: HOST,
    port: 0,
    maxConnections: 100,
    headerTimeout: 60_000,
    idleTimeout: 60_000,
    bodyTimeout: 60_000,
    trustProxy: false,
    metrics,
    handle: async (request, client) => {
      const { length } = await request.bytes().catch(() => ""); // the client has gone
      return Response.json([request.method, new URL(request.url).pathname, client, length]);
    },
    warn: (text) => {
      throw new Error(text);
    },
    ...options,
  });
  return { ...listener, metrics };
}

/** A connection that has sent this, and how it goes on. */
async function connect(url: string, text = ""): Promise<Deno.TcpConn> {
  const connection = await Deno.connect({ hostname: HOST, port: Number(new URL(url).port) });
  await connection.write(new TextEncoder().encode(text));
  return connection;
}

/** All that comes until the connection is ended, `reset` if that is not done properly. */
async function rest(connection: Deno.TcpConn): Promise<string> {
  try {
    return await new Response(connection.readable).text();
  } catch {
    return "reset";
  }
}

Deno.test("requests reach the handler whole, and its answers the client", async () => {
  const server = await serve({ trustProxy: true });
  const ask = async (path: string, init?: RequestInit) => await (await fetch(server.url + path, init)).json();
  assertEquals(await ask("/a?b"), ["GET", "/a", HOST, 0]);
  assertEquals(await ask("/", { method: "POST", body: new Uint8Array(1e6) }), ["POST", "/", HOST, 1e6]);
  assertEquals(await ask("/", { headers: { "x-forwarded-for": "1.2.3.4, 5.6.7.8" } }), ["GET", "/", "5.6.7.8", 0]);
  const strange = [
    [`GET /health HTTP/1.1\r\nhost: [\r\nconnection: close\r\n\r\n`, 400],
    [`constructor / HTTP/1.1\r\nhost: x\r\n\r\n`, 400],
    [`CONNECT x:1 HTTP/1.1\r\nhost: x\r\n\r\n`, 0],
    [`GET / HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n`, 400],
    [`\x00\x01\x02\r\n\r\n`, 400],
  ] as const;
  for (const [text, status] of strange) {
    const answer = await rest(await connect(server.url, text));
    if (status > 0) assertMatch(answer, new RegExp(`^HTTP/1.1 ${status} `), text);
  }
  assertEquals(await ask("/still"), ["GET", "/still", HOST, 0]);
  await server.close();
});

Deno.test("connections that send nothing, half a head or half a body are ended", async () => {
  const server = await serve({ headerTimeout: 200, idleTimeout: 200, bodyTimeout: 200 });
  const half = "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n";
  const slow = await Promise.all(["", half, `${half}\r\nabc`].map((text) => connect(server.url, text)));
  const whole = await connect(server.url, "GET / HTTP/1.1\r\nhost: x\r\n\r\n");
  for (const connection of slow) await rest(connection);
  assertMatch(await rest(whole), /^HTTP\/1.1 200 /);
  await server.close();
  assertEquals(server.metrics.connections, 0);
});

/** Waits until something is so. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 1));
}

Deno.test("where there are too many connections, the client that has most loses the one longest idle", async () => {
  const gate = Promise.withResolvers<void>();
  let asked = 0;
  const server = await serve({
    maxConnections: 3,
    handle: async () => {
      asked++;
      await gate.promise;
      return new Response("done");
    },
  });
  const { metrics } = server;
  const busy = await connect(server.url, "GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
  await until(() => asked === 1);
  const idle = [await connect(server.url), await connect(server.url)];
  await until(() => metrics.connections === 3);
  const more = [await connect(server.url), await connect(server.url)];
  for (const connection of idle) assertEquals(await rest(connection), "");
  await until(() => metrics.connectionsEnded === 2);
  assertEquals(metrics.connections, 3);
  gate.resolve();
  assertMatch(await rest(busy), /^HTTP\/1.1 200 .*done$/s);
  for (const connection of more) connection.close();
  await server.close();
});

Deno.test("closing answers what has come, takes nothing new, and ends what is idle", async () => {
  const gate = Promise.withResolvers<void>();
  let asked = 0;
  const server = await serve({
    handle: async (request) => {
      asked++;
      await request.bytes();
      await gate.promise;
      return new Response("done");
    },
  });
  const early = await connect(server.url, "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\n\r\n");
  const idle = await connect(server.url);
  await until(() => asked === 1 && server.metrics.connections === 2);
  const closed = server.close();
  await assertRejects(() => connect(server.url), Deno.errors.ConnectionRefused);
  assertEquals(await rest(idle), "");
  await early.write(new TextEncoder().encode("abc"));
  gate.resolve();
  assertMatch(await rest(early), /^HTTP\/1.1 200 .*connection: close.*done$/is);
  await closed;
});

Deno.test("an answer given before the body has come arrives, and the connection ends", async () => {
  const server = await serve({ handle: () => Promise.resolve(new Response("too large", { status: 413 })) });
  const connection = await connect(server.url, "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 99999\r\n\r\nabc");
  assertMatch(await rest(connection), /^HTTP\/1.1 413 .*connection: close.*too large$/is);
  await server.close();
});

Deno.test("a port that is taken is said", async () => {
  const server = await serve();
  const port = Number(new URL(server.url).port);
  await assertRejects(() => serve({ port }), RanetError, `Cannot listen on 127.0.0.1, port ${port}: `);
  await server.close();
});
