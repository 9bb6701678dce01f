/**
 * ONNX Runtime with one thread in its own process: `ort_thread.ts MODEL.onnx SHAPE`. It reads images from standard input and writes
 * logits to standard output. Both are a 32-bit count followed by that many floats.
 *
 * @module
 */

import { InferenceSession, Tensor } from "onnxruntime-node";

const [path, sides] = Deno.args;
const shape = sides.split("x").map(Number);
const length = shape.reduce((product, side) => product * side, 1);
const session = await InferenceSession.create(path, { intraOpNumThreads: 1, logSeverityLevel: 3 });

write(new Uint8Array());
for (let header = read(4); header; header = read(4)) {
  const bytes = read(4 * new Uint32Array(header.buffer)[0])!;
  const images = new Float32Array(bytes.buffer);
  const outputs = await session.run({ image: new Tensor("float32", images, [images.length / length, ...shape]) });
  for (const name of session.outputNames) {
    const { buffer, byteOffset, byteLength } = outputs[name].data as Float32Array;
    write(new Uint8Array(buffer, byteOffset, byteLength));
  }
}

/** Reads `count` bytes; `undefined` at the end of the input. */
function read(count: number): Uint8Array<ArrayBuffer> | undefined {
  const bytes = new Uint8Array(count);
  for (let at = 0; at < count;) {
    const more = Deno.stdin.readSync(bytes.subarray(at));
    if (more === null) return undefined;
    at += more;
  }
  return bytes;
}

function write(floats: Uint8Array): void {
  for (const bytes of [new Uint8Array(Uint32Array.of(floats.length / 4).buffer), floats]) {
    for (let at = 0; at < bytes.length;) at += Deno.stdout.writeSync(bytes.subarray(at));
  }
}
