/**
 * Stores an edited spec across reloads, and encodes a spec in a link.
 *
 * @module
 */

/// <reference lib="dom" />

const KEY = "ranet-spec";
/** Prefix of a spec in the URL. The spec follows, deflated, in URL-safe Base64. */
const PREFIX = "#architecture?spec=";
/** Maximum length of a spec in a link, in characters. */
const MAX_LENGTH = 2 ** 18;

/** Stores a spec; `undefined` deletes it. */
export function keep(spec: string | undefined): void {
  try {
    if (spec === undefined) localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, spec);
  } catch {
    // Some browsers refuse to store anything.
  }
}

/** The stored spec. */
export function kept(): string | undefined {
  try {
    return localStorage.getItem(KEY) ?? undefined;
  } catch {
    return undefined;
  }
}

/** A URL of this page that contains a spec. */
export async function addressOf(spec: string): Promise<string> {
  const deflated = new Blob([spec]).stream().pipeThrough(new CompressionStream("deflate-raw"));
  const bytes = new Uint8Array(await new Response(deflated).arrayBuffer());
  const base64 = btoa(String.fromCharCode(...bytes));
  const { origin, pathname, search } = location;
  return origin + pathname + search + PREFIX + base64.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** The spec in this page's URL; `undefined` if there is none or it is damaged. */
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
