import { assert, assertEquals } from "@std/assert";
import { BUNDLED_SPECS, readSpec } from "../../lib/model/read_spec.ts";
import { buildNetwork } from "../../lib/network/build.ts";
import { roundBudgets } from "../../lib/training/budgets.ts";
import { tiny } from "./fake.ts";

Deno.test("budgets of the published network are 10M, 15M, … 55M", async () => {
  const budgets = roundBudgets(buildNetwork(await readSpec("ranet-cifar10")));
  assertEquals(budgets, Array.from({ length: 10 }, (_, i) => 10e6 + i * 5e6));
});

Deno.test("budgets of any network are a few round numbers that can be met", async () => {
  for (const spec of [tiny, ...await Promise.all(BUNDLED_SPECS.map(readSpec))]) {
    const network = buildNetwork(spec);
    const budgets = roundBudgets(network);
    assert(budgets.length >= 4 && budgets.length <= 14, `${spec.name}: ${budgets}`);
    for (const budget of budgets) {
      assert(budget >= network.exits[0].cumulativeFlops && budget <= network.exits.at(-1)!.cumulativeFlops);
      assert(String(budget).replace(/0+$/, "").length <= 4, `${budget}`);
    }
  }
});
