/**
 * Draws a network as one SVG document, for light and dark backgrounds.
 *
 * Elements that are first computed for exit k have the attribute `data-exit="k"` (counted from 1) and one of the
 * classes `base`, `block`, `wire`, `fusion`, `transition` and `exit`, so that a web page can highlight the path of a
 * sample.
 *
 * @module
 */

import type { Network } from "../network/network.ts";
import { shapeText } from "../network/size.ts";
import { layOut } from "./layout.ts";
import {
  type Arrow,
  type Box,
  type Computed,
  COST_OFFSET,
  type DrawnBlock,
  EXIT_RADIUS,
  type ExitMark,
  type Heading,
  type Label,
  LEGEND_MARK,
  type LegendItem,
  type Point,
  type Shape,
  TRANSITION,
} from "./picture.ts";
import { type Markup, markup } from "./markup.ts";
import { STYLE } from "./style.ts";
import { expectObject } from "../text/expect.ts";

/**
 * Draws a network: base features at the side, rows of blocks, arrows between rows, transitions, and exits with their
 * cumulative multiply-adds.
 *
 * @param network A network of any architecture.
 * @returns An SVG document with a transparent background and styles for light and dark pages. Elements that are first
 * computed for exit k have the attribute `data-exit="k"` and one of the classes `base`, `block`, `wire`, `fusion`,
 * `transition`, `exit`.
 *
 * @example
 * ```ts
 * import { readSpec } from "@ranet/ranet";
 * import { buildNetwork, drawNetwork } from "@ranet/ranet/spec";
 *
 * const svg = drawNetwork(buildNetwork(await readSpec("ranet-cifar10")));
 * console.log(svg.match(/class="exit" data-exit=/g)?.length); // 6
 * ```
 */
export function drawNetwork(network: Network): string {
  expectObject("drawNetwork", { network }, "spec", "rows", "exits");
  const layout = layOut(network);
  const { width, height } = layout;
  const { spec, exits, family, rows, rowName } = network;
  const namespace = "http://www.w3.org/2000/svg";
  const box = `0 0 ${width} ${height}`;
  const costs = layout.exits.map(({ exit, cost }) => `exit ${exit} ${cost}`).join(", ");
  const parts = [
    markup`<svg xmlns="${namespace}" class="ranet-drawing" role="img" viewBox="${box}" width="${width}" height="${height}">`,
    markup`<title>${spec.name}: ${family}, ${rows.length} ${rowName}s, ${exits.length} exits</title>`,
    markup`<desc>Rows are ${rowName}s; cumulative multiply-adds: ${costs}.</desc>`,
    markup`<style>${STYLE}</style>`,
    ...layout.panels.map((panel) => markup`<g class="panel">${rectangle(panel, 10)}</g>`),
    label(layout.title, "title"),
    ...layout.totals.map((line) => label(line, "muted")),
    ...layout.names.map((name) => label(name, "name")),
    label(layout.stem, "small muted"),
    ...layout.notes.map((note) => label(note, "small muted")),
    ...layout.headings.map(drawHeading),
    ...layout.legend.map(drawLegendItem),
    ...layout.wires.map((wire) => computed("wire", wire, arrow(wire))),
    markup`<g class="image">${describedBox(layout.image, "image")}</g>`,
    ...layout.bases.map((base) => computed("base", base, describedBox(base, base.name))),
    ...layout.blocks.map(drawBlock),
    ...layout.links.map((link) => computed(`fusion ${link.kind}`, link, arrow(link))),
    ...layout.exits.map(drawExit),
    ...layout.transitions.map((transition) => computed("transition", transition, trapezoid(transition))),
    markup`</svg>
`,
  ];
  return parts.join("\n");
}

/** Adds the class and the exit by which pages find an element. */
function computed(name: string, { exit }: Computed, content: Markup): Markup {
  return markup`<g class="${name}" data-exit="${exit}">${content}</g>`;
}

function drawBlock(block: DrawnBlock): Markup {
  const { kind, about } = block;
  return computed(`block ${kind}`, block, markup`<title>${about}</title>${describedBox(block, kind)}`);
}

function drawExit(mark: ExitMark): Markup {
  const { exit, x, y, from, cost } = mark;
  const end = from.y > y ? y + EXIT_RADIUS : y - EXIT_RADIUS;
  const stem = markup`<path d="M${from.x} ${from.y}H${x}V${end}"/>`;
  const text = label({ x: x + COST_OFFSET, y: y + 4, text: cost }, "cost");
  return computed("exit", mark, markup`${stem}${disc(mark, String(exit))}${text}`);
}

function drawHeading({ x, y, lines: [first, second] }: Heading): Markup {
  const name = label({ x, y, text: first }, "middle");
  return markup`${name}${label({ x, y: y + 15, text: second }, "middle small muted")}`;
}

function drawLegendItem({ mark, x, y, text }: LegendItem): Markup {
  return markup`<g class="${LEGEND_CLASSES[mark]}">${legendMark(mark, { x, y: y - 4 })}</g>${
    label({ x: x + LEGEND_MARK, y, text }, "small muted")
  }`;
}

const LEGEND_CLASSES: Readonly<Record<LegendItem["mark"], string>> = {
  "up-conv": "fusion up-conv",
  "down-conv": "fusion down-conv",
  strided: "fusion strided",
  transition: "transition",
  exit: "exit",
};

function legendMark(mark: LegendItem["mark"], { x, y }: Point): Markup {
  if (mark === "exit") return disc({ x: x + EXIT_RADIUS, y }, "k");
  if (mark === "transition") return trapezoid({ ...TRANSITION, x: x + 6, y: y - TRANSITION.height / 2 });
  return arrow({ from: { x, y }, to: { x: x + LEGEND_MARK - 6, y } });
}

/** A rounded rectangle with a name and a shape. */
function describedBox(box: Box & Shape, what: string): Markup {
  const x = box.x + box.width / 2;
  const name = label({ x, y: box.y + 18, text: what }, "middle small");
  return markup`${rectangle(box, 6)}${name}${label({ x, y: box.y + 33, text: shapeText(box) }, "middle small muted")}`;
}

function rectangle({ x, y, width, height }: Box, radius: number): Markup {
  return markup`<rect x="${x}" y="${y}" width="${width}" height="${height}" rx="${radius}"/>`;
}

/** A straight line with a filled arrowhead. */
function arrow({ from, to }: Pick<Arrow, "from" | "to">): Markup {
  const length = Math.hypot(to.x - from.x, to.y - from.y);
  const [dx, dy] = [(to.x - from.x) / length, (to.y - from.y) / length];
  const at = (along: number, across: number) =>
    [to.x - along * dx - across * dy, to.y - along * dy + across * dx].map((v) => Math.round(10 * v) / 10).join(" ");
  const head = `M${at(0, 0)}L${at(7, 4)}L${at(7, -4)}Z`;
  return markup`<path d="M${from.x} ${from.y}L${at(7, 0)}"/><path class="head" d="${head}"/>`;
}

/** A trapezoid that narrows to the right. */
function trapezoid({ x, y, width, height }: Box): Markup {
  const slope = height / 4;
  return markup`<path d="M${x} ${y}l${width} ${slope}v${height - 2 * slope}l${-width} ${slope}Z"/>`;
}

function disc({ x, y }: Point, text: string): Markup {
  return markup`<circle cx="${x}" cy="${y}" r="${EXIT_RADIUS}"/>${label({ x, y: y + 4, text }, "middle small number")}`;
}

function label({ x, y, text }: Label, className: string): Markup {
  return markup`<text class="${className}" x="${x}" y="${y}">${text}</text>`;
}
