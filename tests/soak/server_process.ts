/**
 * A server in a process of its own, and what it takes.
 *
 * @module
 */

/** What a process takes, as Linux counts it. */
export interface Usage {
  /** Memory in bytes. */
  readonly rss: number;
  /** Open file descriptors. */
  readonly descriptors: number;
  /** Threads. */
  readonly threads: number;
}

/** A server that runs. Dispose of it to end it. */
export class ServerProcess implements AsyncDisposable {
  /** Where it listens. */
  readonly url: URL;
  readonly #process: Deno.ChildProcess;
  /** What it wrote to stderr. */
  readonly #log: Promise<string>;

  private constructor(process: Deno.ChildProcess, url: URL) {
    this.#process = process;
    this.url = url;
    this.#log = new Response(process.stderr).text();
  }

  /** Starts one, with the permissions that `deno.json` gives. */
  static async start(args: readonly string[]): Promise<ServerProcess> {
    const process = new Deno.Command(Deno.execPath(), {
      args: ["run", "--quiet", "--no-prompt", "-P=cli", "cli.ts", "serve", "--port", "0", "--json", ...args],
      cwd: new URL("../../", import.meta.url),
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    let text = "";
    for await (const part of process.stdout.pipeThrough(new TextDecoderStream())) {
      text += part;
      if (text.includes("\n")) break;
    }
    if (text === "") throw new Error(await new Response(process.stderr).text());
    return new ServerProcess(process, new URL(JSON.parse(text).url));
  }

  /** What it takes just now. */
  async usage(): Promise<Usage> {
    const folder = `/proc/${this.#process.pid}`;
    const status = await Deno.readTextFile(`${folder}/status`);
    const number = (key: string) => Number(new RegExp(`^${key}:\\s*(\\d+)`, "m").exec(status)![1]);
    const descriptors = (await Array.fromAsync(Deno.readDir(`${folder}/fd`))).length;
    return { rss: 1024 * number("VmRSS"), descriptors, threads: number("Threads") };
  }

  /** Asks it to stop. */
  async stop(): Promise<{ readonly code: number; readonly log: string }> {
    this.#process.kill("SIGTERM");
    const { code } = await this.#process.status;
    return { code, log: await this.#log };
  }

  /** Ends it at once. */
  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#process.kill("SIGKILL");
    } catch {
      return; // it has ended
    }
    await this.#process.status;
  }
}
