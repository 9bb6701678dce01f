/**
 * The output of `ranet train`: the plan, the progress, and the results. Progress is a bar on a terminal, otherwise
 * lines of text; with `--json`, everything is JSON lines.
 *
 * @module
 */

import { accuracyInterval } from "../calibration/samples.ts";
import { sidesOf, sizeText } from "../network/size.ts";
import { bytes as byteText, large, percent } from "../text/numbers.ts";
import type { RunOutcome } from "../training/loop.ts";
import { bestEpoch, type EpochRecord, type StepRecord } from "../training/records.ts";
import type { Session } from "../training/session.ts";
import { duration } from "../training/training_report.ts";
import { stagesOf } from "../training/sizes.ts";
import { stepsPerEpoch } from "../training/batches.ts";
import type { Terminal } from "./command.ts";
import { NOTICE_STREAM } from "./output.ts";
import { Progress } from "./progress.ts";
import { printable, table } from "./text.ts";
import { TrainProgress } from "./train_progress.ts";
import type { TrainJob } from "./train_job.ts";

/** Steps for estimating the duration: the first ones, which are not counted, and the last one. */
const [WARM_STEPS, PACE_STEPS] = [2, 10];

/** The outcome of a run. */
export interface Finished extends RunOutcome {
  /** Number of images on which thresholds and temperatures were fitted; missing if none were. */
  readonly calibratedOn?: number;
}

/** Reports a run. */
export class TrainOutput implements Disposable {
  readonly #terminal: Terminal;
  readonly #json: boolean;
  #progress?: TrainProgress;
  #session?: Session;
  /** Times at which the first steps ended. */
  readonly #times: number[] = [];
  #isPaced = false;
  #last?: EpochRecord;

  /** Creates the output on a terminal, as text or JSON lines. */
  constructor(terminal: Terminal, { json }: { readonly json: boolean }) {
    this.#terminal = terminal;
    this.#json = json;
  }

  /** Notices, which are not results. */
  notes(messages: readonly string[]): void {
    for (const message of messages) this.#terminal.stderr(printable(message));
  }

  /** A progress bar for reading images before training. */
  reading(images: number): Progress {
    return new Progress("reading", images);
  }

  /** Prints the plan of the run. */
  start(session: Session, job: TrainJob): void {
    this.#session = session;
    this.notes(session.warnings);
    const { network, recipe, counts, trainer, training, validation } = session;
    const { cumulativeFlops, cumulativeParams } = network.exits[network.exits.length - 1];
    const images = training.store.usable.length;
    const perEpoch = stepsPerEpoch(images, recipe.batch);
    const kept = training.store.bytes + (validation?.store.bytes ?? 0);
    const stages = stagesOf(recipe.sizes, { epochs: Math.ceil(session.steps / perEpoch), full: training.size });
    const facts = {
      model: network.spec.name,
      exits: network.exits.length,
      params: cumulativeParams,
      flopsPerImage: 3 * cumulativeFlops,
      images,
      imagesPerClass: counts,
      validationImages: validation?.store.usable.length ?? 0,
      recipe: recipe.name,
      batch: recipe.batch,
      stepsPerEpoch: perEpoch,
      sizes: stages.map(({ until, size }) => ({ until, size: sidesOf(size) })),
      steps: session.steps,
      device: trainer.device,
      bytes: trainer.bytes,
      imageBytes: kept,
      from: session.position.step,
    };
    if (this.#json) return this.#line("start", facts);
    const { val, data } = job.setup;
    const held = val === "none"
      ? "no validation images"
      : `${facts.validationImages} for validation, ${
        val === "split" ? `chosen at random from each class with seed ${recipe.seed}` : `from ${val}`
      }`;
    const others = training.store.isWhole && (validation?.store.isWhole ?? true)
      ? ""
      : ", the others are decoded in every epoch";
    this.#terminal.stdout(
      printableLines(
        `${network.spec.name}: ${network.exits.length} exits, ${large(cumulativeParams)} parameters; about ${
          large(facts.flopsPerImage)
        } multiply-adds per image in training
${images} images of ${data} for training (${classCounts(counts, network.spec.classes)}), ${held}
recipe ${recipe.name}: ${
          (session.steps / perEpoch).toFixed(1).replace(/\.0$/, "")
        } epochs of ${perEpoch} steps, ${recipe.batch} images a step${
          stages.map(({ until, size }) => `, ${sizeText(size)} pixels until epoch ${until}`).join("")
        }
on ${trainer.device.name}: ${byteText(trainer.bytes)} for the network, ${byteText(kept)} for images${others}${
          facts.from > 0 ? `\ncontinuing after step ${facts.from} of ${session.steps}` : ""
        }`,
      ),
    );
  }

