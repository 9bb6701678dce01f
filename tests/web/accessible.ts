/**
 * Accessibility of the page, as axe sees it.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import axe from "axe-core";
import type { Page } from "puppeteer-core";

/** Finds nothing that would keep people out. */
export async function assertAccessible(page: Page): Promise<void> {
  // As an expression of the debugger's: the page's own policy forbids to add scripts.
  await page.evaluate(axe.source);
  const violations = await page.evaluate(async () => {
    const { violations } = await (globalThis as unknown as { axe: { run(): Promise<{ violations: Finding[] }> } }).axe
      .run();
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join("; ")}`);
  });
  assertEquals(violations, []);
}
type Finding = { readonly id: string; readonly nodes: readonly { readonly html: string }[] };
