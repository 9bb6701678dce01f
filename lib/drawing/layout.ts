/**
 * Where everything in the picture of a network goes, as figure 2 of the RANet paper (Yang et al., CVPR 2020,
 * arXiv 2003.07326) has it: base features down the side, each sub-network a row to the right of its base feature, the
 * coarsest on top as it runs first, and blocks that fuse below one another. Pure data in pixels; what it looks like is
 * `draw.ts`'s business.
 *
 * @module
 */

import type { Network } from "../network/network.ts";
import { large } from "../numbers.ts";
import type { Fusion } from "../spec/architecture.ts";
import { type Shape, type Shapes, shapesOf, shapeText } from "./shapes.ts";
import { clip, textWidth, wrap } from "./text.ts";

/** A place. */
export interface Point {
  /** Pixels from the left. */
  readonly x: number;
  /** Pixels from the top. */
  readonly y: number;
}

/** A rectangle; its point is the top left corner. */
export interface Box extends Point {
  /** Pixels from left to right. */
  readonly width: number;
  /** Pixels from top to bottom. */
  readonly height: number;
}

/** A line of text; its point is where its baseline starts. */
export interface Label extends Point {
  /** The text. */
  readonly text: string;
}

/** Something that is computed. */
export interface Computed {
  /** The first exit that needs it, counted from 1. */
  readonly exit: number;
}

/** A straight arrow. */
export interface Arrow extends Computed {
  /** Where it starts. */
  readonly from: Point;
  /** Where its head is. */
  readonly to: Point;
}

/** A base feature. */
export interface BaseFeature extends Box, Shape, Computed {
  /** The sub-network that works on it, counted from 1. */
  readonly subnetwork: number;
}

/** A block. The shape is that of what it passes on, after its transition. */
export interface Block extends Box, Shape, Computed {
  /** Its sub-network, counted from 1. */
  readonly subnetwork: number;
  /** Its number, counted from 1. */
  readonly block: number;
  /** What kind of block. */
  readonly kind: "conv" | Fusion;
  /** Number of dense layers. */
  readonly layers: number;
  /** Whether a transition follows. */
  readonly transition: boolean;
}

/** From a block to the one that it is fused into. */
export interface FusionArrow extends Arrow {
  /** What kind of fusion. */
  readonly kind: Fusion;
}

/** An exit; its point is the middle of the mark. */
export interface ExitMark extends Point, Computed {
  /** Where its block ends. */
  readonly from: Point;
  /** Cumulative multiply-adds. */
  readonly flops: number;
  /** The same for people. */
  readonly cost: string;
}

/** What a mark means; its point is the left end of the mark's middle line. */
export interface LegendItem extends Label {
  /** Which mark. */
  readonly mark: Fusion | "transition" | "exit";
}

/** A column's heading, below it; its point is the middle of the baseline. */
export interface Column extends Point {
  /** Number of its blocks, counted from 1. */
  readonly block: number;
  /** Dense layers of each of them. */
  readonly layers: number;
}

/** The whole picture. */
export interface Layout {
  /** Width of the whole. */
  readonly width: number;
  /** Height of the whole. */
  readonly height: number;
  /** Its title: the network's name. */
  readonly title: Label;
  /** What the network comes to, below the title. */
  readonly totals: readonly Label[];
  /** The initial network, then the sub-networks: what they are called. */
  readonly names: readonly Label[];
  /** The initial network, then the sub-networks: the areas they take. */
  readonly panels: readonly Box[];
  /** The image. */
  readonly image: Box & Shape;
  /** Base features, coarsest first. */
  readonly bases: readonly BaseFeature[];
  /** How the finest of them is made from the image. */
  readonly stem: Label;
  /** Blocks in order of execution. */
  readonly blocks: readonly Block[];
  /** From the image over the base features into the blocks, and from block to block. */
  readonly wires: readonly Arrow[];
  /** Fusions in order of execution. */
  readonly fusions: readonly FusionArrow[];
  /** Transitions: one behind each block that ends in one. */
  readonly transitions: readonly (Box & Computed)[];
  /** Exits in the order they are reached. */
  readonly exits: readonly ExitMark[];
  /** Headings of the columns. */
  readonly columns: readonly Column[];
  /** What the marks mean: of those that occur. */
  readonly legend: readonly LegendItem[];
}

/** Font sizes. */
export const FONT = { title: 17, text: 12, small: 11 } as const;
/** Radius of an exit's mark. */
export const EXIT_RADIUS = 9;
/** From the middle of an exit's mark to its cost. */
export const COST_OFFSET = EXIT_RADIUS + 4;
/** How large a transition is drawn. */
export const TRANSITION = { width: 8, height: 22 } as const;
/** Room for a legend's mark, left of its text. */
export const LEGEND_MARK = 26;

