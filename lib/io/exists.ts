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
  return await find(path) !== undefined;
}

/** Whether a file exists that is not a folder. */
export async function isFile(path: string): Promise<boolean> {
  return (await find(path))?.isFile ?? false;
}

async function find(path: string): Promise<Deno.FileInfo | undefined> {
  try {
    return await Deno.stat(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return undefined;
    // Nothing can be called so.
    if ((error as { code?: string }).code === "ENAMETOOLONG") return undefined;
    throw error;
  }
}
