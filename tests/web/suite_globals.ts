/**
 * Replaces `Deno` for test files that run in a browser's worker: they register tests, and read files of the repository over
 * HTTP. The bundle inserts it.
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

/** The outcome of a test. */
export interface Result {
  readonly name: string;
  readonly outcome: "passed" | "failed" | "ignored";
  /** The reason of a failure. */
  readonly message?: string;
}

const tests: Test[] = [];

/** Variables of the environment: there has to be a GPU, and long tests run too. */
const SET: ReadonlySet<string> = new Set(["RANET_REQUIRE_GPU", "RANET_LONG"]);

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
  env: { get: (name: string): string | undefined => SET.has(name) ? "1" : undefined },
  readFileSync,
  readTextFileSync: (url: string | URL): string => new TextDecoder().decode(readFileSync(url)),
  readFile: (url: string | URL): Promise<Uint8Array> => Promise.resolve(readFileSync(url)),
  errors: { NotFound: SystemError, PermissionDenied: SystemError, NotCapable: SystemError },
};
export { registry as Deno };

/** Runs the registered tests one after another. */
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
