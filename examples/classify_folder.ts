/**
 * Classifies each image of a folder, and prints what it cost.
 *
 *     deno run --allow-read=examples,specs,weights examples/classify_folder.ts examples
 */

import { loadClassifier } from "@ranet/ranet";

const [folder = "."] = Deno.args;
using classifier = await loadClassifier("ranet-cifar10");
const whole = classifier.model.network.exits.at(-1)!.cumulativeFlops;

const entries = await Array.fromAsync(Deno.readDir(folder));
const images = entries.filter(({ name }) => /\.(jpe?g|png|webp)$/i.test(name)).map(({ name }) => `${folder}/${name}`);
for await (const result of classifier.stream(images)) {
  // An unreadable image does not stop the others.
  if ("error" in result) console.error(result.error.message);
  else {
    const { source, label, confidence, exit, flops } = result;
    const cost = `${Math.round((100 * flops) / whole)} % of the network`;
    console.log(`${source}: ${label} (${confidence.toFixed(3)}) at exit ${exit}, ${cost}`);
  }
}
