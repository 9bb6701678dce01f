/**
 * Telling what the operating system refused from defects of our own.
 *
 * @module
 */

/** What the system, or Deno's permissions, refused; undefined for any other error. */
export function systemReason(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const code = "code" in error ? String(error.code) : "";
  return error instanceof Deno.errors.NotCapable || /^E[A-Z0-9]+$/.test(code) ? error.message : undefined;
}
