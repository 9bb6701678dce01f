/**
 * Prints the answer of each exit as soon as it is computed, until a deadline, here of 50 milliseconds.
 *
 *     deno run --allow-read=examples,specs,weights examples/anytime_stream.ts examples/cat.jpg 50
 */

import { AdaptiveExecutor, decodeImage, loadModel, toTensor } from "@ranet/ranet";

const [path, deadline] = Deno.args;
const model = await loadModel("ranet-cifar10");
using executor = await AdaptiveExecutor.create(model, { batchSize: 1 });
const image = toTensor(await decodeImage(await Deno.readFile(path), { source: path }), model.spec.input);

await executor.forward(image); // the first run prepares the GPU
const start = performance.now();
for await (const { exit, label, confidence } of executor.anytime(image, { deadline: Number(deadline) })) {
  console.log(`${(performance.now() - start).toFixed(1)} ms, exit ${exit}: ${label} (${confidence.toFixed(3)})`);
}
