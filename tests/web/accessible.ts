/**
 * Checks the accessibility of the page with axe.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import axe from "axe-core";
import type { Page } from "puppeteer-core";

/** Checks that axe finds no violations. */
export async function assertAccessible(page: Page): Promise<void> {
  // Evaluated through the debugger, because the page's policy forbids additional scripts.
  await page.evaluate(axe.source);
  const violations = await page.evaluate(async () => {
    const { violations } = await (globalThis as unknown as { axe: { run(): Promise<{ violations: Finding[] }> } }).axe
      .run();
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join("; ")}`);
  });
  assertEquals(violations, []);
}
type Finding = { readonly id: string; readonly nodes: readonly { readonly html: string }[] };