const MARGIN = 16;
const MIN_WIDTH = 600;
const TITLE_Y = MARGIN + FONT.title;
const TOTALS_Y = TITLE_Y + 22;
/** Distance of lines of text. */
const LINE = 19;
const BLOCK_HEIGHT = 42;
const BLOCK_GAP = 31;
/** How far behind a block's end its exit branches off. */
const BRANCH = 18;
const PANEL_PADDING = 13;
const PANEL_GAP = 14;
/** Above each row: its name, its exits, and arrows from the row before. */
const ROW_GAP = 42;

const LEGEND = [
  { mark: "up-conv", text: "up-conv fusion" },
  { mark: "down-conv", text: "down-conv fusion: halves the size" },
  { mark: "transition", text: "transition: fewer channels" },
  { mark: "exit", text: "exit: multiply-adds up to it" },
] as const;

/** The lines that everything is placed by. */
interface Grid {
  readonly width: number;
  readonly boxWidth: number;
  readonly baseX: number;
  readonly laneX: number;
  readonly totals: readonly string[];
  /** Left edge of block j, counted from 0. */
  readonly columnX: (j: number) => number;
  /** Upper edge of the blocks of sub-network s, counted from 0. */
  readonly rowY: (s: number) => number;
  /** Lower edge of the last sub-network's panel. */
  readonly bottom: number;
}

/**
 * Places a network.
 *
 * @param network The network.
 * @returns Every mark's place, in pixels, within `width × height`.
 */
export function layOut(network: Network): Layout {
  const { spec } = network;
  const shapes = shapesOf(network);
  const grid = measure(network, shapes);
  const { width, boxWidth, baseX, laneX, columnX, rowY, bottom } = grid;
  const box = { width: boxWidth, height: BLOCK_HEIGHT };
  const image = { ...box, ...shapes.image, x: baseX, y: bottom + 40 };
  const bases = shapes.bases.map((shape, s) => ({
    ...box,
    ...shape,
    x: baseX,
    y: rowY(s),
    exit: 1,
    subnetwork: s + 1,
  }));
  const blocks = placeBlocks(network, shapes, grid);
  const fusions = blocks.flatMap((block) => fusionInto(block, grid));
  const transitions = blocks.filter(({ transition }) => transition).map(({ exit, x, y }) => ({
    ...TRANSITION,
    x: x + boxWidth + 4,
    y: y + (BLOCK_HEIGHT - TRANSITION.height) / 2,
    exit,
  }));
  const legend = placeLegend(
    [...fusions.map(({ kind }) => kind), ...transitions.map(() => "transition" as const)],
    grid,
  );
  const panelTop = rowY(0) - PANEL_PADDING;
  return {
    width,
    height: MARGIN + Math.max(image.y + BLOCK_HEIGHT, ...legend.map(({ y }) => y + 6)),
    title: { x: MARGIN, y: TITLE_Y, text: clip(spec.name, FONT.title, width - 2 * MARGIN) },
    totals: grid.totals.map((text, i) => ({ x: MARGIN, y: TOTALS_Y + i * LINE, text })),
    names: [
      { x: MARGIN, y: panelTop - 9, text: "Initial network" },
      ...spec.subnetworks.map((_, s) => ({ x: laneX, y: rowY(s) - PANEL_PADDING - 9, text: `Sub-network ${s + 1}` })),
    ],
    panels: [
      { x: MARGIN, y: panelTop, width: boxWidth + 2 * PANEL_PADDING, height: bottom - panelTop },
      ...spec.subnetworks.map(({ blocks }, s) => ({
        x: laneX,
        y: rowY(s) - PANEL_PADDING,
        width: columnX(blocks - 1) + boxWidth + BRANCH + PANEL_PADDING - laneX,
        height: BLOCK_HEIGHT + 2 * PANEL_PADDING,
      })),
    ],
    image,
    bases,
    stem: {
      x: baseX + boxWidth / 2 + 7,
      y: bottom + 24,
      text: spec.stem === "conv3x3" ? "3×3 conv" : "7×7 conv, pool",
    },
    blocks,
    wires: [
      ...bases.map((base, s) => upwards(bases[s + 1] ?? image, base)).toReversed(),
      ...blocks.map((block) => wireInto(block, grid)),
    ],
    fusions,
    transitions,
    exits: placeExits(network, grid),
    columns: spec.layers.map((layers, j) => ({ x: columnX(j) + boxWidth / 2, y: bottom + 19, block: j + 1, layers })),
    legend,
  };
}

