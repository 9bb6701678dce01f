/**
 * Distinguishes errors of the operating system from bugs of this package.
 *
 * @module
 */

/** The reason why the system, or Deno's permissions, refused something; `undefined` for any other error. */
export function systemReason(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const code = "code" in error ? String(error.code) : "";
  return error instanceof Deno.errors.NotCapable || /^E[A-Z0-9]+$/.test(code) ? error.message : undefined;
}
