/**
 * The elements of a network's drawing, as data in pixels. `draw.ts` determines their appearance.
 *
 * @module
 */

import type * as network from "../network/network.ts";

/** Size and channels of a feature. */
export type Shape = Pick<network.Feature, "size" | "channels">;

/** A position. */
export interface Point {
  /** Distance from the left in pixels. */
  readonly x: number;
  /** Distance from the top in pixels. */
  readonly y: number;
}

/** A rectangle. Its position is the top left corner. */
export interface Box extends Point {
  /** Width in pixels. */
  readonly width: number;
  /** Height in pixels. */
  readonly height: number;
}

/** A line of text. Its position is the start of the baseline. */
export interface Label extends Point {
  /** The text. */
  readonly text: string;
}

/** An element that is computed. */
export interface Computed {
  /** The first exit that needs it, counted from 1. */
  readonly exit: number;
}

/** A straight arrow. */
export interface Arrow extends Computed {
  /** Start of the arrow. */
  readonly from: Point;
  /** Tip of the arrow. */
  readonly to: Point;
}

/** A base feature. */
export interface BaseFeature extends Box, Shape, Computed {
  /** Name of the base feature. */
  readonly name: string;
}

/** A block. The shape is that of its output, after its transition. */
export interface DrawnBlock extends Box, Shape, Computed {
  /** Description in words. */
  readonly about: string;
  /** How it uses another row. */
  readonly kind: network.BlockKind;
}

/** An arrow from a block to a block of another row that uses its channels. */
export interface LinkArrow extends Arrow {
  /** Kind of the block at the tip. */
  readonly kind: Link;
}

/** A kind of block that uses channels of another row. */
export type Link = Exclude<network.BlockKind, "conv">;

/** An exit. Its position is the centre of the mark. */
export interface ExitMark extends Point, Computed {
  /** End of its block. */
  readonly from: Point;
  /** Cumulative multiply-adds. */
  readonly flops: number;
  /** The same as text. */
  readonly cost: string;
}

/** An entry of the legend. Its position is the left end of the mark's centre line. */
export interface LegendItem extends Label {
  /** Kind of the mark. */
  readonly mark: Link | "transition" | "exit";
}

/** The heading of a column. Its position is the centre of the baseline. */
export interface Heading extends Point {
  /** Its two lines. */
  readonly lines: readonly [string, string];
}

/** The layout of a drawing. */
export interface Layout {
  /** Total width. */
  readonly width: number;
  /** Total height. */
  readonly height: number;
  /** Its title: the network's name. */
  readonly title: Label;
  /** Totals of the network, below the title. */
  readonly totals: readonly Label[];
  /** Names of the initial network and the rows. */
  readonly names: readonly Label[];
  /** Areas of the initial network and the rows. */
  readonly panels: readonly Box[];
  /** Notes after the last blocks of rows. */
  readonly notes: readonly Label[];
  /** The image. */
  readonly image: Box & Shape;
  /** Base features from top to bottom. */
  readonly bases: readonly BaseFeature[];
  /** Description of the layers that compute the first of them. */
  readonly stem: Label;
  /** Blocks in order of execution. */
  readonly blocks: readonly DrawnBlock[];
  /** Arrows from the image to the base features, to the blocks, and from block to block. */
  readonly wires: readonly Arrow[];
  /** Arrows between rows, in order of execution. */
  readonly links: readonly LinkArrow[];
  /** Transitions, each after a block that ends in one. */
  readonly transitions: readonly (Box & Computed)[];
  /** Exits in the order in which they are reached. */
  readonly exits: readonly ExitMark[];
  /** Headings of the columns. */
  readonly headings: readonly Heading[];
  /** The legend of the marks that occur. */
  readonly legend: readonly LegendItem[];
}

/** Font sizes. */
export const FONT = { title: 17, text: 12, small: 11 } as const;
/** Radius of an exit's mark. */
export const EXIT_RADIUS = 9;
/** Distance from the centre of an exit's mark to its cost. */
export const COST_OFFSET = EXIT_RADIUS + 4;
/** Size of a transition's mark. */
export const TRANSITION = { width: 8, height: 22 } as const;
/** Space for a legend's mark to the left of its text. */
export const LEGEND_MARK = 26;
