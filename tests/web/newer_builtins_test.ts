/** Tests the polyfills of newer JavaScript features. */

import { assert, assertEquals } from "@std/assert";

Deno.test("the polyfill of DisposableStack disposes of resources in reverse order", async () => {
  const own = globalThis.DisposableStack;
  try {
    delete (globalThis as { DisposableStack?: unknown }).DisposableStack;
    await import(`../../web/newer_builtins.ts?${crypto.randomUUID()}`);
    assert(globalThis.DisposableStack !== own);
    const disposed: string[] = [];
    const resource = (name: string) => ({ [Symbol.dispose]: () => void disposed.push(name) });
    {
      using stack = new DisposableStack();
      stack.use(resource("first"));
      assertEquals(stack.use(undefined), undefined);
      stack.use(resource("second"));
    }
    assertEquals(disposed, ["second", "first"]);
    {
      using stack = new DisposableStack();
      stack.use(resource("moved"));
      stack.move();
    }
    assertEquals(disposed, ["second", "first"]);
  } finally {
    globalThis.DisposableStack = own;
  }
});
