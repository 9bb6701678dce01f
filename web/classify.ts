/**
 * The tab that classifies: shows one image exit by exit, and all images by exit.
 *
 * @module
 */

/// <reference lib="dom" />

import { large, percent } from "../lib/text/numbers.ts";
import { csv } from "../lib/text/csv.ts";
import { sizeText } from "../lib/network/size.ts";
import { bringIntoView, byId, saveFile } from "./dom.ts";
import { Drawing } from "./drawing.ts";
import { ExitList } from "./exit_list.ts";
import type { Network } from "./library.ts";
import type { Answer, Question } from "./messages.ts";
import { Problems } from "./problems.ts";
import { answerAt, type Sample } from "./samples.ts";
import { Shelves } from "./shelves.ts";

/** The tab. */
export class Classify {
  #network: Network;
  readonly #ask: (question: Question) => void;
  readonly #samples = new Map<number, Sample>();
  #exits!: ExitList;
  #shelves!: Shelves;
  readonly #drawing: Drawing;
  readonly #problems = new Problems(byId("problems"));
  readonly #slider = byId<HTMLInputElement>("threshold");
  #selected?: Sample;
  #ids = 0;

  /** Fills the tab for a network. `ask` sends questions to the worker. */
  constructor(network: Network, ask: (question: Question) => void) {
    this.#network = network;
    this.#ask = ask;
    this.#drawing = new Drawing(byId("drawing"));
    this.#slider.addEventListener("input", () => this.#render());
    byId("clear").addEventListener("click", () => this.#clear());
    byId("save-results").addEventListener("click", () => this.#save());
    byId("others").addEventListener("click", () => this.#selected && this.#askUntil(this.#selected, Infinity));
    this.use(network);
  }

  /** Switches to another network and removes the previous images. */
  use(network: Network): void {
    this.#forget();
    this.#network = network;
    this.#exits = new ExitList(byId("exits"), network.exits.map(({ cumulativeFlops }) => cumulativeFlops));
    this.#shelves = new Shelves(byId("shelves"), network, (sample) => {
      this.#select(sample);
      bringIntoView(byId("verdict"));
    });
    this.#drawing.show(network);
    this.#render();
  }

  /** Adds images and selects the first one. */
  add(files: readonly File[]): void {
    if (files.length === 0) return; // pasted text
    this.#problems.clear();
    files.forEach((file, i) => {
      const sample: Sample = { id: this.#ids++, name: file.name, file, answers: [], asked: 0 };
      this.#samples.set(sample.id, sample);
      if (i === 0) this.#select(sample);
      this.#askUntil(sample, Number(this.#slider.value));
    });
    bringIntoView(byId("verdict"));
  }

  /**
   * Asks for the exits of an image until one reaches the confidence `until`. Exits that have already returned a result
   * return it again.
   */
  #askUntil(sample: Sample, until: number): void {
    if (sample.asked >= until) return;
    sample.asked = until;
    this.#ask({ id: sample.id, name: sample.name, file: sample.file, until });
  }

  /** Reports a file that cannot be read. */
  complain(message: string): void {
    this.#problems.add(message);
  }

  /** Called when an image has been decoded. */
  show(id: number, thumbnail: Blob, seen: ImageData): void {
    const sample = this.#samples.get(id);
    if (!sample || sample.thumbnail) return;
    sample.thumbnail = URL.createObjectURL(thumbnail);
    sample.seen = seen;
    this.#render();
  }

  /** Shows an exit's prediction. It is called again if another device restarts the image. */
  answer(id: number, answer: Answer): void {
    const answers = this.#samples.get(id)?.answers;
    if (answers) answers[answer.exit - 1] = answer;
    this.#render();
  }

  /** Called if an image cannot be classified. */
  fail(id: number, message: string): void {
    const sample = this.#samples.get(id);
    if (!sample) return;
    this.#problems.add(message);
    this.#samples.delete(id);
    if (this.#selected === sample) this.#selected = [...this.#samples.values()].at(-1);
    this.#render();
  }

  #save(): void {
    const threshold = Number(this.#slider.value);
    const rows = [...this.#samples.values()].flatMap((sample) => {
      const answer = answerAt(threshold, sample, this.#network.exits.length);
      return answer ? [[sample.name, answer.label, answer.confidence, answer.exit, answer.flops]] : [];
    });
    saveFile("results.csv", csv(["image", "label", "confidence", "exit", "flops"], rows), "text/csv");
  }

  #select(sample: Sample): void {
    this.#selected = sample;
    this.#render();
  }

  #forget(): void {
    for (const { thumbnail } of this.#samples.values()) if (thumbnail) URL.revokeObjectURL(thumbnail);
    this.#samples.clear();
    this.#selected = undefined;
  }

  #clear(): void {
    this.#forget();
    this.#render();
    byId("files").focus();
  }

