/**
 * Runs ONNX files in ONNX Runtime.
 *
 * @module
 */

import { InferenceSession, Tensor } from "onnxruntime-node";

/** Runs a file on images of shape `[count, channels, height, width]`; returns all outputs by name. */
export async function runOnnx(
  file: Uint8Array,
  images: Float32Array,
  shape: readonly number[],
): Promise<Record<string, Float32Array>> {
  const session = await InferenceSession.create(file, { logSeverityLevel: 3 });
  try {
    const outputs = await session.run({ image: new Tensor("float32", images, shape) });
    return Object.fromEntries(Object.entries(outputs).map(([name, { data }]) => [name, data as Float32Array]));
  } finally {
    await session.release();
  }
}
