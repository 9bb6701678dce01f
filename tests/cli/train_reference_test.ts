/**
 * Compares `train` with the authors' network in float64 PyTorch, step by step.
 *
 * @module
 */

import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { loadModel } from "../../lib/model/model.ts";
import { readSafetensors } from "../../lib/weights/safetensors.ts";
import { ranet, withFolder } from "./ranet.ts";

const FIXTURES = fileURLToPath(new URL("../fixtures/training/", import.meta.url));

/** A recipe with the values of `expect.json`. */
function recipeOf({ batch, steps, optimizer }: {
  batch: number;
  steps: number;
  optimizer: Record<"rate" | "momentum" | "nesterov" | "weight_decay" | "decay" | "label_smoothing", unknown>;
}): string {
  const { rate, label_smoothing = 0, ...sgd } = optimizer;
  return JSON.stringify({
    name: "reference",
    ...{ steps, batch, optimizer: { kind: "sgd", ...sgd }, schedule: { kind: "constant", rate } },
    ...{ loss: { label_smoothing }, augment: false, shuffle: false },
  });
}

for (const name of ["cifar10-small", "imagenet-small"]) {
  Deno.test(`train computes the same steps as the reference: ${name}`, async () => {
    const reference = join(FIXTURES, name);
    const expected = JSON.parse(await Deno.readTextFile(join(reference, "expect.json")));
    await withFolder(async (folder) => {
      const [init, recipe, out] = ["init", "recipe.yaml", "out"].map((path) => join(folder, path));
      await ranet("import", join(reference, "init.pth.tar"), "--args", expected.flags, "--out", init);
      await Deno.writeTextFile(recipe, recipeOf(expected));
      const data = ["--data", join(reference, "train.csv"), "--val", "none"];
      const { code } = await ranet(
        ...["train", init, "--init", init, ...data, "--recipe", recipe, "--out", out, "--device", "cpu"],
      );
      assertEquals(code, 0);

      const lines = (await Deno.readTextFile(join(out, "training/steps.csv"))).trimEnd().split("\n").slice(1);
      const rows = lines.map((line) => line.split(",").map(Number));
      assertEquals(rows.length, expected.steps);
      for (const [i, { step, loss, exits }] of expected.trace.entries()) {
        const [foundStep, rate, foundLoss, ...found] = rows[i];
        assertEquals([foundStep, rate], [step, expected.optimizer.rate]);
        const tolerance = step === 1 ? 1e-5 : 1e-3;
        assertAlmostEquals(foundLoss, loss, tolerance * loss);
        exits.forEach((value: number, k: number) => assertAlmostEquals(found[k], value, tolerance * value));
      }

      const after = join(reference, `after-step-${expected.steps}.safetensors`);
      const { tensors } = readSafetensors(await Deno.readFile(after), { source: after });
      const [before, trained] = [(await loadModel(init)).tensors, (await loadModel(out)).tensors];
      let [error, update] = [0, 0];
      for (const [tensor, { data }] of trained) {
        const start = before.get(tensor)!.data;
        // The fixture contains every n-th number.
        const kept = tensors.get(tensor)!.data;
        const stride = Math.ceil(data.length / 499);
        assertEquals(kept.length, Math.ceil(data.length / stride));
        kept.forEach((right, i) => {
          error += (data[i * stride] - right) ** 2;
          update += (right - start[i * stride]) ** 2;
        });
      }
      assert(Math.sqrt(error / update) < 5e-3, `updates are ${Math.sqrt(error / update)} off`);
    });
  });
}
