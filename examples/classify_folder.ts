/**
 * What is in each image of a folder, and what it cost to tell.
 *
 *     deno run --allow-read=examples,specs,weights examples/classify_folder.ts examples
 */

import { AdaptiveExecutor, decodeImage, loadModel, RanetError, toTensor } from "@ranet/ranet";

const [folder = "."] = Deno.args;
const model = await loadModel("ranet-cifar10");
using executor = await AdaptiveExecutor.create(model, { capacity: 1 });
const whole = model.network.exits.at(-1)!.cumulativeFlops;

for await (const { name } of Deno.readDir(folder)) {
  if (!/\.(jpe?g|png|webp)$/i.test(name)) continue;
  try {
    const image = await decodeImage(await Deno.readFile(`${folder}/${name}`), { source: name });
    const [{ label, confidence, exit, flops }] = await executor.classify(toTensor(image, model.spec.input));
    const cost = `${Math.round((100 * flops) / whole)} % of the network`;
    console.log(`${name}: ${label} (${confidence.toFixed(3)}) at exit ${exit}, ${cost}`);
  } catch (error) {
    // What one cannot read need not stop the others.
    if (!(error instanceof RanetError)) throw error;
    console.error(error.message);
  }
}
