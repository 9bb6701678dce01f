/**
 * Loads WebAssembly modules beside the bundle.
 *
 * @module
 */

import { RanetError } from "../lib/errors.ts";

const compiled = new Map<string, Promise<WebAssembly.Module>>();

/**
 * Fetches and compiles a module once. After a failure, the next call tries again.
 *
 * @param url URL of the module.
 * @throws {RanetError} If it is missing, is not a WebAssembly module, or the page's content security policy forbids it.
 */
export function compileWasm(url: URL): Promise<WebAssembly.Module> {
  let module = compiled.get(url.href);
  if (!module) {
    compiled.set(url.href, module = compile(url));
    module.catch(() => compiled.delete(url.href));
  }
  return module;
}

const ADVICE = "The folder wasm/ must be beside ranet.js, also after bundling or deployment";

async function compile(url: URL): Promise<WebAssembly.Module> {
  const response = await get(url);
  // Servers that do not know the media type send another one or none.
  const isTyped = /^application\/wasm\b/i.test(response.headers.get("content-type") ?? "");
  try {
    if (isTyped) return await WebAssembly.compileStreaming(response);
    const bytes = await response.arrayBuffer();
    if (isWasm(bytes)) return await WebAssembly.compile(bytes);
  } catch (error) {
    throw new RanetError(
      `Cannot compile ${url}: ${(error as Error).message}. A page with a Content-Security-Policy needs ` +
        "script-src 'wasm-unsafe-eval'",
      { cause: error },
    );
  }
  const type = response.headers.get("content-type") ?? "no type";
  throw new RanetError(`Cannot use ${url}: it is not WebAssembly (${type}). ${ADVICE}`);
}

async function get(url: URL): Promise<Response> {
  if (url.protocol === "file:") return new Response(await Deno.readFile(url));
  let response: Response;
  try {
    response = await fetch(url);
  } catch (error) {
    throw new RanetError(`Cannot fetch ${url}: ${(error as Error).message}. ${ADVICE}`, { cause: error });
  }
  if (response.ok) return response;
  throw new RanetError(
    `Cannot fetch ${url}: the server answered ${response.status} ${response.statusText}. ${ADVICE}`,
  );
}

function isWasm(bytes: ArrayBuffer): boolean {
  const start = new Uint8Array(bytes, 0, Math.min(4, bytes.byteLength));
  return start.join() === "0,97,115,109";
}
