/**
 * Calibrations as a small JSON file beside the model, one entry per budget or accuracy.
 *
 * @module
 */

import { z } from "zod";
import { readBoundedFile } from "../data/files.ts";
import { RanetError } from "../errors.ts";
import type { Calibration } from "./calibration.ts";

/** Largest file that is read, in bytes. */
const MAX_BYTES = 2 ** 20;

const threshold = z.number().min(0).max(1);
const schema = z.strictObject({
  model: z.string(),
  calibrations: z.array(z.strictObject({
    budget: z.number().positive().optional(),
    accuracy: threshold.optional(),
    // JSON has no infinities: nobody leaves at a "never", everybody at the last exit's null.
    thresholds: z.array(z.union([threshold, z.literal("never")])).and(z.array(z.unknown()).min(0)),
    q: z.number().positive(),
    expectedAccuracy: threshold,
    expectedCost: z.number().positive(),
    samples: z.int().positive(),
    dataset: z.string().optional(),
  })),
});
