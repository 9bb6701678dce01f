/**
 * What the picture of a network consists of. Pure data in pixels; what it looks like is `draw.ts`'s business.
 *
 * @module
 */

import type * as network from "../network/network.ts";

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
