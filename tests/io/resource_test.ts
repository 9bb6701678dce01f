import { assertEquals, assertRejects } from "@std/assert";
import { RanetError } from "../../lib/errors.ts";
import { readResource } from "../../lib/io/resource.ts";

/** Reads from a server with this handler. */
async function readFrom(
  answer: (request: Request) => Response | Promise<Response>,
  stall = 30_000,
): Promise<Uint8Array> {
  const stop = new AbortController();
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", signal: stop.signal, onListen: () => {} }, answer);
  try {
    return await readResource(`http://127.0.0.1:${server.addr.port}/x`, { maxBytes: 1000, stall });
  } finally {
    stop.abort();
    await server.finished;
  }
}

Deno.test("readResource() reads a URL, up to a limit", async () => {
  assertEquals(await readFrom(() => new Response(new Uint8Array(1000))), new Uint8Array(1000));
  await assertRejects(() => readFrom(() => new Response(new Uint8Array(1001))), RanetError, "larger than 1000 bytes");
  await assertRejects(() => readFrom(() => new Response("", { status: 404 })), RanetError, "answered 404 Not Found");
});

Deno.test("readResource() gives up after a time limit", async () => {
  const forever = Promise.withResolvers<Response>();
  await assertRejects(() => readFrom(() => forever.promise, 50), RanetError, "no data arrived for 0.05 s");
  forever.resolve(new Response());
  const half = new ReadableStream({ start: (controller) => controller.enqueue(new Uint8Array(10)) });
  await assertRejects(() => readFrom(() => new Response(half), 50), RanetError, "no data arrived for 0.05 s");
});

Deno.test("readResource() throws a RanetError if the connection breaks", async () => {
  using listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
  const answer = (async () => {
    using connection = await listener.accept();
    await connection.read(new Uint8Array(1000));
    await connection.write(new TextEncoder().encode("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nabc"));
  })();
  const url = `http://127.0.0.1:${listener.addr.port}/x`;
  await assertRejects(() => readResource(url, { maxBytes: 1000 }), RanetError, `Cannot fetch ${url}: `);
  await answer;
});
