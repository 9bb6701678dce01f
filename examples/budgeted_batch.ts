/**
 * A batch that shares a budget: here, 15 million multiply-adds per image on average, where the whole network takes 59.
 * Easy images pay for hard ones. It holds over many images like those of the calibration, not for each handful.
 *
 *     deno run --allow-read=examples,specs,weights examples/budgeted_batch.ts 15e6 examples/*.jpg
 */

import {
  AdaptiveExecutor,
  calibrationWithin,
  decodeImage,
  loadModel,
  readCalibrations,
  summarize,
  toTensor,
} from "@ranet/ranet";

const [budget, ...paths] = Deno.args;
const calibration = calibrationWithin(Number(budget), await readCalibrations("ranet-cifar10"));

const model = await loadModel("ranet-cifar10");
using executor = await AdaptiveExecutor.create(model, { capacity: paths.length });
const length = 3 * model.spec.input.size ** 2;
const images = new Float32Array(paths.length * length);
for (const [i, path] of paths.entries()) {
  const image = await decodeImage(await Deno.readFile(path), { source: path });
  images.set(toTensor(image, model.spec.input), i * length);
}
const results = await executor.classify(images, { calibration });

results.forEach(({ label, exit }, i) => console.log(`${paths[i]}: ${label}, exit ${exit}`));
const { averageFlops, exits } = summarize(results, model.network);
console.log(`${(averageFlops / 1e6).toFixed(1)} M multiply-adds an image, of ${Number(budget) / 1e6} M`);
console.log(`left at exits 1 to 6: ${exits.map(({ samples }) => samples).join(", ")}`);
