/**
 * Draws a network as one SVG document, for paper and for dark pages alike.
 *
 * What is computed for exit k, and not before, carries `data-exit="k"` (counted from 1) and one of the classes `base`,
 * `block`, `wire`, `fusion`, `transition` and `exit`: so a page can light up what a sample went through.
 *
 * @module
 */

import type { Network } from "../network/network.ts";
import {
  type Arrow,
  type Block,
  type Box,
  type Column,
  type Computed,
  COST_OFFSET,
  EXIT_RADIUS,
  type ExitMark,
  type Label,
  layOut,
  LEGEND_MARK,
  type LegendItem,
  type Point,
  TRANSITION,
} from "./layout.ts";
import { type Markup, markup } from "./markup.ts";
import { type Shape, shapeText } from "./shapes.ts";
import { STYLE } from "./style.ts";

/**
 * Draws a network: base features down the side, sub-networks as rows of blocks, the fusions between them, transitions,
 * and exits with their cumulative multiply-adds.
 *
 * @param network The network, of any architecture.
 * @returns An SVG document, with its own style for light and dark pages and a transparent ground. Elements that are
 * computed for exit k, and not before, have the attribute `data-exit="k"` and one of the classes `base`, `block`,
 * `wire`, `fusion`, `transition`, `exit`.
 *
 * @example
 * ```ts
 * import { buildNetwork, drawNetwork, readSpec } from "@ranet/ranet";
 *
 * const svg = drawNetwork(buildNetwork(await readSpec("ranet-cifar10")));
 * console.log(svg.match(/class="exit" data-exit=/g)?.length); // 6
 * ```
 */
export function drawNetwork(network: Network): string {
  const layout = layOut(network);
  const { width, height } = layout;
  const { spec, exits } = network;
  const namespace = "http://www.w3.org/2000/svg";
  const box = `0 0 ${width} ${height}`;
  const costs = layout.exits.map(({ exit, cost }) => `exit ${exit} ${cost}`).join(", ");
  const parts = [
    markup`<svg xmlns="${namespace}" class="ranet-drawing" role="img" viewBox="${box}" width="${width}" height="${height}">`,
    markup`<title>${spec.name}: a RANet of ${spec.subnetworks.length} sub-networks and ${exits.length} exits</title>`,
    markup`<desc>Rows are sub-networks, the coarsest first; cumulative multiply-adds: ${costs}.</desc>`,
    markup`<style>${STYLE}</style>`,
    ...layout.panels.map((panel) => markup`<g class="panel">${rectangle(panel, 10)}</g>`),
    label(layout.title, "title"),
    ...layout.totals.map((line) => label(line, "muted")),
    ...layout.names.map((name) => label(name, "name")),
    label(layout.stem, "small muted"),
    ...layout.columns.map(drawColumn),
    ...layout.legend.map(drawLegendItem),
    ...layout.wires.map((wire) => computed("wire", wire, arrow(wire))),
    markup`<g class="image">${describedBox(layout.image, "image")}</g>`,
    ...layout.bases.map((base) => computed("base", base, describedBox(base, `base ${base.subnetwork}`))),
    ...layout.blocks.map(drawBlock),
    ...layout.fusions.map((fusion) => computed(`fusion ${fusion.kind}`, fusion, arrow(fusion))),
    ...layout.exits.map(drawExit),
    ...layout.transitions.map((transition) => computed("transition", transition, trapezoid(transition))),
    markup`</svg>
`,
  ];
  return parts.join("\n");
}

/** What pages rely on: a class, and the exit that this is computed for. */
function computed(name: string, { exit }: Computed, content: Markup): Markup {
  return markup`<g class="${name}" data-exit="${exit}">${content}</g>`;
}

function drawBlock(block: Block): Markup {
  const { subnetwork, kind, layers, transition } = block;
  const what = kind === "conv" ? kind : `${kind} fusion`;
  const about = `Sub-network ${subnetwork}, block ${block.block}: ${what}, ${layerCount(layers)}, ${shapeText(block)}` +
    (transition ? " after its transition" : "");
  return computed(`block ${kind}`, block, markup`<title>${about}</title>${describedBox(block, kind)}`);
}

function drawExit(mark: ExitMark): Markup {
  const { exit, x, y, from, cost } = mark;
  const stem = markup`<path d="M${from.x} ${from.y}H${x}V${y + EXIT_RADIUS}"/>`;
  const text = label({ x: x + COST_OFFSET, y: y + 4, text: cost }, "cost");
  return computed("exit", mark, markup`${stem}${disc(mark, String(exit))}${text}`);
}

function drawColumn({ x, y, block, layers }: Column): Markup {
  const number = label({ x, y, text: `block ${block}` }, "middle");
  return markup`${number}${label({ x, y: y + 15, text: layerCount(layers) }, "middle small muted")}`;
}

function drawLegendItem({ mark, x, y, text }: LegendItem): Markup {
  return markup`<g class="${LEGEND_CLASSES[mark]}">${legendMark(mark, { x, y: y - 4 })}</g>${
    label({ x: x + LEGEND_MARK, y, text }, "small muted")
  }`;
}

const LEGEND_CLASSES: Readonly<Record<LegendItem["mark"], string>> = {
  "up-conv": "fusion up-conv",
  "down-conv": "fusion down-conv",
  transition: "transition",
  exit: "exit",
};

function legendMark(mark: LegendItem["mark"], { x, y }: Point): Markup {
  if (mark === "exit") return disc({ x: x + EXIT_RADIUS, y }, "k");
  if (mark === "transition") return trapezoid({ ...TRANSITION, x: x + 6, y: y - TRANSITION.height / 2 });
  return arrow({ from: { x, y }, to: { x: x + LEGEND_MARK - 6, y } });
}

function layerCount(layers: number): string {
  return layers === 1 ? "1 layer" : `${layers} layers`;
}

/** A rounded rectangle with what it is and what it measures. */
function describedBox(box: Box & Shape, what: string): Markup {
  const x = box.x + box.width / 2;
  const name = label({ x, y: box.y + 18, text: what }, "middle small");
  return markup`${rectangle(box, 6)}${name}${label({ x, y: box.y + 33, text: shapeText(box) }, "middle small muted")}`;
}

function rectangle({ x, y, width, height }: Box, radius: number): Markup {
  return markup`<rect x="${x}" y="${y}" width="${width}" height="${height}" rx="${radius}"/>`;
}

/** A level or upright line with a filled head. */
function arrow({ from, to }: Pick<Arrow, "from" | "to">): Markup {
  const [dx, dy] = [Math.sign(to.x - from.x), Math.sign(to.y - from.y)];
  const [x, y] = [to.x - 7 * dx, to.y - 7 * dy];
  const head = `M${to.x} ${to.y}L${x - 4 * dy} ${y - 4 * dx}L${x + 4 * dy} ${y + 4 * dx}Z`;
  return markup`<path d="M${from.x} ${from.y}L${x} ${y}"/><path class="head" d="${head}"/>`;
}

/** Wide on the left, narrow on the right. */
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
