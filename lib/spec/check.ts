/**
 * Refuses architectures whose network cannot work or would be far too large.
 *
 * @module
 */

import { headOf } from "../network/parts.ts";
import type { Network } from "../network/network.ts";
import { type Size, sizeText } from "../network/size.ts";
import type { Report } from "../yaml/read.ts";
import { LIMITS } from "./limits.ts";

/** Side in pixels of the smallest features of which the two strided convolutions of a head leave 2×2. */
const SMALLEST_HEAD_INPUT = 5;

/** Side in pixels of the largest features of which a head leaves 3×3, the most that the authors' code can pool. */
const LARGEST_POOLED_BY_TWO = 12;

/**
 * Checks the features that exits read and the widths of blocks. Each row is reported once.
 *
 * @param network The network of the architecture.
 * @param report Called for each problem, worded `key.path: what is wrong`.
 */
export function checkNetwork(
  { spec: { head, reweight }, exits, blocks, rows, columns }: Network,
  report: Report,
): void {
  if (reweight !== undefined && exits.length === 1) {
    report("exits.boosted: expected more than one exit, found only one; leave the key out");
  }
  if (Array.isArray(head) && head.length !== exits.length) {
    report(`head: expected ${exits.length} entries, one per exit, found ${head.length}`);
  }
  const whole = exits.findIndex((exit, k) => headOf(head, k).pool === 2 && longer(exit.size) > LARGEST_POOLED_BY_TWO);
  if (whole >= 0) {
    const { size } = exits[whole];
    report(
      `head${Array.isArray(head) ? `[${whole}]` : ""}.pool: expected all for an exit that reads more than ` +
        `${LARGEST_POOLED_BY_TWO}×${LARGEST_POOLED_BY_TWO} features, found 2 and ${sizeText(size)}`,
    );
  }
  rows.forEach(({ key }, row) => {
    const exit = exits.find(({ block, size }) => blocks[block].row === row && shorter(size) < SMALLEST_HEAD_INPUT);
    if (exit) {
      report(
        `${key}: expected exits that read at least ${SMALLEST_HEAD_INPUT}×${SMALLEST_HEAD_INPUT} features, ` +
          `found ${sizeText(exit.size)}; increase input.size, or reduce the resolution less`,
      );
    }
    const wide = blocks.find((block) => block.row === row && block.width > LIMITS.width);
    if (wide) {
      return report(
        `${key}: expected at most ${LIMITS.width} channels, found ${wide.width} in ${columns[wide.column].name}; ` +
          "decrease growth or layers, or keep fewer channels in transitions",
      );
    }
    const bare = blocks.find((block) => block.row === row && block.channels < 1);
    if (bare) {
      report(
        `reduction: expected a share that keeps at least one channel of the ${bare.width} in ${key}, ` +
          `${columns[bare.column].name}; increase it`,
      );
    }
  });
}

function longer({ height, width }: Size): number {
  return Math.max(height, width);
}

function shorter({ height, width }: Size): number {
  return Math.min(height, width);
}
