/**
 * Calibrations as a small JSON file beside the model, one for each budget or accuracy that was asked for.
 *
 * @module
 */

import * as z from "zod";
import { RanetError } from "../errors.ts";
import { kindOf } from "../text/kind.ts";
import { describeIssue } from "../yaml/issues.ts";
import type { Calibration } from "./calibration.ts";
import { readArchive } from "../model/archive.ts";
import { BUNDLED_MODELS } from "../model/read_spec.ts";
import { readBundled, readIfThere, readResource } from "../io/resource.ts";
import { expectArray, expectPlace } from "../text/expect.ts";

/** Largest file that is read, in bytes. */
const MAX_BYTES = 2 ** 22;

/** What earlier files lack. */
const DIGEST = "the weights' digest, 64 hexadecimal digits (calibrate again if the file has none)";

/** Made on demand, since loading the library is to take no time. */
function fileSchema() {
  const share = z.number("a number in [0, 1]").min(0, "a number in [0, 1]").max(1, "a number in [0, 1]");
  const flops = z.number("a number above 0").positive("a number above 0");
  const count = z.int("a whole number above 0").positive("a whole number above 0");
  // JSON has no infinities: nobody leaves at a "never", everybody at the last exit's null.
  const thresholds = z
    .array(z.union([share, z.literal("never"), z.null()], 'a number in [0, 1], or "never"'), "a list")
    .refine((all) => all.indexOf(null) === all.length - 1, "a list with null in the last place, and only there")
    .transform((all) => all.map((one) => one === "never" ? Infinity : one ?? -Infinity));
  return z.strictObject({
    calibrations: z.array(
      z.strictObject({
        model: z.string("a model's name"),
        weights: z.string(DIGEST).regex(/^[0-9a-f]{64}$/, DIGEST),
        target: z.union(
          [
            z.strictObject({ budget: flops }),
            z.strictObject({ accuracy: share }),
            z.strictObject({
              maxDrop: share,
              confidence: share,
              risk: z.enum(["accuracy", "disagreement"]).optional(),
            }),
          ],
          "a budget, an accuracy, or a largest drop with its confidence",
        ),
        thresholds,
        q: flops,
        expectedAccuracy: share,
        expectedCost: flops,
        samples: count,
        guarantee: z.strictObject({
          fitted: count,
          tested: count,
          bound: z.literal("betting, fixed sequence"),
        }, "an object").optional(),
        dataset: z.string("a name").optional(),
      }, "an object"),
      "a list",
    ),
  }, 'an object with "calibrations"');
}

/**
 * Reads a file of calibrations.
 *
 * @param nameOrPath `"ranet-cifar10"`, which comes calibrated for budgets of 10, 15, … 55 million multiply-adds; or the
 * path or URL of a file that `ranet calibrate` or {@linkcode formatCalibrations} made; or a model's zip archive.
 * @returns The calibrations, cheapest first if `ranet calibrate` wrote them.
 * @throws {RanetError} If it is missing, or not such a file.
 *
 * @example
 * ```ts
 * import { calibrationWithin, readCalibrations } from "@ranet/ranet";
 *
 * const calibrations = await readCalibrations("ranet-cifar10");
 * const calibration = calibrationWithin(20e6, calibrations);
 * console.log(calibration.expectedCost, calibration.expectedAccuracy);
 * ```
 */
export async function readCalibrations(nameOrPath: string | Blob): Promise<Calibration[]> {
  expectPlace("readCalibrations", { nameOrPath });
  if (nameOrPath instanceof Blob) return await archivedCalibrations(nameOrPath) ?? [];
  if (!BUNDLED_MODELS.includes(nameOrPath)) return await readCalibrationFile(nameOrPath);
  return await readBundled(`weights/${nameOrPath}.calibration.json`, (bytes) => decode(bytes, nameOrPath));
}

/**
 * Reads a file of calibrations, whatever it is called: where it is also written, no bundled one may stand in for it.
 *
 * @throws {RanetError} If it is missing, or not such a file.
 */
export async function readCalibrationFile(pathOrUrl: string): Promise<Calibration[]> {
  return decode(await readResource(pathOrUrl, { maxBytes: MAX_BYTES }), pathOrUrl);
}

/**
 * Reads a file of calibrations, if there is one.
 *
 * @returns `undefined` if there is none.
 * @throws {RanetError} If it cannot be read, or is not such a file.
 */
