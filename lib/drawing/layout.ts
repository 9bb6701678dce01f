/**
 * Where everything in the picture of a network goes, as the papers' figures have it: base features down the side, blocks
 * to the right of theirs in rows, exits on the far side from the image. Pure data in pixels; what it looks like is
 * `draw.ts`'s business.
 *
 * @module
 */

import type * as network from "../network/network.ts";
import { stemSpec } from "../network/parts.ts";
import { shapeText } from "../network/size.ts";
import { large } from "../text/numbers.ts";
import { clip, textWidth, wrap } from "./text.ts";

/** What a feature measures. */
export type Shape = Pick<network.Feature, "size" | "channels">;

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
  /** What it is called. */
  readonly name: string;
}

/** A block. The shape is that of what it passes on, after its transition. */
export interface DrawnBlock extends Box, Shape, Computed {
  /** What it is, in words. */
  readonly about: string;
  /** What it takes from another row. */
  readonly kind: network.BlockKind;
}

/** From a block to one of another row that takes channels from it. */
export interface LinkArrow extends Arrow {
  /** What takes them. */
  readonly kind: Link;
}

/** A kind of block that takes channels from another row. */
export type Link = Exclude<network.BlockKind, "conv">;

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
  readonly mark: Link | "transition" | "exit";
}