  #render(): void {
    const threshold = Number(this.#slider.value);
    const samples = [...this.#samples.values()];
    for (const sample of samples) {
      const known = sample.answers.some(({ confidence }) => confidence >= threshold);
      if (!known) this.#askUntil(sample, threshold);
    }
    const taken = new Map(samples.map((sample) => [sample, answerAt(threshold, sample, this.#network.exits.length)]));
    byId("threshold-value").textContent = percent(threshold);
    this.#slider.setAttribute("aria-valuetext", percent(threshold));
    this.#renderSpent([...taken.values()].filter((answer) => answer !== undefined));
    byId("shelves-section").hidden = samples.length < 2;
    this.#shelves.render(taken, this.#selected);
    this.#renderSelected(threshold, this.#selected && taken.get(this.#selected));
  }

  #renderSpent(answers: readonly Answer[]): void {
    const full = this.#network.exits.at(-1)!.cumulativeFlops;
    const average = answers.reduce((sum, { flops }) => sum + flops, 0) / answers.length;
    const images = answers.length === 1 ? "1 image" : `${answers.length} images, average`;
    byId("spent").textContent = answers.length === 0
      ? `The full network costs ${large(full)} multiply-adds`
      : `${images}: ${large(average)} multiply-adds, ${percent(average / full)} of all`;
  }

  #renderSelected(threshold: number, left: Answer | undefined): void {
    const sample = this.#selected;
    this.#exits.render(sample?.answers ?? [], { threshold, left: left?.exit });
    byId("others").hidden = left === undefined || sample!.asked > 1 || left.exit === this.#network.exits.length;
    const count = this.#network.exits.length;
    if (sample) {
      this.#drawing.light(left?.exit ?? sample.answers.length);
      const [strong, line] = left
        ? [`${left.label} ${percent(left.confidence)}`, `left at exit ${left.exit} of ${count}`]
        : [sample.answers.at(-1)?.label ?? "…", `at exit ${sample.answers.length + 1} of ${count}`];
      setVerdict(strong, line);
    } else {
      this.#drawing.light(count);
      setVerdict("Pick an image", "to see the prediction of every exit.");
    }
    showPhoto(sample);
  }
}

/** Writes only changes, because screen readers announce each. */
function setVerdict(...texts: readonly [strong: string, line: string]): void {
  [...byId("verdict").children].forEach((element, i) => {
    if (element.textContent !== texts[i]) element.textContent = texts[i];
  });
}

function showPhoto(sample: Sample | undefined): void {
  const photo = byId<HTMLImageElement>("photo");
  const canvas = byId<HTMLCanvasElement>("seen");
  const seen = sample?.seen;
  photo.hidden = !sample?.thumbnail;
  canvas.hidden = !seen;
  const caption = seen ? `; in the corner, the ${sizeText(seen)} pixels that the network sees` : "";
  byId("photo-caption").textContent = sample ? sample.name + caption : "";
  if (!sample?.thumbnail || photo.src === sample.thumbnail) return;
  photo.src = sample.thumbnail;
  photo.alt = sample.name;
  [canvas.width, canvas.height] = [seen!.width, seen!.height];
  canvas.getContext("2d")!.putImageData(sample.seen!, 0, 0);
}
