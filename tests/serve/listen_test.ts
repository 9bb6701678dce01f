import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { RanetError } from "../../lib/errors.ts";
import { randomNumbers } from "../fixtures.ts";
import { listen, type Listener, type ListenOptions } from "../../lib/serve/listen.ts";

const HOST = "127.0.0.1";

/** A server that returns what it received. */
async function serve(options: Partial<ListenOptions> = {}): Promise<Listener & { metrics: ListenOptions["metrics"] }> {
  const metrics = { connections: 0, connectionsEnded: 0 };
  const listener = await listen({
    hostname: HOST,
    port: 0,
    maxConnections: 100,
    headerTimeout: 60_000,
    idleTimeout: 60_000,
    bodyTimeout: 60_000,
    linger: 100,
    trustProxy: false,
    metrics,
    handle: async (request, client) => {
      const { length } = await request.bytes().catch(() => ""); // the client has disconnected
      return Response.json([request.method, new URL(request.url).pathname, client, length]);
    },
    warn: (text) => {
      throw new Error(text);
    },
    ...options,
  });
  return { ...listener, metrics };
}

/** A connection that has sent a text. */
async function connect(url: string, text = ""): Promise<Deno.TcpConn> {
  const connection = await Deno.connect({ hostname: HOST, port: Number(new URL(url).port) });
  await connection.write(new TextEncoder().encode(text));
  return connection;
}

/** Everything that is received until the connection ends; `reset` if it is reset. */
async function rest(connection: Deno.TcpConn): Promise<string> {
  try {
    return await new Response(connection.readable).text();
  } catch {
    return "reset";
  }
}

