/**
 * A batch that shares a budget: here, 15 million multiply-adds per image on average, where the whole network takes 59.
 * Easy images pay for hard ones. It holds over many images like those of the calibration, not for each handful.
 *
 *     deno run --allow-read=examples,specs,weights examples/budgeted_batch.ts 15e6 examples/*.jpg
 */

import { loadClassifier, summarize } from "@ranet/ranet";

const [budget, ...paths] = Deno.args;
using classifier = await loadClassifier("ranet-cifar10");
const results = await classifier.classify(paths, { budget: Number(budget) });

for (const { source, label, exit } of results) console.log(`${source}: ${label}, exit ${exit}`);
const { averageFlops, exits } = summarize(results, classifier.model.network);
console.log(`${(averageFlops / 1e6).toFixed(1)} M multiply-adds an image, of ${Number(budget) / 1e6} M`);
console.log(`left at exits 1 to 6: ${exits.map(({ samples }) => samples).join(", ")}`);