/** A column's heading; its point is the middle of the baseline. */
export interface Heading extends Point {
  /** Its two lines. */
  readonly lines: readonly [string, string];
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
  /** The initial network, then rows: what they are called. */
  readonly names: readonly Label[];
  /** The initial network, then rows: the areas they take. */
  readonly panels: readonly Box[];
  /** What is said of rows, behind their last blocks. */
  readonly notes: readonly Label[];
  /** The image. */
  readonly image: Box & Shape;
  /** Base features from top to bottom. */
  readonly bases: readonly BaseFeature[];
  /** How the first of them is made from the image. */
  readonly stem: Label;
  /** Blocks in order of execution. */
  readonly blocks: readonly DrawnBlock[];
  /** From the image over the base features into the blocks, and from block to block. */
  readonly wires: readonly Arrow[];
  /** From row to row, in order of execution. */
  readonly links: readonly LinkArrow[];
  /** Transitions: one behind each block that ends in one. */
  readonly transitions: readonly (Box & Computed)[];
  /** Exits in the order they are reached. */
  readonly exits: readonly ExitMark[];
  /** Headings of the columns. */
  readonly headings: readonly Heading[];
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
/** Between a text and an arrow. */
const ARROW_GAP = 6;
/** How far behind a block's end its exit branches off. */
const BRANCH = 18;
const PANEL_PADDING = 13;
const PANEL_GAP = 14;
/** Between rows: names, exits, and arrows from row to row. */
const ROW_GAP = { up: 42, down: 30 } as const;
/** Between a row's panel and the middle of its exits' marks. */
const EXIT_OFFSET = 7 + EXIT_RADIUS;
/** Room for the wire from the image. */
const IMAGE_GAP = 40;

const LEGEND = [
  { mark: "up-conv", text: "up-conv fusion" },
  { mark: "down-conv", text: "down-conv fusion: halves the size" },
  { mark: "strided", text: "strided convolutions of the finer scale" },
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
  /** Left edge of the blocks of a column, counted from 0; of base features for -1. */
  readonly columnX: (column: number) => number;
  /** Upper edge of the blocks of a row, counted from 0. */
  readonly rowY: (row: number) => number;
  /** Upper edge of the image. */
  readonly imageY: number;
  /** Lower edge of the last row's panel. */
  readonly bottom: number;
}

/**
 * Places a network.
 *
 * @param network The network.
 * @returns Every mark's place, in pixels, within `width × height`.
 */
export function layOut(network: network.Network): Layout {
  const { spec, rows, direction, features } = network;
  const grid = measure(network);
  const { width, boxWidth, baseX, rowY, imageY, bottom } = grid;
  const box = { x: baseX, width: boxWidth, height: BLOCK_HEIGHT };
  const { size, channels } = features[0];
  const image = { ...box, size, channels, y: imageY };
  const bases = rows.map(({ base, size, channels }, row) => ({
    ...box,
    size,
    channels,
    y: rowY(row),
    exit: 1,
    name: base,
  }));
  const blocks = placeBlocks(network, grid);
  const links = placeLinks(network, grid);
  const transitions = network.blocks.flatMap(({ transition }, i) => transition ? [transitionBehind(blocks[i])] : []);
  const exits = placeExits(network, grid);
  const marks = [...links.map(({ kind }) => kind), ...transitions.map(() => "transition" as const)];
  const legend = placeLegend(marks, { ...grid, direction });
  const chain = direction === "up" ? [...bases, image].toReversed() : [image, ...bases];
  const ends = [image.y + BLOCK_HEIGHT, ...legend.map(({ y }) => y + 6)];
  return {
    width,
    height: MARGIN + Math.max(...ends),
    title: { x: MARGIN, y: TITLE_Y, text: clip(spec.name, FONT.title, width - 2 * MARGIN) },
    totals: grid.totals.map((text, i) => ({ x: MARGIN, y: TOTALS_Y + i * LINE, text })),
    ...placeRows(network, grid),
    image,
    bases,
    stem: {
      x: baseX + boxWidth / 2 + 7,
      y: direction === "up" ? bottom + 24 : imageY + BLOCK_HEIGHT + 16,
      text: stemText(spec),
    },
    blocks,
    wires: [
      ...chain.slice(1).map((to, i) => upright(chain[i], to)),
      ...network.blocks.map((block) => wireInto(block, grid)),
    ],
    links,
    transitions,
    exits,
    headings: placeHeadings(network, grid),
    legend,
  };
}

/** How the finest base feature is made. */
function stemText({ stem }: network.Network["spec"]): string {
  const { kernel, stride, channels, pool } = stemSpec(stem);
  // Of the two that have a name, the name says the stride.
  const step = typeof stem === "string" || stride === 1 ? "" : `, stride ${stride}`;
  return `${kernel}×${kernel} conv${step}${pool ? ", pool" : ""}${
    channels === undefined ? "" : `, to ${channels} channels`
  }`;
}

function measure(network: network.Network): Grid {
  const { rows, columns, blocks, exits, features, direction } = network;
  const inBoxes = ["down-conv", ...[features[0], ...rows, ...blocks].map(shapeText)];
  // Even, so that middles are whole pixels.
  const boxWidth = 2 * Math.ceil(4 + Math.max(...inBoxes.map((text) => textWidth(text, FONT.small))) / 2);
  const baseX = MARGIN + PANEL_PADDING;
  const laneX = baseX + boxWidth + PANEL_PADDING + PANEL_GAP;
  // Arrows into the first block pass its row's name on the right.
  const leadIn = Math.max(30, textWidth("Sub-network 1", FONT.text) + 14 - boxWidth / 2);
  const costWidth = Math.max(...exits.map(({ cumulativeFlops }) => textWidth(large(cumulativeFlops), FONT.text)));
  // An arrow from row to row comes down upon the middle of a box: costs of the exit before it end left of that.
  const isCrossed = exits.some(({ block }) => {
    const { row, column } = blocks[block];
    return blocks.some(({ source, ...next }) =>
      next.row === row && next.column === column + 1 && source?.column === next.column
    );
  });
  const room = BRANCH + COST_OFFSET + costWidth + ARROW_GAP - boxWidth / 2;
  const gap = isCrossed ? Math.max(BLOCK_GAP, Math.ceil(room)) : BLOCK_GAP;
  const columnX = (column: number) => column < 0 ? baseX : laneX + leadIn + column * (boxWidth + gap);
  const end = columnX(columns.length - 1) + boxWidth + BRANCH + COST_OFFSET + costWidth;
  const width = Math.max(MIN_WIDTH, end + MARGIN);

  const totals = totalsOf(network, width - 2 * MARGIN);
  const top = TOTALS_Y + (totals.length - 1) * LINE + 12;
  const isUp = direction === "up";
  const firstY = top + PANEL_PADDING + (isUp ? ROW_GAP.up : BLOCK_HEIGHT + IMAGE_GAP);
  const rowY = (row: number) => firstY + row * (BLOCK_HEIGHT + 2 * PANEL_PADDING + ROW_GAP[direction]);
  const bottom = rowY(rows.length - 1) + BLOCK_HEIGHT + PANEL_PADDING;
  return { width, boxWidth, baseX, laneX, totals, columnX, rowY, imageY: isUp ? bottom + IMAGE_GAP : top, bottom };
}

/** What they are called where they are not the usual one. */
const ACTIVATIONS = { "relu": "ReLU", "hard-swish": "hard-swish", "silu": "SiLU" } as const;

/** What the network comes to, in lines that fit. */
function totalsOf({ spec, exits, rowName, rows }: network.Network, width: number): string[] {
  const { cumulativeFlops, cumulativeParams } = exits[exits.length - 1];
  const count = (n: number, what: string) => `${n.toLocaleString("en")} ${what}${n === 1 ? "" : "s"}`;
  const parts = [
    `${spec.classes.length.toLocaleString("en")} classes`,
    count(rows.length, rowName),
    count(exits.length, "exit"),
    `${large(cumulativeFlops)} multiply-adds`,
    `${large(cumulativeParams)} parameters`,
    ...spec.activation ? [ACTIVATIONS[spec.activation]] : [],
    ...spec.dropout ? [`dropout ${spec.dropout}`] : [],
    ...spec.reweight === undefined ? [] : [`boosted exits, reweight ${spec.reweight}`],
  ];
  const gap = textWidth(" · ", FONT.text);
  const lines: string[] = [];
  for (const { item, line } of wrap(parts, { widthOf: (text) => textWidth(text, FONT.text), gap, width })) {
    lines[line] = line in lines ? `${lines[line]} · ${item}` : item;
  }
  return lines;
}

/** The initial network and the rows: names, areas, and what is said of them. */
function placeRows(network: network.Network, grid: Grid): Pick<Layout, "names" | "panels" | "notes"> {
  const { rows, rowName, blocks, direction } = network;
  const { boxWidth, laneX, columnX, rowY, bottom } = grid;
  const panelY = (row: number) => rowY(row) - PANEL_PADDING;
  const title = `${rowName[0].toUpperCase()}${rowName.slice(1)}`;
  const panels = rows.map((_, row) => {
    const last = Math.max(...blocks.filter((block) => block.row === row).map(({ column }) => column));
    const width = columnX(last) + boxWidth + BRANCH + PANEL_PADDING - laneX;
    return { x: laneX, y: panelY(row), width, height: BLOCK_HEIGHT + 2 * PANEL_PADDING };
  });
  return {
    names: [
      { x: MARGIN, y: direction === "up" ? panelY(0) - 9 : bottom + 16, text: "Initial network" },
      // Where arrows come down from row to row, a row is called what its base feature is.
      ...direction === "up"
        ? rows.map((_, row) => ({ x: laneX, y: panelY(row) - 9, text: `${title} ${row + 1}` }))
        : [],
    ],
    panels: [
      { x: MARGIN, y: panelY(0), width: boxWidth + 2 * PANEL_PADDING, height: bottom - panelY(0) },
      ...panels,
    ],
    notes: rows.flatMap(({ note: text }, row) =>
      text === undefined
        ? []
        : [{ x: panels[row].x + panels[row].width + 8, y: rowY(row) + BLOCK_HEIGHT / 2 + 4, text }]
    ),
  };
}

function placeBlocks({ blocks, columns, rowName }: network.Network, { boxWidth, columnX, rowY }: Grid): DrawnBlock[] {
  return blocks.map(({ row, column, kind, depth, transition, exit, size, channels }) => {
    const { name } = columns[column];
    const what = `${kind}, ${depth === 1 ? "1 layer" : `${depth} layers`}, ${shapeText({ size, channels })}`;
    return {
      x: columnX(column),
      y: rowY(row),
      width: boxWidth,
      height: BLOCK_HEIGHT,
      size,
      channels,
      exit: exit + 1,
      kind,
      about: `${rowName} ${row + 1}, ${name}: ${what}${transition ? " after its transition" : ""}`,
    };
  });
}

/** From the block before it in its row, or the base feature. */
function wireInto({ exit, row, column }: network.Block, { boxWidth, columnX, rowY }: Grid): Arrow {
  const y = rowY(row) + BLOCK_HEIGHT / 2;
  return { exit: exit + 1, from: { x: columnX(column - 1) + boxWidth, y }, to: { x: columnX(column), y } };
}

/** Upright within a column, else from side to side. */
function placeLinks({ blocks }: network.Network, { boxWidth, columnX, rowY }: Grid): LinkArrow[] {
  return blocks.flatMap(({ exit, kind, row, column, source }) => {
    if (kind === "conv" || !source) return [];
    const x = columnX(column);
    if (source.column === column) {
      const middle = x + boxWidth / 2;
      const from = { x: middle, y: rowY(source.row) + BLOCK_HEIGHT };
      return [{ exit: exit + 1, kind, from, to: { x: middle, y: rowY(row) } }];
    }
    const from = { x: columnX(source.column) + boxWidth, y: rowY(source.row) + BLOCK_HEIGHT / 2 };
    // Above the wire from the block before, so that heads stay apart.
    return [{ exit: exit + 1, kind, from, to: { x, y: rowY(row) + 10 } }];
  });
}

function transitionBehind({ exit, x, y, width }: DrawnBlock): Box & Computed {
  return { ...TRANSITION, x: x + width + 4, y: y + (BLOCK_HEIGHT - TRANSITION.height) / 2, exit };
}

/** From box to box of the initial network, one below the other. */
function upright(from: Box, to: Box): Arrow {
  const x = to.x + to.width / 2;
  return from.y > to.y
    ? { exit: 1, from: { x, y: from.y }, to: { x, y: to.y + to.height } }
    : { exit: 1, from: { x, y: from.y + from.height }, to: { x, y: to.y } };
}

function placeExits({ exits, blocks, direction }: network.Network, { boxWidth, columnX, rowY }: Grid): ExitMark[] {
  return exits.map(({ block, cumulativeFlops: flops }, k) => {
    const { row, column } = blocks[block];
    const x = columnX(column) + boxWidth;
    const y = rowY(row);
    return {
      exit: k + 1,
      x: x + BRANCH,
      y: direction === "up" ? y - PANEL_PADDING - EXIT_OFFSET : y + BLOCK_HEIGHT + PANEL_PADDING + EXIT_OFFSET,
      from: { x, y: y + BLOCK_HEIGHT / 2 },
      flops,
      cost: large(flops),
    };
  });
}

/** On the side of the image. */
function placeHeadings({ columns, direction }: network.Network, { boxWidth, columnX, rowY, bottom }: Grid): Heading[] {
  const y = direction === "up" ? bottom + 19 : rowY(0) - PANEL_PADDING - 24;
  return columns.map(({ name, layers }, j) => ({ x: columnX(j) + boxWidth / 2, y, lines: [name, layers] }));
}

function placeLegend(
  marks: readonly LegendItem["mark"][],
  { width, laneX, bottom, direction }: Grid & Pick<network.Network, "direction">,
): LegendItem[] {
  const items = LEGEND.filter(({ mark }) => mark === "exit" || marks.includes(mark));
  const widthOf = ({ text }: typeof items[number]) => LEGEND_MARK + textWidth(text, FONT.small);
  const y = direction === "up" ? bottom + 64 : bottom + EXIT_OFFSET + EXIT_RADIUS + 24;
  return wrap(items, { widthOf, gap: 16, width: width - MARGIN - laneX })
    .map(({ item, x, line }) => ({ ...item, x: laneX + x, y: y + line * LINE }));
}