export async function readCalibrationsIfThere(pathOrUrl: string): Promise<Calibration[] | undefined> {
  const bytes = await readIfThere(pathOrUrl, { maxBytes: MAX_BYTES });
  return bytes && decode(bytes, pathOrUrl);
}

/**
 * Reads the calibrations in a model's zip archive.
 *
 * @returns `undefined` if there are none, or this is no archive's place.
 * @throws {RanetError} If they cannot be read.
 */
export async function archivedCalibrations(place: string | Blob): Promise<Calibration[] | undefined> {
  const archive = await readArchive(place);
  const bytes = archive?.files["calibration.json"];
  return bytes && decode(bytes, `calibration.json in ${archive.source}`);
}

function decode(bytes: Uint8Array, source: string): Calibration[] {
  return parseCalibrations(new TextDecoder().decode(bytes), source);
}

/**
 * Reads calibrations from JSON.
 *
 * @param text The file's text.
 * @param source Where it comes from, for messages.
 * @throws {RanetError} If it is not JSON, or not of calibrations; names the first wrong key.
 */
export function parseCalibrations(text: string, source: string): Calibration[] {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    throw new RanetError(`Cannot read calibrations ${JSON.stringify(source)}: it is not JSON`);
  }
  const { data, error } = fileSchema().safeParse(document);
  if (data) return data.calibrations;
  throw new RanetError(
    `Cannot read calibrations ${JSON.stringify(source)}: ${describeIssue(error.issues[0], document)[0]}`,
  );
}

/**
 * Writes calibrations as a JSON file that {@linkcode readCalibrations} reads.
 *
 * @param calibrations Any number of them, of one model.
 * @returns The file's text.
 *
 * @example
 * ```ts
 * import { formatCalibrations, readCalibrations } from "@ranet/ranet";
 *
 * const [cheapest] = await readCalibrations("ranet-cifar10");
 * console.log(formatCalibrations([cheapest])); // to be written beside the weights
 * ```
 */
export function formatCalibrations(calibrations: readonly Calibration[]): string {
  expectArray("formatCalibrations", { calibrations });
  const readable = calibrations.map((calibration) => ({
    ...calibration,
    thresholds: calibration.thresholds.map((threshold) =>
      threshold === -Infinity ? null : threshold > 1 ? "never" : threshold
    ),
  }));
  return JSON.stringify({ calibrations: readable }, null, 2) + "\n";
}

/** Adds a calibration, in place of one for the same target; the cheapest come first. */
export function withCalibration(calibrations: readonly Calibration[], added: Calibration): Calibration[] {
  const target = JSON.stringify(added.target);
  const others = calibrations.filter((one) => JSON.stringify(one.target) !== target);
  return [...others, added].sort((a, b) => a.expectedCost - b.expectedCost);
}

/**
 * Picks the calibration that spends most within a budget.
 *
 * @param budget Multiply-adds per image, on average.
 * @param calibrations Those to pick from.
 * @returns That one.
 * @throws {RanetError} If all spend more; says how little the cheapest does.
 *
 * @example
 * ```ts
 * import { calibrationWithin, readCalibrations } from "@ranet/ranet";
 *
 * const calibrations = await readCalibrations("ranet-cifar10");
 * console.log(calibrationWithin(20e6, calibrations).target); // { budget: 20000000 }
 * ```
 */
export function calibrationWithin(budget: number, calibrations: readonly Calibration[]): Calibration {
  expectArray("calibrationWithin", { calibrations });
  if (typeof budget !== "number" || Number.isNaN(budget)) {
    throw new RanetError(`Cannot keep a budget of ${kindOf(budget)}: expected a number of multiply-adds, such as 20e6`);
  }
  if (calibrations.length === 0) throw new RanetError(`Cannot keep a budget of ${budget}: there are no calibrations`);
  const costs = calibrations.map(({ expectedCost }) => expectedCost);
  const most = Math.max(...costs.filter((cost) => cost <= budget));
  if (most > -Infinity) return calibrations[costs.indexOf(most)];
  throw new RanetError(
    `Cannot keep a budget of ${budget}: the smallest budget of these ${costs.length} calibrations is ` +
      `${Math.ceil(Math.min(...costs))}`,
  );
}
