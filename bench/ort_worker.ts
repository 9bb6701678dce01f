/**
 * ONNX Runtime with one thread in its own process, so that several processes can divide a batch. (In workers of this process,
 * sessions do not open once the main thread has had one: Deno 2.9.6, onnxruntime-node 1.30.0.)
 *
 * @module
 */

import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../", import.meta.url));

/** A process that has a session. */
export class OrtWorker {
  readonly #process: Deno.ChildProcess;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #reader: ReadableStreamBYOBReader;
  readonly #outputs: number;

  private constructor(process: Deno.ChildProcess, outputs: number) {
    this.#process = process;
    this.#writer = process.stdin.getWriter();
    this.#reader = process.stdout.getReader({ mode: "byob" });
    this.#outputs = outputs;
  }

  /** Starts a process. It reads the ONNX file once. */
  static async start(
    path: string,
    { shape, outputs }: { readonly shape: readonly number[]; readonly outputs: number },
  ): Promise<OrtWorker> {
    const command = new Deno.Command(Deno.execPath(), {
      args: ["run", "--quiet", "--allow-all", "bench/ort_thread.ts", path, shape.join("x")],
      cwd: ROOT,
      stdin: "piped",
      stdout: "piped",
    });
    const worker = new OrtWorker(command.spawn(), outputs);
    await worker.#read(); // an empty message: the process is ready
    return worker;
  }

  /** Computes the logits of images, for each exit. */
  async run(images: Float32Array): Promise<readonly Float32Array[]> {
    await this.#writer.write(new Uint8Array(Uint32Array.of(images.length).buffer));
    await this.#writer.write(new Uint8Array(images.buffer, images.byteOffset, images.byteLength));
    const logits: Float32Array[] = [];
    for (let i = 0; i < this.#outputs; i++) logits.push(await this.#read());
    return logits;
  }

  /** Ends the process. */
  async end(): Promise<void> {
    this.#process.kill();
    await this.#process.status;
  }

  async #read(): Promise<Float32Array> {
    const [count] = new Uint32Array((await this.#bytes(4)).buffer);
    return new Float32Array((await this.#bytes(4 * count)).buffer);
  }

  async #bytes(count: number): Promise<Uint8Array<ArrayBuffer>> {
    const bytes = new Uint8Array(count);
    for (let at = 0; at < count;) {
      const { value } = await this.#reader.read(new Uint8Array(count - at));
      if (!value) throw new Error("the process has ended");
      bytes.set(value, at);
      at += value.length;
    }
    return bytes;
  }
}
