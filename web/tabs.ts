/**
 * Tabs, as the WAI-ARIA pattern has them: arrow keys move between them; the address remembers the one that is open.
 *
 * @module
 */

/// <reference lib="dom" />

import { byId } from "./dom.ts";

/**
 * Makes the page's tabs work.
 *
 * @param openArchitecture Called when that tab is opened for the first time.
 */
export function wireTabs(openArchitecture: () => void): void {
  const tabs = [...document.querySelectorAll<HTMLButtonElement>("[role=tab]")];
  let opened = false;
  const select = (chosen: HTMLButtonElement): void => {
    for (const tab of tabs) {
      const isChosen = tab === chosen;
      tab.ariaSelected = String(isChosen);
      tab.tabIndex = isChosen ? 0 : -1;
      byId(tab.getAttribute("aria-controls")!).hidden = !isChosen;
    }
    const own = `#${chosen.getAttribute("aria-controls")}`;
    if (!location.hash.startsWith(own)) history.replaceState(null, "", own);
    if (chosen.id !== "tab-architecture" || opened) return;
    opened = true;
    openArchitecture();
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
  const linked = tabs.find((tab) => location.hash.startsWith(`#${tab.getAttribute("aria-controls")}`));
  if (linked) select(linked);
}
