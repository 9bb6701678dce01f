/**
 * Tests that take long. They run in CI and with `RANET_LONG=1`, so that the suite that runs before each commit stays short.
 *
 * @module
 */

/** Whether long tests run. */
export const LONG = Deno.env.get("CI") === "true" || Deno.env.get("RANET_LONG") === "1";

let leftOut = 0;

/** Registers a test that runs only if {@linkcode LONG} is true; otherwise it is ignored. */
export function longTest(name: string, fn: (t: Deno.TestContext) => Promise<void> | void): void {
  // Reported once a file has registered all of its tests.
  if (!LONG && leftOut++ === 0) {
    setTimeout(() => console.error(`Not run: ${leftOut} long tests. To run them: RANET_LONG=1 ./ranet test`));
  }
  Deno.test({ name, ignore: !LONG, fn });
}

/** A step of a test that runs only if {@linkcode LONG}; otherwise it counts as ignored. */
export async function longStep(t: Deno.TestContext, name: string, fn: () => Promise<void>): Promise<void> {
  await t.step({ name, ignore: !LONG, fn });
}

/** Like `register`, but the tests run only if long tests run, and are otherwise ignored. */
export function onlyLong<T>(register: (name: string, test: T) => void): (name: string, test: T) => void {
  return LONG ? register : (name) => longTest(name, () => {});
}

/** Number of runs of a property: `often` if long tests run, otherwise `seldom`. */
export function times(seldom: number, often: number): number {
  return LONG ? often : seldom;
}
