/**
 * Whether there is something at a path.
 *
 * @module
 */

/** Whether there are files at all: in Deno and Node.js, not in a browser. */
export function hasFiles(): boolean {
  const { process } = globalThis as { process?: { versions?: { node?: string } } };
  return "Deno" in globalThis || process?.versions?.node !== undefined;
}

/** Whether there is such a file or folder. */
export async function exists(path: string): Promise<boolean> {
  try {
    await Deno.stat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return false;
    // Nothing can be called so.
    if ((error as { code?: string }).code === "ENAMETOOLONG") return false;
    throw error;
  }
}
