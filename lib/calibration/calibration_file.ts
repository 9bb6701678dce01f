/**
 * Stores calibrations as a small JSON file beside the model, one for each target.
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

/** A field that files of earlier versions lack. */
const DIGEST = "the weights' digest, 64 hexadecimal digits (calibrate again if the file has none)";

/** Created when it is first needed, so that loading the library is fast. */
function fileSchema() {
  const share = z.number("a number in [0, 1]").min(0, "a number in [0, 1]").max(1, "a number in [0, 1]");
  const flops = z.number("a number above 0").positive("a number above 0");
  const count = z.int("a whole number above 0").positive("a whole number above 0");
  // JSON has no infinities: "never" means that no sample leaves, null at the last exit that all do.
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
 * @param nameOrPath `"ranet-cifar10"`, which has calibrations for budgets of 10, 15, … 55 million multiply-adds; or the
 * path or URL of a file written by `ranet calibrate` or {@linkcode formatCalibrations}; or a model's zip archive.
 * @returns The calibrations, cheapest first if `ranet calibrate` wrote them.
 * @throws {RanetError} If it is missing, or is not a file of calibrations.
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
  return await bundledCalibrations(nameOrPath);
}

/** The calibrations that come with the library under this name. */
export async function bundledCalibrations(name: string): Promise<Calibration[]> {
  return await readBundled(`weights/${name}.calibration.json`, (bytes) => decode(bytes, name));
}

/**
 * Reads a file of calibrations by its path, even if it has the name of a bundled model.
 *
 * @throws {RanetError} If it is missing, or is not a file of calibrations.
 */
export async function readCalibrationFile(pathOrUrl: string): Promise<Calibration[]> {
  return decode(await readResource(pathOrUrl, { maxBytes: MAX_BYTES }), pathOrUrl);
}

/**
 * Reads a file of calibrations, if there is one.
 *
 * @returns `undefined` if there is none.
 * @throws {RanetError} If it cannot be read, or is not a file of calibrations.
 */
export async function readCalibrationsIfThere(pathOrUrl: string): Promise<Calibration[] | undefined> {
  const bytes = await readIfThere(pathOrUrl, { maxBytes: MAX_BYTES });
  return bytes && decode(bytes, pathOrUrl);
}

/**
 * Reads the calibrations in a model's zip archive.
 *
 * @returns `undefined` if there are none, or the place is not an archive.
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
 * @param source The file's name in messages.
 * @throws {RanetError} If it is not JSON, or not a list of calibrations; names the first wrong key.
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
 * Formats calibrations as JSON, which {@linkcode readCalibrations} can read.
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

/** Adds a calibration, or replaces the one for the same target; the cheapest come first. */
export function withCalibration(calibrations: readonly Calibration[], added: Calibration): Calibration[] {
  const target = JSON.stringify(added.target);
  const others = calibrations.filter((one) => JSON.stringify(one.target) !== target);
  return [...others, added].sort((a, b) => a.expectedCost - b.expectedCost);
}

/**
 * Picks the most expensive calibration within a budget.
 *
 * @param budget Multiply-adds per image, on average.
 * @param calibrations The calibrations to pick from.
 * @returns The picked calibration.
 * @throws {RanetError} If all exceed the budget; the message says what the cheapest costs.
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