Deno.test("listen() passes complete requests to the handler and its responses to the client", async () => {
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

Deno.test("listen() closes connections that send nothing, half a head or half a body", async () => {
  const server = await serve({ headerTimeout: 200, idleTimeout: 200, bodyTimeout: 200 });
  const half = "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n";
  const slow = await Promise.all(["", half, `${half}\r\nabc`].map((text) => connect(server.url, text)));
  const whole = await connect(server.url, "GET / HTTP/1.1\r\nhost: x\r\n\r\n");
  for (const connection of slow) await rest(connection);
  assertMatch(await rest(whole), /^HTTP\/1.1 200 /);
  await server.close();
  assertEquals(server.metrics.connections, 0);
});

/** Waits until a condition is true. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 1));
}

Deno.test("above the limit of connections, listen() closes the longest idle one of the client with the most", async () => {
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

Deno.test("close() completes received requests, accepts no new ones, and closes idle connections", async () => {
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
  await refusing(server.url);
  assertEquals(await rest(idle), "");
  await early.write(new TextEncoder().encode("abc"));
  gate.resolve();
  assertMatch(await rest(early), /^HTTP\/1.1 200 .*connection: close.*done$/is);
  await closed;
});

/** Waits until connections are refused. */
async function refusing(url: string): Promise<void> {
  const { ConnectionRefused, ConnectionReset } = Deno.errors;
  while (true) {
    try {
      (await connect(url)).close();
    } catch (error) {
      if (error instanceof ConnectionRefused) return;
      if (!(error instanceof ConnectionReset)) throw error;
    }
  }
}

Deno.test("a draining listener answers one more request per connection, then closes it", async () => {
  let asked = 0;
  const server = await serve({
    handle: async (request) => {
      asked++;
      return new Response(`got ${(await request.bytes()).length}`);
    },
  });
  const request = "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\n\r\nabc";
  const sent = ["", request.slice(0, 20), request.slice(0, -2), request, request];
  const connections = await Promise.all(sent.map((text) => connect(server.url, text)));
  await until(() => asked === 3);
  await connections[4].write(new TextEncoder().encode(request.slice(0, 20)));
  const closed = server.close(2000);
  const rests = [request, request.slice(20), request.slice(-2), request, request.slice(20)];
  await Promise.all(connections.map((connection, i) => connection.write(new TextEncoder().encode(rests[i]))));
  connections.push(await connect(server.url, request));
  for (const [i, connection] of connections.entries()) {
    assertMatch(await rest(connection), /HTTP\/1.1 200 [^]*connection: close[^]*got 3$/i, `connection ${i}`);
  }
  await closed;
});

Deno.test("listen() accepts Unix sockets, also the path of one that a killed server left behind", async () => {
  const folder = await Deno.makeTempDir();
  const hostname = `unix:${folder}/ranet.sock`;
  {
    using abandoned = Deno.listen({ transport: "unix", path: `${folder}/other.sock` });
    await Deno.link(`${folder}/other.sock`, `${folder}/ranet.sock`);
    assertEquals(abandoned.addr.transport, "unix");
  }
  const server = await serve({ hostname });
  assertEquals(server.url, hostname);
  using client = Deno.createHttpClient({ proxy: { transport: "unix", path: `${folder}/ranet.sock` } });
  const response = await fetch("http://x/a", { method: "POST", body: "abc", client });
  assertEquals(await response.json(), ["POST", "/a", "-", 3]);
  await assertRejects(() => serve({ hostname }), RanetError, `Cannot listen on ${hostname}: `);
  await server.close();
  await Deno.remove(folder, { recursive: true });
});

Deno.test("a response that is sent before the end of the body reaches a client that reads it afterwards", async () => {
  const server = await serve({
    linger: 60_000,
    handle: () => Promise.resolve(new Response("too large", { status: 413 })),
  });
  const length = 8_000_000;
  const connection = await connect(server.url, `POST / HTTP/1.1\r\nhost: x\r\ncontent-length: ${length}\r\n\r\n`);
  const writer = connection.writable.getWriter();
  for (let sent = 0; sent < length; sent += 80_000) await writer.write(new Uint8Array(80_000));
  assertMatch(await rest(connection), /^HTTP\/1.1 413 .*connection: close.*too large$/is);
  await server.close();
});

Deno.test("a response without a body has no Content-Length", async () => {
  const server = await serve({ handle: () => Promise.resolve(new Response(null, { status: 204 })) });
  const answer = await rest(await connect(server.url, "OPTIONS / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"));
  assertMatch(answer, /^HTTP\/1.1 204 /);
  assertEquals(/content-length|transfer-encoding/i.test(answer), false);
  await server.close();
});

Deno.test("a client that sends Expect: 100-continue does not send a body that is refused", async () => {
  const server = await serve({
    handle: async (request) => {
      if (new URL(request.url).pathname === "/no") return new Response("too large", { status: 413 });
      return new Response(`got ${(await request.bytes()).length}`);
    },
  });
  const head = (path: string) =>
    `POST ${path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\nexpect: 100-continue\r\ncontent-length: 3\r\n\r\n`;
  const refused = await connect(server.url, head("/no"));
  const buffer = new Uint8Array(1000);
  const answer = new TextDecoder().decode(buffer.subarray(0, await refused.read(buffer) ?? 0));
  assertMatch(answer, /^HTTP\/1.1 413 .*too large$/s);
  refused.close();
  const told = await connect(server.url, head("/yes"));
  assertMatch(new TextDecoder().decode(buffer.subarray(0, await told.read(buffer) ?? 0)), /^HTTP\/1.1 100 Continue/);
  await told.write(new TextEncoder().encode("abc"));
  assertMatch(await rest(told), /^HTTP\/1.1 200 .*got 3$/s);
  await server.close();
});

Deno.test("a body is assembled from pieces of any size", async () => {
  const whole = new Uint8Array(100_000).map((_, i) => i * 7);
  const got = Promise.withResolvers<Uint8Array[]>();
  const server = await serve({
    handle: async (request) => {
      got.resolve(await Array.fromAsync(request.body!));
      return new Response("done");
    },
  });
  const connection = await connect(
    server.url,
    "POST / HTTP/1.1\r\nhost: x\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n",
  );
  const next = randomNumbers(11);
  const pieces: BlobPart[] = [];
  for (let at = 0; at < whole.length;) {
    const part = whole.slice(at, at + (next() > 0.99 ? 7000 : 1));
    pieces.push(`${part.length.toString(16)}\r\n`, part, "\r\n");
    at += part.length;
  }
  await new Blob([...pieces, "0\r\n\r\n"]).stream().pipeTo(connection.writable, { preventClose: true });
  assertMatch(await rest(connection), /^HTTP\/1.1 200 .*done$/s);
  const blocks = await got.promise;
  assertEquals(await new Blob(blocks as BlobPart[]).bytes(), whole);
  assertEquals(blocks.map(({ length }) => length), [...new Array(6).fill(16_384), 100_000 - 6 * 16_384]);
  assert(blocks.every(({ buffer, length }) => buffer.byteLength === length));
  await server.close();
});

Deno.test("listen() reports a port that is in use", async () => {
  const server = await serve();
  const port = Number(new URL(server.url).port);
  await assertRejects(() => serve({ port }), RanetError, `Cannot listen on 127.0.0.1, port ${port}: `);
  await server.close();
});
