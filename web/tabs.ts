/**
 * Tabs with the WAI-ARIA pattern: arrow keys move between them, and the URL contains the open one.
 *
 * @module
 */

/// <reference lib="dom" />

import { byId } from "./dom.ts";

/**
 * Connects the page's tabs.
 *
 * @param open Functions that are called when a tab is opened for the first time, by the id of its panel.
 * @returns A function that opens a tab, given the id of its panel.
 */
export function wireTabs(open: Readonly<Record<string, () => void>>): (panel: string) => void {
  const tabs = [...document.querySelectorAll<HTMLButtonElement>("[role=tab]")];
  const opened = new Set<string>();
  const select = (chosen: HTMLButtonElement): void => {
    for (const tab of tabs) {
      const isChosen = tab === chosen;
      tab.ariaSelected = String(isChosen);
      tab.tabIndex = isChosen ? 0 : -1;
      byId(tab.getAttribute("aria-controls")!).hidden = !isChosen;
    }
    const own = chosen.getAttribute("aria-controls")!;
    if (!location.hash.startsWith(`#${own}`)) history.replaceState(null, "", `#${own}`);
    if (opened.has(own)) return;
    opened.add(own);
    open[own]?.();
  };
  const steps: Readonly<Record<string, (at: number) => number>> = {
    ArrowLeft: (at) => at - 1,
    ArrowRight: (at) => at + 1,
    Home: () => 0,
    End: () => -1,
  };
  tabs.forEach((tab, at) => {
    tab.addEventListener("click", () => select(tab));
    tab.addEventListener("keydown", (event) => {
      const step = steps[event.key];
      if (!step) return;
      event.preventDefault();
      const next = tabs.at(step(at) % tabs.length)!;
      next.focus();
      select(next);
    });
  });
  const tabOf = (panel: string) => tabs.find((tab) => tab.getAttribute("aria-controls") === panel)!;
  const linked = tabs.find((tab) => location.hash.startsWith(`#${tab.getAttribute("aria-controls")}`));
  if (linked) select(linked);
  return (panel) => select(tabOf(panel));
}
