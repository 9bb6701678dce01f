/**
 * A server in its own process, and its use of resources.
 *
 * @module
 */

/** Resources of a process, as Linux reports them. */
export interface Usage {
  /** Memory in bytes. */
  readonly rss: number;
  /** Open file descriptors. */
  readonly descriptors: number;
  /** Threads. */
  readonly threads: number;
}

/** A running server. Dispose of it to stop it. */
export class ServerProcess implements AsyncDisposable {
  /** Its URL. */
  readonly url: URL;
  readonly #process: Deno.ChildProcess;
  /** Its output on stderr. */
  readonly #log: Promise<string>;

  private constructor(process: Deno.ChildProcess, url: URL) {
    this.#process = process;
    this.url = url;
    this.#log = new Response(process.stderr).text();
  }

  /** Starts a server with the permissions in `deno.json`. */
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

  /** Its current use of resources. */
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

  /** Kills it. */
  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#process.kill("SIGKILL");
    } catch {
      return; // the process has ended
    }
    await this.#process.status;
  }
}
