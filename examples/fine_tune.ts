/**
 * Fine-tunes the bundled network on your own classes, and writes the result as a model. The first argument is a folder that contains
 * one folder of photos per class.
 *
 *     deno run --allow-read --allow-write=my-model examples/fine_tune.ts photos my-model
 */

import { loadModel, readSpec } from "@ranet/ranet";
import { changeSpec } from "@ranet/ranet/spec";
import { writeSafetensors } from "@ranet/ranet/weights";
import { changeRecipe, formatSpec, openDataset, readRecipe, splitDataset, train } from "@ranet/ranet/train";

const [photos = "photos", out = "my-model", epochs = "10"] = Deno.args;
const classes = (await Array.fromAsync(Deno.readDir(photos))).filter(({ isDirectory }) => isDirectory)
  .map(({ name }) => name).sort();

const spec = changeSpec(await readSpec("ranet-cifar10"), { name: "my-model", classes });
const images = await openDataset(photos, { labels: classes, inputSize: spec.input.size, skipBad: true });
const { training, validation } = await splitDataset(images, { seed: 0 });

const recipe = changeRecipe(await readRecipe("fine-tune"), {
  epochs: Number(epochs),
  batch: Math.min(64, training.size),
});
// All weights start from the trained ones, except classifiers of classes with new names, which start from random
// weights.
const { model } = await train(spec, training, recipe, {
  validation,
  init: await loadModel("ranet-cifar10", { calibrated: false }),
  onEpoch: ({ epoch, validation }) => {
    const shares = validation!.top1.map((share) => `${Math.round(100 * share)} %`);
    console.log(`epoch ${epoch}: accuracy of each exit: ${shares.join(", ")}`);
  },
});

await Deno.mkdir(out, { recursive: true });
await Deno.writeTextFile(`${out}/spec.yaml`, formatSpec(spec));
const metadata = { spec: spec.name, classes: JSON.stringify(classes) };
await Deno.writeFile(`${out}/weights.safetensors`, writeSafetensors(model.tensors, { metadata }));
console.log(`./ranet classify photo.jpg --model ${out}`);
