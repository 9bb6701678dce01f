/**
 * Computes the layout of a network's drawing, as in the papers' figures: base features at the side, blocks in rows to
 * the right of their base features, exits on the side opposite to the image.
 *
 * @module
 */

import type * as network from "../network/network.ts";
import { stemSpec } from "../network/parts.ts";
import { shapeText } from "../network/size.ts";
import { large } from "../text/numbers.ts";
import {
  type Arrow,
  type Box,
  type Computed,
  COST_OFFSET,
  type DrawnBlock,
  EXIT_RADIUS,
  type ExitMark,
  FONT,
  type Heading,
  type Layout,
  LEGEND_MARK,
  type LegendItem,
  type LinkArrow,
  TRANSITION,
} from "./picture.ts";
import { clip, textWidth, wrap } from "./text.ts";

const MARGIN = 16;
const MIN_WIDTH = 600;
const TITLE_Y = MARGIN + FONT.title;
const TOTALS_Y = TITLE_Y + 22;
/** Line height of text. */
const LINE = 19;
const BLOCK_HEIGHT = 42;
const BLOCK_GAP = 31;
/** Distance between a text and an arrow. */
const ARROW_GAP = 6;
/** Distance between the end of a block and the branch to its exit. */
const BRANCH = 18;
const PANEL_PADDING = 13;
const PANEL_GAP = 14;
/** Distance between rows, with names, exits, and arrows from row to row. */
const ROW_GAP = { up: 42, down: 30 } as const;
/** Distance between a row's panel and the centres of its exits' marks. */
const EXIT_OFFSET = 7 + EXIT_RADIUS;
/** Space for the wire from the image. */
const IMAGE_GAP = 40;

const LEGEND = [
  { mark: "up-conv", text: "up-conv fusion" },
  { mark: "down-conv", text: "down-conv fusion: halves the size" },
  { mark: "strided", text: "strided convolutions of the finer scale" },
  { mark: "transition", text: "transition: fewer channels" },
  { mark: "exit", text: "exit, with cumulative multiply-adds" },
] as const;

/** The grid lines of the layout. */
interface Grid {
  readonly width: number;
  readonly boxWidth: number;
  readonly baseX: number;
  readonly laneX: number;
  readonly totals: readonly string[];
  /** Left edge of the blocks of a column, counted from 0; -1 for base features. */
  readonly columnX: (column: number) => number;
  /** Upper edge of the blocks of a row, counted from 0. */
  readonly rowY: (row: number) => number;
  /** Upper edge of the image. */
  readonly imageY: number;
  /** Lower edge of the last row's panel. */
  readonly bottom: number;
}

/**
 * Computes the layout of a network.
 *
 * @param network The network.
 * @returns The position of every mark in pixels, within `width × height`.
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

/** Describes the layers that compute the finest base feature. */
function stemText({ stem }: network.Network["spec"]): string {
  const { kernel, stride, channels, pool } = stemSpec(stem);
  // The names of the two named stems include the stride.
  const step = typeof stem === "string" || stride === 1 ? "" : `, stride ${stride}`;
  return `${kernel}×${kernel} conv${step}${pool ? ", pool" : ""}${
    channels === undefined ? "" : `, to ${channels} channels`
  }`;
}

function measure(network: network.Network): Grid {
  const { rows, columns, blocks, exits, features, direction } = network;
  const inBoxes = ["down-conv", ...[features[0], ...rows, ...blocks].map(shapeText)];
  // The width is even, so that centres are whole pixels.
  const boxWidth = 2 * Math.ceil(4 + Math.max(...inBoxes.map((text) => textWidth(text, FONT.small))) / 2);
  const baseX = MARGIN + PANEL_PADDING;
  const laneX = baseX + boxWidth + PANEL_PADDING + PANEL_GAP;
  // Arrows into the first block pass to the right of its row's name.
  const leadIn = Math.max(30, textWidth("Sub-network 1", FONT.text) + 14 - boxWidth / 2);
  const costWidth = Math.max(...exits.map(({ cumulativeFlops }) => textWidth(large(cumulativeFlops), FONT.text)));
  // An arrow from row to row points at the centre of a box. The cost of the previous exit must end to the left of it.
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

/** Display names of activations. */
const ACTIVATIONS = { "relu": "ReLU", "hard-swish": "hard-swish", "silu": "SiLU" } as const;

/** Features of the dense layers or heads that the papers' networks lack. */
function layerKinds({ exits }: network.Network): string[] {
  const layers = exits.flatMap((exit) => exit.layers);
  const depthwise = layers.filter((layer) => layer.kind === "depthwise").map(({ kernel }) => `${kernel}×${kernel}`);
  return [
    ...depthwise.length > 0 ? [`depthwise ${[...new Set(depthwise)].toSorted().join(", ")}`] : [],
    ...layers.some(({ kind }) => kind === "excitation") ? ["squeeze-and-excitation"] : [],
  ];
}

/** The totals of the network, wrapped to lines. */
function totalsOf(network: network.Network, width: number): string[] {
  const { spec, exits, rowName, rows } = network;
  const { cumulativeFlops, cumulativeParams } = exits[exits.length - 1];
  const count = (n: number, what: string) => `${n.toLocaleString("en")} ${what}${n === 1 ? "" : "s"}`;
  const parts = [
    `${spec.classes.length.toLocaleString("en")} classes`,
    count(rows.length, rowName),
    count(exits.length, "exit"),
    `${large(cumulativeFlops)} multiply-adds`,
    `${large(cumulativeParams)} parameters`,
    ...spec.activation ? [ACTIVATIONS[spec.activation]] : [],
    ...layerKinds(network),
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

/** Places names, panels and notes of the initial network and the rows. */
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
      // If arrows lead from row to row, a row has the name of its base feature.
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

/** The wire from the previous block in the row, or from the base feature. */
function wireInto({ exit, row, column }: network.Block, { boxWidth, columnX, rowY }: Grid): Arrow {
  const y = rowY(row) + BLOCK_HEIGHT / 2;
  return { exit: exit + 1, from: { x: columnX(column - 1) + boxWidth, y }, to: { x: columnX(column), y } };
}

/** Arrows between rows: vertical within a column, otherwise diagonal. */
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
    // The arrow ends above the wire from the previous block, so that arrowheads do not overlap.
    return [{ exit: exit + 1, kind, from, to: { x, y: rowY(row) + 10 } }];
  });
}

function transitionBehind({ exit, x, y, width }: DrawnBlock): Box & Computed {
  return { ...TRANSITION, x: x + width + 4, y: y + (BLOCK_HEIGHT - TRANSITION.height) / 2, exit };
}

/** A vertical arrow between boxes of the initial network. */
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

/** Places the headings of columns on the side of the image. */
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