function measure(network: Network, { image, bases, blocks }: Shapes): Grid {
  const { spec, exits } = network;
  const inBoxes = ["down-conv", ...[image, ...bases, ...blocks.flat()].map(shapeText)];
  // Even, so that middles are whole pixels.
  const boxWidth = 2 * Math.ceil(4 + Math.max(...inBoxes.map((text) => textWidth(text, FONT.small))) / 2);
  const baseX = MARGIN + PANEL_PADDING;
  const laneX = baseX + boxWidth + PANEL_PADDING + PANEL_GAP;
  // Arrows into the first block pass its sub-network's name on the right.
  const leadIn = Math.max(30, textWidth("Sub-network 1", FONT.text) + 14 - boxWidth / 2);
  const columnX = (j: number) => laneX + leadIn + j * (boxWidth + BLOCK_GAP);
  const costWidth = Math.max(...exits.map(({ cumulativeFlops }) => textWidth(large(cumulativeFlops), FONT.text)));
  const end = columnX(spec.layers.length - 1) + boxWidth + BRANCH + COST_OFFSET + costWidth;
  const width = Math.max(MIN_WIDTH, end + MARGIN);

  const totals = totalsOf(network, width - 2 * MARGIN);
  const top = TOTALS_Y + (totals.length - 1) * LINE + 12;
  const rowY = (s: number) => top + ROW_GAP + PANEL_PADDING + s * (BLOCK_HEIGHT + 2 * PANEL_PADDING + ROW_GAP);
  const bottom = rowY(spec.subnetworks.length - 1) + BLOCK_HEIGHT + PANEL_PADDING;
  return { width, boxWidth, baseX, laneX, totals, columnX, rowY, bottom };
}

/** What the network comes to, in lines that fit. */
function totalsOf({ spec, exits }: Network, width: number): string[] {
  const { cumulativeFlops, cumulativeParams } = exits[exits.length - 1];
  const count = (n: number, what: string) => `${n.toLocaleString("en")} ${what}${n === 1 ? "" : "s"}`;
  const parts = [
    `${spec.classes.length.toLocaleString("en")} classes`,
    count(spec.subnetworks.length, "sub-network"),
    count(exits.length, "exit"),
    `${large(cumulativeFlops)} multiply-adds`,
    `${large(cumulativeParams)} parameters`,
  ];
  const gap = textWidth(" · ", FONT.text);
  const lines: string[] = [];
  for (const { item, line } of wrap(parts, { widthOf: (text) => textWidth(text, FONT.text), gap, width })) {
    lines[line] = line in lines ? `${lines[line]} · ${item}` : item;
  }
  return lines;
}

function placeBlocks({ spec, exits }: Network, shapes: Shapes, { boxWidth, columnX, rowY }: Grid): Block[] {
  return spec.subnetworks.flatMap(({ blocks, fusion, transitions }, s) =>
    Array.from({ length: blocks }, (_, j) => ({
      ...shapes.blocks[s][j],
      x: columnX(j),
      y: rowY(s),
      width: boxWidth,
      height: BLOCK_HEIGHT,
      exit: 1 + exits.findIndex((exit) => exit.subnetwork > s + 1 || exit.subnetwork === s + 1 && exit.block > j),
      subnetwork: s + 1,
      block: j + 1,
      kind: j < fusion.length ? fusion[j] : "conv",
      layers: spec.layers[j],
      transition: transitions.includes(j + 1),
    }))
  );
}

function wireInto({ exit, x, y, block }: Block, { boxWidth, baseX, columnX }: Grid): Arrow {
  const middle = y + BLOCK_HEIGHT / 2;
  const before = block === 1 ? baseX : columnX(block - 2);
  return { exit, from: { x: before + boxWidth, y: middle }, to: { x, y: middle } };
}

function fusionInto({ exit, kind, x, y, subnetwork }: Block, { boxWidth, rowY }: Grid): FusionArrow[] {
  if (kind === "conv") return [];
  const middle = x + boxWidth / 2;
  return [{ exit, kind, from: { x: middle, y: rowY(subnetwork - 2) + BLOCK_HEIGHT }, to: { x: middle, y } }];
}

function upwards(below: Box, above: Box): Arrow {
  const x = below.x + below.width / 2;
  return { exit: 1, from: { x, y: below.y }, to: { x, y: above.y + above.height } };
}

function placeExits({ exits }: Network, { boxWidth, columnX, rowY }: Grid): ExitMark[] {
  return exits.map(({ subnetwork, block, cumulativeFlops: flops }, k) => {
    const x = columnX(block - 1) + boxWidth;
    const y = rowY(subnetwork - 1);
    return {
      exit: k + 1,
      x: x + BRANCH,
      y: y - PANEL_PADDING - 7 - EXIT_RADIUS,
      from: { x, y: y + BLOCK_HEIGHT / 2 },
      flops,
      cost: large(flops),
    };
  });
}

function placeLegend(marks: readonly LegendItem["mark"][], { width, laneX, bottom }: Grid): LegendItem[] {
  const items = LEGEND.filter(({ mark }) => mark === "exit" || marks.includes(mark));
  const widthOf = ({ text }: typeof items[number]) => LEGEND_MARK + textWidth(text, FONT.small);
  return wrap(items, { widthOf, gap: 16, width: width - MARGIN - laneX })
    .map(({ item, x, line }) => ({ ...item, x: laneX + x, y: bottom + 64 + line * LINE }));
}
