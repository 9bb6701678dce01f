/**
 * `deno task web`: serves the output of `deno task bundle` on this machine only.
 *
 * @module
 */

import { parseArgs } from "node:util";

const TYPES: Readonly<Record<string, string>> = {
  css: "text/css",
  html: "text/html",
  jpg: "image/jpeg",
  js: "text/javascript",
  json: "application/json",
  wasm: "application/wasm",
  yaml: "text/plain; charset=utf-8",
};

/** Headers for cross-origin isolation, which the CPU runner needs to share memory with its threads. */
const ISOLATION = {
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-embedder-policy": "require-corp",
};

const DIST = new URL("dist/", import.meta.url);

/** Answers a request with a file of `web/dist/` or another folder, whose URL ends in a slash. */
export async function serveFile(request: Request, folder: URL = DIST): Promise<Response> {
  const { pathname } = new URL(request.url);
  const file = new URL(`.${pathname}${pathname.endsWith("/") ? "index.html" : ""}`, folder);
  const missing = (): Response => new Response("There is no such file.\n", { status: 404 });
  // File names need no escapes, and %2f could lead out of the folder.
  if (!file.href.startsWith(folder.href) || pathname.includes("%")) return missing();
  try {
    const body = await Deno.readFile(file);
    const type = TYPES[file.pathname.split(".").at(-1)!] ?? "application/octet-stream";
    // Browsers revalidate files, and unchanged files are not sent again.
    const etag = `"${new Uint8Array(await crypto.subtle.digest("SHA-256", body)).toHex().slice(0, 32)}"`;
    const headers = new Headers({ "content-type": type, "cache-control": "no-cache", etag, ...ISOLATION });
    headers.set("vary", "accept-encoding");
    if (request.headers.get("if-none-match") === etag) return new Response(null, { status: 304, headers });
    const accepted = request.headers.get("accept-encoding") ?? "";
    if (type === TYPES.jpg || !/\bgzip\b/.test(accepted)) return new Response(body, { headers });
    headers.set("content-encoding", "gzip");
    return new Response(new Blob([body]).stream().pipeThrough(new CompressionStream("gzip")), { headers });
  } catch {
    return missing();
  }
}

if (import.meta.main) {
  const { values: { port } } = parseArgs({ options: { port: { type: "string", default: "8000" } } });
  try {
    Deno.serve({
      hostname: "localhost",
      port: Number(port),
      onListen: ({ port }) => console.log(`The page is at http://localhost:${port}/`),
    }, (request) => serveFile(request));
  } catch (error) {
    console.error(`Cannot serve the page on port ${port}: ${(error as Error).message}. Choose another with --port N`);
    Deno.exit(1);
  }
}
