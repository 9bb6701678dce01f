/**
 * `ranet train`.
 *
 * @module
 */

import { FEWEST_SAMPLES } from "../calibration/samples.ts";
import { RanetError } from "../errors.ts";
import type { RunOutcome } from "../training/loop.ts";
import type { ModelFolder } from "../training/model_folder.ts";
import { bestEpoch } from "../training/records.ts";
import { Session } from "../training/session.ts";
import { type Call, type Command, InterruptedError, type Terminal } from "./command.ts";
import { DATASET_FLAGS } from "./run_on.ts";
import { untilSignal } from "./signals.ts";
import { newJob, resumedJob, type TrainJob } from "./train_job.ts";
import { TRAIN_OPTIONS, type TrainOption } from "./train_options.ts";
import { type Finished, TrainOutput } from "./train_output.ts";

/** Milliseconds between saves within an epoch. */
const SAVE_EVERY = 5 * 60_000;
/** Steps that --dry-run takes to estimate the duration. */
const TRIAL_STEPS = 10;

/** The command. */
export const trainCommand: Command<TrainOption> = {
  name: "train",
  summary: "train a network on a folder of images",
  usage: "SPEC --data DATASET --out DIR [options]  |  --resume DIR",
  operands: [0, 1],
  isLong: true,
  description:
    `Trains an architecture (a YAML file, its URL, a bundled name, or a model's directory) on a labelled data set: a
folder with one folder per class (also below train/ and val/), a CSV of path,label, or files of CIFAR, STL-10, MNIST,
NumPy or Hugging Face; docs/datasets.md lists all kinds. DIR becomes a model for all other commands. DIR/training
contains curves, logs and the state of the run: after Ctrl-C or a power failure, --resume DIR continues it.`,
  options: TRAIN_OPTIONS,
  flags: {
    "dry-run": "print what would be done and how long it would take, then stop",
    ...DATASET_FLAGS,
    force: "replace the model in DIR",
  },
  examples: [
    "ranet train my-ranet.yaml --data photos --out my-model",
    "ranet train my-ranet.yaml --data train.csv --val val.csv --recipe paper-cifar --out my-model",
    "ranet train ranet-cifar10 --init ranet-cifar10 --data more --recipe fine-tune --out better",
    "ranet train --resume my-model",
  ],
  async run(call: Call<TrainOption>, terminal: Terminal): Promise<void> {
    const isDry = call.flags.has("dry-run");
    using stop = untilSignal();
    using output = new TrainOutput(terminal, { json: call.json });
    const job = call.options.resume === undefined ? await newJob(call) : await resumedJob(call);
    using folder = job.folder;
    output.notes(job.notes);
    // Before images are read, because another process may be training into it.
    using created = folder || isDry ? undefined : await job.createFolder();
    using session = await openSession(job, output, stop.signal);
    output.start(session, job);
    if (isDry) return await tryOut(session, output);

    const kept = (folder ?? created)!;
    let outcome: RunOutcome;
    try {
      outcome = await session.run({
        signal: stop.signal,
        saveEvery: SAVE_EVERY,
        onStep: (step) => {
          kept.addStep(step);
          output.step(step);
        },
        onEpoch: (epoch) => output.epoch(epoch),
        onSave: (snapshot) => kept.save(snapshot),
      });
    } catch (error) {
      if (error instanceof RanetError && kept.hasSaved) {
        output.notes([`The state before the error is saved in ${kept.path}`]);
      }
      throw error;
    }
    if (!outcome.finished) {
      throw new InterruptedError(
        `Stopped at step ${outcome.position.step} of ${session.steps}; everything is saved. To continue: ` +
          `ranet train --resume ${kept.path}`,
      );
    }
    output.done(await finish(session, kept, outcome, { job, output }), session, job, kept.path);
  },
};

async function openSession(job: TrainJob, output: TrainOutput, signal: AbortSignal): Promise<Session> {
  const { spec, recipe, setup, training, validation, snapshot, init } = job;
  const { device, threads, cache, skipBad } = setup;
  using reading = output.reading(training.size + (validation?.size ?? 0));
  const session = await Session.open({
    ...{ spec, recipe, training, validation, snapshot, init, device, threads, cache, signal },
    onBad: (message) => {
      if (!skipBad) throw new RanetError(message, { remedy: { skipBad: true } });
      output.notes([`Skipped: ${message}`]);
    },
    onRead: () => reading.advance(1),
  });
  if (!signal.aborted) return session;
  session[Symbol.dispose]();
  throw new RanetError("Stopped while reading images; nothing was written");
}

/** Takes a few steps to estimate how long the run would take. */
async function tryOut(session: Session, output: TrainOutput): Promise<void> {
  const enough = new AbortController();
  await session.run({
    signal: enough.signal,
    saveEvery: Infinity,
    onStep: (step) => {
      output.step(step);
      if (step.step >= TRIAL_STEPS) enough.abort();
    },
  });
  output.pace();
}

/** Measures and calibrates the weights that are kept, and writes the final report. */
async function finish(
  session: Session,
  folder: ModelFolder,
  outcome: RunOutcome,
  { job, output }: { readonly job: TrainJob; readonly output: TrainOutput },
): Promise<Finished> {
  const { epochs } = outcome.position;
  const isLast = job.setup.keep === "last" || bestEpoch(epochs) === epochs.at(-1);
  const model = await folder.model();
  const validation = isLast && outcome.validation ? outcome.validation : await session.validate(model.tensors);
  const calibrated = await session.calibrate(model);
  if (validation && !calibrated) {
    output.notes([
      `Not calibrated: ${validation.labels.length} validation images are too few for reliable thresholds and ` +
      `temperatures. Specify at least ${FEWEST_SAMPLES} with --val, or run ranet calibrate later`,
    ]);
  }
  await folder.finish(outcome.position, {
    validation,
    calibrated,
    device: session.trainer.device.name,
    images: session.training.store.usable.length,
  });
  return { ...outcome, validation, calibratedOn: calibrated?.measured.labels.length };
}
