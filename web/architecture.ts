/**
 * The tab with the YAML editor. While the user types, it shows problems at their keys, or the costs and the drawing.
 *
 * @module
 */

/// <reference lib="dom" />

import { shapeText } from "../lib/network/size.ts";
import { large } from "../lib/text/numbers.ts";
import { addressOf, keep, kept, specInAddress } from "./spec_store.ts";
import { byId, make, saveFile } from "./dom.ts";
import { Drawing } from "./drawing.ts";
import { buildNetwork, BUNDLED_SPECS, type Network, parseSpec, RanetError } from "./library.ts";
import { lineOf } from "./locate.ts";

/** Milliseconds without input after which the text is parsed. */
const PAUSE = 200;

const text = byId<HTMLTextAreaElement>("spec");
const lines = byId("lines");
const state = byId("spec-state");
const bundled = byId<HTMLSelectElement>("bundled");
const drawing = new Drawing(byId("plan-drawing"));

/** Initialises the tab. */
export function openArchitecture(): void {
  bundled.append(...BUNDLED_SPECS.map((name) => new Option(name)));
  bundled.addEventListener("change", load);
  wireButtons();
  let timer: ReturnType<typeof setTimeout> | undefined;
  text.addEventListener("input", () => {
    number([]);
    clearTimeout(timer);
    timer = setTimeout(read, PAUSE);
    keep(text.value);
  });
  text.addEventListener("scroll", () => lines.scrollTop = text.scrollTop);
  void open();
}

/** Opens the spec in the URL, or else the one edited before, or else a bundled one. */
async function open(): Promise<void> {
  const found = await specInAddress() ?? kept();
  if (found === undefined) return await load();
  text.value = found;
  read();
}

function wireButtons(): void {
  const name = () => /^name: *([a-z0-9-]+)/m.exec(text.value)?.[1] ?? "architecture";
  byId("spec-copy").addEventListener("click", () => navigator.clipboard.writeText(text.value));
  byId("spec-save").addEventListener("click", () => saveFile(`${name()}.yaml`, text.value, "text/yaml"));
  byId("picture-save").addEventListener("click", () => {
    if (drawing.svg) saveFile(`${name()}.svg`, drawing.svg, "image/svg+xml");
  });
  byId("spec-link").addEventListener("click", async () => {
    const address = await addressOf(text.value);
    history.replaceState(null, "", address);
    await navigator.clipboard.writeText(address);
  });
}

async function load(): Promise<void> {
  const response = await fetch(`specs/${bundled.value}.yaml`);
  text.value = await response.text();
  text.scrollTop = 0;
  keep(undefined);
  read();
}

function read(): void {
  try {
    const network = buildNetwork(parseSpec(text.value));
    accept(network);
  } catch (error) {
    if (!(error instanceof RanetError)) throw error;
    refuse(error.message);
  }
}

function accept(network: Network): void {
  number([]);
  text.ariaInvalid = "false";
  const exits = network.exits.length;
  state.replaceChildren(make("p", "fine", `${network.spec.name}: ${exits} ${exits === 1 ? "exit" : "exits"}`));
  byId("architecture").classList.remove("stale");
  renderCosts(network);
  drawing.show(network);
}

function refuse(message: string): void {
  const problems = message.replace(/^Cannot read spec:\s*/, "").split("\n").map((problem) => problem.trim());
  const located = problems.map((problem) => ({ problem, line: lineOf(problem, text.value) }));
  number(located.map(({ line }) => line));
  text.ariaInvalid = "true";
  byId("architecture").classList.add("stale");
  const items = located.map(({ problem, line }) => {
    if (line === undefined) return make("li", "", problem);
    const go = make("button", "line-link", `Line ${line}`);
    go.type = "button";
    go.addEventListener("click", () => goTo(line));
    return make("li", "", go, ` ${problem}`);
  });
  state.replaceChildren(make("ul", "wrong", ...items));
}

/** Writes the line numbers and marks some of them. */
function number(marked: readonly (number | undefined)[]): void {
  const count = text.value.split("\n").length;
  lines.replaceChildren(
    ...Array.from({ length: count }, (_, i) => make("li", marked.includes(i + 1) ? "marked" : "", String(i + 1))),
  );
  lines.scrollTop = text.scrollTop;
}

/** Selects a line in the text. */
function goTo(line: number): void {
  const all = text.value.split("\n");
  const start = all.slice(0, line - 1).reduce((sum, { length }) => sum + length + 1, 0);
  text.focus();
  text.setSelectionRange(start, start + all[line - 1].length);
}

function renderCosts({ exits }: Network): void {
  const full = exits.at(-1)!.cumulativeFlops;
  const [body] = byId<HTMLTableElement>("costs").tBodies;
  body.replaceChildren(...exits.map(({ size, channels, cumulativeFlops, cumulativeParams }, k) => {
    const name = make("th", "", String(k + 1));
    name.scope = "row";
    const cost = make("td", "share", large(cumulativeFlops));
    cost.style.setProperty("--share", String(cumulativeFlops / full));
    return make(
      "tr",
      "",
      name,
      make("td", "", shapeText({ size, channels })),
      cost,
      make("td", "", large(cumulativeParams)),
    );
  }));
}
