/**
 * Classifies a batch of images within a budget, here of 15 million multiply-adds per image on average; the full network takes 59
 * million. The average holds for many images that are similar to those of the calibration, not for every small batch.
 *
 *     deno run --allow-read=examples,specs,weights examples/budgeted_batch.ts 15e6 examples/*.jpg
 */

import { loadClassifier, summarize } from "@ranet/ranet";

const [budget, ...paths] = Deno.args;
using classifier = await loadClassifier("ranet-cifar10");
const results = await classifier.classify(paths, { budget: Number(budget) });

for (const { source, label, exit } of results) console.log(`${source}: ${label}, exit ${exit}`);
const { averageFlops, exits } = summarize(results, classifier.model.network);
console.log(`${(averageFlops / 1e6).toFixed(1)} M multiply-adds per image, of ${Number(budget) / 1e6} M`);
console.log(`left at exits 1 to 6: ${exits.map(({ samples }) => samples).join(", ")}`);
