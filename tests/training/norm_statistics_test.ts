import { assert, assertEquals, assertRejects } from "@std/assert";
import { openTrainer } from "../../lib/device/open_trainer.ts";
import { RanetError } from "../../lib/errors.ts";
import { initialWeights } from "../../lib/training/initial_weights.ts";
import { recomputeStatistics } from "../../lib/training/norm_statistics.ts";
import { parseRecipe } from "../../lib/training/recipe.ts";
import { Session } from "../../lib/training/session.ts";
import { fakeTrainers, plain, tiny } from "./fake.ts";

const recipe = parseRecipe("{ epochs: 1, batch: 4, augment: false }");

Deno.test("recomputeStatistics() halves the batch until it fits into memory", async () => {
  using session = await Session.open({
    ...{ spec: tiny, recipe, training: plain(30), device: "cpu", cache: 1e6 },
    open: fakeTrainers({ rates: [], labels: [], underWay: 0 }),
  });
  const { network, training } = session;
  const sizes: number[] = [];
  const recompute = (most: number) => {
    sizes.length = 0;
    return recomputeStatistics({
      ...{ network, recipe, training, epoch: 0, device: "cpu", tensors: initialWeights(network, 1) },
      open: (network, state, options) => {
        sizes.push(options.batchSize);
        if (options.batchSize > most) throw new RanetError("too large", { code: "too-large" });
        return openTrainer(network, state, options);
      },
    });
  };
  const found = await recompute(8);
  assertEquals(sizes, [30, 15, 8]);
  for (const [name, { data }] of found!) {
    assert(data.every(Number.isFinite) && (name.endsWith("mean") || data.every((variance) => variance >= 0)), name);
  }
  await assertRejects(() => recompute(1), RanetError, "too large");
  assertEquals(sizes, [30, 15, 8, 4, 2]);
});
