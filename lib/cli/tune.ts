/**
 * `ranet tune`: finds and stores the fastest tiles for an adapter.
 *
 * @module
 */

import { runnableWeights } from "../weights/runnable.ts";
import { type Adapter, defaultTraits, requireAdapter, titleOf } from "../device/webgpu/adapter.ts";
import { forgetTraits, keepTraits } from "../device/webgpu/kept_traits.ts";
import { measureTraits, timeBatch } from "../device/webgpu/tuning.ts";
import { RanetError } from "../errors.ts";
import { loadModel } from "../model/model.ts";
import { DEFAULT_MODEL } from "../model/read_spec.ts";
import { buildPlan } from "../planner/build.ts";
import type { AdapterTraits } from "../device/webgpu/tiles.ts";
import type { Call, Command, Terminal } from "./command.ts";
import { Progress } from "./progress.ts";
import { printable, table } from "./text.ts";

/** Batches for which a model is timed; all have the same weight. */
const BATCHES = [1, 16, 64];

/** Workgroup sizes worth trying. */
const LANES = { cpu: [8, 16, 32], gpu: [32, 64, 128] };

/** Largest time, relative to the default's, for which a choice is stored: smaller differences may be noise. */
const WORTHWHILE = 0.97;

interface Candidate {
  readonly name: string;
  readonly traits: AdapterTraits;
  /** Times for each of `BATCHES`. */
  readonly msPerImage: readonly number[];
}

/** The command. */
export const tuneCommand: Command<"model"> = {
  name: "tune",
  summary: "measure which kernel variants are fastest on the GPU, and store the result",
  usage: "[options]",
  operands: [0, 0],
  description: `Measures what each tile of a convolution costs on the WebGPU adapter, for several workgroup sizes, then
times the full network at batches of ${BATCHES.join(", ")}. Later commands use tiles that are faster than the
default. The result is stored in Deno's cache, for this program and adapter. It takes one or two minutes, during which
the machine should be idle.`,
  options: { model: { value: "M", help: `the model to time (default ${DEFAULT_MODEL})` } },
  flags: { reset: "delete the stored result and use the default again" },
  examples: ["ranet tune", "ranet tune --reset"],
  async run({ options, flags, json }: Call<"model">, { stdout }: Terminal): Promise<void> {
    const adapter = await requireAdapter();
    if (flags.has("reset")) {
      const forgotten = await forgetTraits(titleOf(adapter));
      if (json) return stdout(JSON.stringify({ adapter: adapter.name, forgotten }));
      return stdout(
        `${printable(adapter.name)}: ${
          forgotten ? "uses the default again" : "nothing was stored; it still uses the default"
        }.`,
      );
    }
    const candidates = await measure(adapter, options.model ?? DEFAULT_MODEL);
    const fastest = candidates.reduce((best, next) => meanOf(next) < meanOf(best) ? next : best);
    const kept = meanOf(fastest) < WORTHWHILE * meanOf(candidates[0]) ? fastest : candidates[0];
    await forgetTraits(titleOf(adapter));
    if (kept !== candidates[0] && !await keepTraits(titleOf(adapter), kept.traits)) {
      throw new RanetError("Cannot store the measurements: Deno's cache cannot be written. Check DENO_DIR.");
    }
    if (json) return stdout(JSON.stringify({ adapter: adapter.name, batches: BATCHES, candidates, kept: kept.name }));
    stdout(`${printable(adapter.name)}, ms per image, all exits

${
      table(
        [["tiles", "left"], ...BATCHES.map((batch) => [`batch ${batch}`, "right"] as const), ["kept", "left"]],
        candidates.map((candidate) => [
          candidate.name,
          ...candidate.msPerImage.map((ms) => ms.toPrecision(3)),
          candidate === kept ? "yes" : "",
        ]),
      )
    }`);
  },
};

/** Measures candidates, the default first. */
async function measure(adapter: Adapter, name: string): Promise<Candidate[]> {
  const lanes = LANES[adapter.isCpu ? "cpu" : "gpu"];
  const model = await loadModel(name);
  const plan = buildPlan(model.network);
  const weights = runnableWeights(model.network, model);
  const base = { ...adapter, traits: defaultTraits(adapter.isCpu) };
  const rounds = lanes.length * base.traits.tiles.length + (lanes.length + 1) * BATCHES.length;
  using progress = new Progress("Measuring", rounds, { unit: "tiles and batches" });
  const found = [{ name: "default", traits: base.traits }];
  for (const count of lanes) {
    const traits = await measureTraits(base, { lanes: count, onTile: () => progress.advance(1) });
    found.push({ name: `measured, ${count} lanes`, traits });
  }
  const candidates: Candidate[] = [];
  for (const { name, traits } of found) {
    const msPerImage: number[] = [];
    for (const count of BATCHES) {
      msPerImage.push(await timeBatch(plan, weights, { adapter: { ...adapter, traits }, count }) / count);
      progress.advance(1);
    }
    candidates.push({ name, traits, msPerImage });
  }
  return candidates;
}

/** The geometric mean, so that relative changes have the same weight for all batches. */
function meanOf({ msPerImage }: Candidate): number {
  return Math.exp(msPerImage.reduce((sum, ms) => sum + Math.log(ms), 0) / msPerImage.length);
}