  /** Reports a step. */
  step(step: StepRecord): void {
    const session = this.#session!;
    if (this.#times.length <= PACE_STEPS) this.#times.push(performance.now());
    if (this.#times.length === PACE_STEPS) this.pace();
    if (this.#json) return;
    this.#progress ??= NOTICE_STREAM.isTTY ? new TrainProgress(session.steps, step.step - 1) : undefined;
    this.#progress?.step(step, this.#last);
  }

  /** Prints the estimated duration, once, after the first steps. */
  pace(): void {
    const session = this.#session!;
    const warm = this.#times.slice(Math.min(WARM_STEPS, Math.max(0, this.#times.length - 2)));
    if (this.#isPaced || warm.length < 2) return;
    this.#isPaced = true;
    const perStep = (warm[warm.length - 1] - warm[0]) / (warm.length - 1) / 1000;
    const perEpoch = perStep * stepsPerEpoch(session.training.store.usable.length, session.recipe.batch);
    const left = perStep * session.remainingWork;
    if (this.#json) return this.#line("pace", { secondsPerStep: perStep, secondsPerEpoch: perEpoch, seconds: left });
    if (this.#progress) this.#progress.note(`${duration(perEpoch)} per epoch`);
    else {
      this.#terminal.stdout(`about ${duration(perEpoch)} per epoch, ${duration(left)} in total, plus validation`);
    }
  }

  /** Reports an epoch. */
  epoch(epoch: EpochRecord): void {
    this.#last = epoch;
    if (this.#json) return this.#line("epoch", epoch);
    if (this.#progress) return;
    const ends = (shares: readonly number[]) => `${percent(shares[0])} … ${percent(shares[shares.length - 1])}`;
    const total = epoch.training.losses.reduce((sum, loss) => sum + loss, 0);
    this.#terminal.stdout(
      `epoch ${epoch.epoch}: loss ${total.toFixed(3)}, top-1 ${ends(epoch.training.top1)}` +
        `${epoch.validation ? `, validation ${ends(epoch.validation.top1)}` : ""}; ` +
        `${epoch.imagesPerSecond.toFixed(0)} images/s, ${duration(epoch.seconds)}`,
    );
  }

  /** Prints the results. */
  done(
    { validation, position, calibratedOn }: Finished,
    { network }: Session,
    { setup }: TrainJob,
    path: string,
  ): void {
    this[Symbol.dispose]();
    const last = position.epochs[position.epochs.length - 1];
    const kept = setup.keep === "best" ? bestEpoch(position.epochs)!.epoch : last.epoch;
    const exits = network.exits.map(({ cumulativeFlops }, k) => ({
      exit: k + 1,
      flops: cumulativeFlops,
      trainingTop1: last.training.top1[k],
      validationTop1: validation?.top1[k],
    }));
    if (this.#json) return this.#line("done", { model: network.spec.name, path, epoch: kept, exits, calibratedOn });
    const rows = exits.map(({ exit, flops, trainingTop1, validationTop1 }) => [
      exit,
      large(flops),
      percent(trainingTop1),
      validationTop1 === undefined ? "–" : percent(validationTop1),
    ]);
    const titles = ["exit", "multiply-adds", "training top-1", "validation top-1"] as const;
    const budget = large(network.exits[Math.floor(network.exits.length / 2)].cumulativeFlops).replace(/ /g, "");
    const last95 = validation && accuracyInterval(validation.top1[exits.length - 1], validation.labels.length);
    const certainty = last95
      ? `\nMeasured on ${validation.labels.length} validation images: the last exit's accuracy is between ${
        percent(last95[0])
      } and ${percent(last95[1])} (95 %)`
      : "";
    this.#terminal.stdout(`${table(titles.map((title) => [title, "right"] as const), rows)}${certainty}

written to ${printable(path)}, weights of epoch ${kept}. Next:
  ranet classify photo.jpg --model ${printable(path)}${calibratedOn ? ` --budget ${budget}` : ""}
  ranet eval TEST --val ${printable(path)}/training/validation.csv --allow-outside --model ${
      printable(path)
    } --out report
  ranet export onnx ${printable(path)} --out ${printable(path)}/model.onnx`);
  }

  /** Removes the bar. */
  [Symbol.dispose](): void {
    this.#progress?.[Symbol.dispose]();
    this.#progress = undefined;
  }

  #line(event: string, facts: object): void {
    this.#terminal.stdout(JSON.stringify({ event, ...facts }));
  }
}

/** `4500 of each of 10 classes`, or the number for each class if there are few. */
function classCounts(counts: readonly number[], classes: readonly string[]): string {
  const [least, most] = [Math.min(...counts), Math.max(...counts)];
  if (least === most) return `${least} of each of ${counts.length} classes`;
  if (counts.length <= 12) return counts.map((count, i) => `${classes[i]} ${count}`).join(", ");
  return `${least} to ${most} of each of ${counts.length} classes`;
}

function printableLines(text: string): string {
  return text.split("\n").map(printable).join("\n");
}
