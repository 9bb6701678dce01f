import { assert, assertEquals, assertRejects } from "@std/assert";
import * as fc from "fast-check";
import { Shares } from "../../lib/serve/shares.ts";

Deno.test("Shares gives one client half, and leaves room for another", () => {
  const shares = new Shares(12);
  assertEquals(Array.from({ length: 8 }, () => shares.take("a", 1)).filter(Boolean).length, 6);
  assert(shares.take("b", 1));
  shares.give("a", 6);
  assertEquals(shares.total, 1);
  assert(shares.take("a", 11), "who holds nothing only needs room");
  assert(!shares.take("c", 1));
});

Deno.test("Shares serves waiting clients in turn, and skips those that gave up", async () => {
  const shares = new Shares(10);
  const never = new AbortController();
  const order: string[] = [];
  await shares.takeSoon("a", 5, never.signal);
  const waiting = [["a", 4, 1], ["b", 6, 2], ["c", 5, 3]].map(async ([client, amount, id]) => {
    await shares.takeSoon(client as string, amount as number, never.signal);
    order.push(`${client}${id}`);
  });
  const gone = new AbortController();
  const late = shares.takeSoon("d", 9, gone.signal);
  gone.abort(new Error("gone"));
  await assertRejects(() => late, Error, "gone");
  await waiting[2]; // there is room for it, but not for the ones before
  assertEquals([order, shares.total], [["c3"], 10]);
  shares.give("a", 5);
  await waiting[0];
  assertEquals([order, shares.total], [["c3", "a1"], 9]);
  shares.give("c", 5);
  shares.give("a", 4);
  await Promise.all(waiting);
  assertEquals([order, shares.total], [["c3", "a1", "b2"], 6]);
});

Deno.test("Shares never exceeds its limit or a client's share, and gets everything back", () => {
  const step = fc.record({ client: fc.constantFrom("a", "b", "c"), amount: fc.integer({ min: 1, max: 9 }) });
  fc.assert(fc.property(fc.integer({ min: 1, max: 40 }), fc.array(step, { maxLength: 60 }), (limit, steps) => {
    const shares = new Shares(limit);
    const held: { client: string; amount: number }[] = [];
    const of = (client: string) => held.reduce((sum, one) => sum + (one.client === client ? one.amount : 0), 0);
    for (const { client, amount } of steps) {
      const mine = of(client);
      if (shares.take(client, amount)) {
        held.push({ client, amount });
        assert(shares.total <= limit);
        assert(mine === 0 || of(client) <= limit - shares.total);
      } else {
        const one = held.shift();
        if (one) shares.give(one.client, one.amount);
      }
      assertEquals(shares.total, held.reduce((sum, { amount }) => sum + amount, 0));
    }
    for (const { client, amount } of held) shares.give(client, amount);
    assertEquals([shares.total, shares.take("z", limit)], [0, true]);
  }));
});
