/**
 * The thread of a worker in ort_worker.ts.
 *
 * @module
 */

/** Computes the logits of images, for each exit. */
export type Runner = (images: Float32Array) => Promise<readonly Float32Array[]>;

/** The worker's own side, which TypeScript takes for a page's. */
const self = globalThis as unknown as Worker;
let run: Runner;

self.onmessage = async ({ data }) => {
  try {
    self.postMessage({ answer: "bytes" in data ? await open(data) : await run(data.images) });
  } catch (error) {
    self.postMessage({ failed: String(error) });
  }
};

async function open({ bytes, shape }: { bytes: Uint8Array; shape: readonly number[] }): Promise<string> {
  const { InferenceSession, Tensor, env } = await import("onnxruntime-node");
  const session = await InferenceSession.create(bytes, { intraOpNumThreads: 1, logSeverityLevel: 3 });
  const length = shape.reduce((product, side) => product * side, 1);
  run = async (images) => {
    const outputs = await session.run({ image: new Tensor("float32", images, [images.length / length, ...shape]) });
    return session.outputNames.map((name) => outputs[name].data as Float32Array);
  };
  return `onnxruntime-node ${env.versions.node}`;
}
