/**
 * Checks whether files exist.
 *
 * @module
 */

/** Whether the runtime has a file system: Deno and Node.js do, a browser does not. */
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

/** As {@linkcode isFile}, without waiting: of 100,000 files, the asynchronous one takes minutes. */
export function isFileSync(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}

async function find(path: string): Promise<Deno.FileInfo | undefined> {
  try {
    return await Deno.stat(path);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory ||
    // No file can have such a name.
    (error as { code?: string }).code === "ENAMETOOLONG";
}
