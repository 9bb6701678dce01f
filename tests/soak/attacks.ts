/**
 * What one anonymous client can do to a server. Each attack uses its own address (all of 127.0.0.0/8 is this machine), and
 * ends when everything that it sent has been answered or closed.
 *
 * @module
 */
import { connect, type Socket } from "node:net";
import { fixture } from "../data/fixtures.ts";
import { blackPng, inflationBomb, largeJpeg, panickingPng, scanBomb } from "./hostile_files.ts";

/** An attack on the server at `target` from the address `from`, at full scale or a share of it. */
type Attack = (target: URL, from: string, scale: number) => Promise<void>;

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** Posts bodies concurrently. Any response, or none, is accepted. */
async function post(
  target: URL,
  from: string,
  bodies: readonly BodyInit[],
  headers: Readonly<Record<string, string>> = { "content-type": "image/jpeg" },
): Promise<void> {
  using client = Deno.createHttpClient({ localAddress: from, poolIdleTimeout: false });
  await Promise.all(bodies.map(async (body) => {
    try {
      const given = body instanceof FormData ? undefined : headers;
      const response = await fetch(new URL("/classify", target), { method: "POST", body, headers: given, client });
      await response.body?.cancel();
    } catch {
      // The connection was closed.
    }
  }));
}

/** Opens connections that send only this text, and keeps them open for some time. */
async function hold(
  target: URL,
  from: string,
  { count, head, body = 0, ms }: { count: number; head: string; body?: number; ms: number },
): Promise<void> {
  const sockets: Socket[] = [];
  const piece = new Uint8Array(65_536);
  for (let i = 0; i < count; i++) {
    const socket = connect({ host: target.hostname, port: Number(target.port), localAddress: from });
    socket.on("error", () => socket.destroy());
    socket.write(head);
    for (let sent = 0; sent < body; sent += piece.length) {
      socket.write(piece.subarray(0, Math.min(piece.length, body - sent)));
    }
    sockets.push(socket);
  }
  await pause(ms);
  for (const socket of sockets) socket.destroy();
}

function repeat<T>(value: T, times: number): T[] {
  return new Array<T>(Math.ceil(times)).fill(value);
}

function form(bytes: Uint8Array<ArrayBuffer>, count: number): FormData {
  const form = new FormData();
  for (let i = 0; i < count; i++) form.append("image", new File([bytes], `${i}.png`));
  return form;
}

const POST = "POST /classify HTTP/1.1\r\nhost: x\r\n";

/** All attacks, by name. */
export const ATTACKS: Readonly<Record<string, Attack>> = {
  async boundary(target, from) {
    for (const length of [252, 253]) {
      const boundary = "b".repeat(length);
      const part = `--${boundary}\r\ncontent-disposition: form-data; filename="x"\r\n\r\n${"b".repeat(600)}`;
      await post(target, from, [part], { "content-type": `multipart/form-data; boundary=${boundary}` });
    }
  },
  async panickingPngs(target, from, scale) {
    const png = await panickingPng();
    for (let i = 0; i < 10; i++) await post(target, from, repeat(png, 10 * scale));
  },
  async scanBombs(target, from, scale) {
    await post(target, from, repeat(await scanBomb(), 8 * scale));
  },
  async inflationBombs(target, from) {
    await post(target, from, repeat(await inflationBomb(), 3));
  },
  async oneByteChunks(target, from, scale) {
    const chunks = `1\r\nx\r\n`.repeat(1000);
    const socket = connect({ host: target.hostname, port: Number(target.port), localAddress: from });
    const ended = new Promise<void>((resolve) => socket.on("close", () => resolve()));
    socket.on("error", () => socket.destroy()).resume();
    socket.write(`${POST}transfer-encoding: chunked\r\nconnection: close\r\n\r\n`);
    for (let i = 0; i < 100 * scale; i++) await new Promise((resolve) => socket.write(chunks, resolve));
    socket.write("0\r\n\r\n");
    await ended;
  },
  async idleConnections(target, from, scale) {
    await hold(target, from, { count: 1000, head: "", ms: 5000 * scale });
  },
  async halfHeads(target, from, scale) {
    await hold(target, from, { count: 300, head: POST, ms: 5000 * scale });
  },
  async bodiesAlmostWhole(target, from, scale) {
    const head = `${POST}content-length: 32000000\r\n\r\n`;
    await hold(target, from, { count: 8, head, body: 31_999_999, ms: 5000 * scale });
  },
  async slowUploads(target, from, scale) {
    const head = `${POST}content-length: 3000000\r\n\r\n`;
    await hold(target, from, { count: 100, head, body: 200_000, ms: 5000 * scale });
  },
  async largePhotos(target, from, scale) {
    await post(target, from, repeat(await largeJpeg(), 100 * scale));
  },
  async manyPixels(target, from, scale) {
    const png = await blackPng();
    await post(target, from, [form(png, 64)]);
    await post(target, from, repeat(png, 64 * scale));
    await post(target, from, [form(png, 2), form(png, 2), form(png, 2), form(png, 2)]);
  },
  async damagedFiles(target, from, scale) {
    const files = await Promise.all(["photo.jpg", "progressive.jpg", "photo.png", "photo.webp"].map(fixture));
    const bodies = Array.from({ length: 200 * scale }, (_, i) => {
      const bytes = files[i % files.length].slice();
      for (let k = 0; k < 5; k++) bytes[(i * 7919 + k * 104_729) % bytes.length] ^= 1 << (i + k) % 8;
      return bytes;
    });
    for (let i = 0; i < bodies.length; i += 20) await post(target, from, bodies.slice(i, i + 20));
  },
  async names(target, from) {
    const part = `--x\r\ncontent-disposition: form-data; filename*=UTF-8''%FF\x1b[31m\r\n\r\nx\r\n`;
    await post(target, from, [`${part.repeat(25)}--x--`], { "content-type": "multipart/form-data; boundary=x" });
    for (const method of ["constructor", "toString", "PRI", "\x00"]) {
      await hold(target, from, { count: 3, head: `${method} /classify HTTP/1.1\r\nhost: x\r\n\r\n`, ms: 100 });
    }
  },
  async goneWhileDecoding(target, from, scale) {
    const jpeg = await largeJpeg();
    const head = `${POST}content-length: ${jpeg.length}\r\n\r\n`;
    for (let i = 0; i < 20 * scale; i++) {
      const socket = connect({ host: target.hostname, port: Number(target.port), localAddress: from });
      socket.on("error", () => socket.destroy());
      socket.write(head);
      socket.write(jpeg);
      await pause(50);
      socket.destroy();
    }
  },
};
