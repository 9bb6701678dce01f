/**
 * What test files written for Deno find in a browser's worker: they register themselves, and read files of the repository
 * over HTTP. The bundle puts it in the place of `Deno`.
 *
 * @module
 */

/// <reference lib="webworker" />

/** A registered test. */
interface Test {
  readonly name: string;
  readonly ignore?: boolean;
  readonly fn: () => void | Promise<void>;
}

/** What became of one. */
export interface Result {
  readonly name: string;
  readonly outcome: "passed" | "failed" | "ignored";
  /** Why it failed. */
  readonly message?: string;
}

const tests: Test[] = [];

function readFileSync(url: string | URL): Uint8Array<ArrayBuffer> {
  const request = new XMLHttpRequest();
  request.open("GET", url, false);
  request.responseType = "arraybuffer";
  request.send();
  if (request.status !== 200) throw new Error(`Cannot read ${url}: ${request.status}`);
  return new Uint8Array(request.response as ArrayBuffer);
}

class SystemError extends Error {}

const registry = {
  test(nameOrTest: string | Test, fn?: Test["fn"]): void {
    tests.push(typeof nameOrTest === "string" ? { name: nameOrTest, fn: fn! } : nameOrTest);
  },
  env: { get: (name: string): string | undefined => name === "RANET_REQUIRE_GPU" ? "1" : undefined },
  readFileSync,
  readTextFileSync: (url: string | URL): string => new TextDecoder().decode(readFileSync(url)),
  readFile: (url: string | URL): Promise<Uint8Array> => Promise.resolve(readFileSync(url)),
  errors: { NotFound: SystemError, PermissionDenied: SystemError, NotCapable: SystemError },
};
export { registry as Deno };

/** Runs what is registered, one after another. */
export async function* runTests(): AsyncGenerator<Result> {
  for (const { name, ignore, fn } of tests) {
    if (ignore) {
      yield { name, outcome: "ignored" };
      continue;
    }
    try {
      await fn();
      yield { name, outcome: "passed" };
    } catch (error) {
      yield { name, outcome: "failed", message: (error as Error).stack ?? String(error) };
    }
  }
}
