/**
 * Where an edited spec survives a reload, and how a link carries one.
 *
 * @module
 */

/// <reference lib="dom" />

const KEY = "ranet-spec";
/** What the address has before a spec, deflated, in URL-safe Base64. */
const PREFIX = "#architecture?spec=";
/** Largest spec that a link may unpack to, in characters. */
const MAX_LENGTH = 2 ** 18;

/** Keeps a spec for the next time; `undefined` forgets it. */
export function keep(spec: string | undefined): void {
  try {
    if (spec === undefined) localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, spec);
  } catch {
    // Some browsers refuse to keep anything.
  }
}

/** The spec that was kept. */
export function kept(): string | undefined {
  try {
    return localStorage.getItem(KEY) ?? undefined;
  } catch {
    return undefined;
  }
}

/** An address of this page that carries a spec. */
export async function addressOf(spec: string): Promise<string> {
  const deflated = new Blob([spec]).stream().pipeThrough(new CompressionStream("deflate-raw"));
  const bytes = new Uint8Array(await new Response(deflated).arrayBuffer());
  const base64 = btoa(String.fromCharCode(...bytes));
  const { origin, pathname, search } = location;
  return origin + pathname + search + PREFIX + base64.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** The spec that this page's address carries; `undefined` if there is none, or it is damaged. */
export async function specInAddress(): Promise<string | undefined> {
  if (!location.hash.startsWith(PREFIX)) return undefined;
  try {
    const binary = atob(location.hash.slice(PREFIX.length).replaceAll("-", "+").replaceAll("_", "/"));
    const bytes = Uint8Array.from(binary, (character) => character.charCodeAt(0));
    const inflated = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
    let text = "";
    for await (const part of inflated.pipeThrough(new TextDecoderStream())) {
      text += part;
      if (text.length > MAX_LENGTH) return undefined;
    }
    return text;
  } catch {
    return undefined;
  }
}
