/**
 * How far along a path of decisions, from the safest to the boldest, a promise about new images is kept: by tests one after
 * the other, up to the first that fails (fixed sequence testing; Angelopoulos et al., "Learn then Test", 2021; for early
 * exits Jazbec et al., "Fast yet Safe: Early Exiting with Risk Control", NeurIPS 2024).
 *
 * @module
 */

/** What is promised of a mean. */
export interface MeanPromise {
  /** At most this. */
  readonly limit: number;
  /** But for this chance, over the draw of the samples. */
  readonly delta: number;
  /** The lowest that a loss can be; the highest is 1. */
  readonly lowest: -1 | 0;
}

/** Share of the largest bet that is still safe. */
const BOLDEST = 0.75;

/** Most samples that are counted up to. */
const MAX_SAMPLES = 2 ** 24;

/**
 * Whether samples show a mean to be within its limit: a bet against "it is above the limit", which is fair if that is so,
 * has won 1 / delta (Waudby-Smith and Ramdas, "Estimating means of bounded random variables by betting", JRSS B 2024). The
 * smaller the losses' variance, the fewer samples that takes.
 *
 * @param losses In the order of their drawing, each from `lowest` to 1.
 */
export function showsMean(losses: ArrayLike<number>, promise: MeanPromise): boolean {
  const bet = new Bet(promise, losses.length);
  for (let i = 0; i < losses.length; i++) {
    if (bet.wins(losses[i])) return true;
  }
  return false;
}

/** How many samples it takes at least, if none of them has any loss; `Infinity` if more than there ever will be. */
export function fewestSamples(promise: MeanPromise): number {
  let [few, enough] = [0, 1];
  const suffice = (count: number) => showsMean(new Float32Array(count), promise);
  while (!suffice(enough)) {
    few = enough;
    enough *= 2;
    if (enough > MAX_SAMPLES) return Infinity;
  }
  while (enough - few > 1) {
    const middle = Math.floor((few + enough) / 2);
    if (suffice(middle)) enough = middle;
    else few = middle;
  }
  return enough;
}

/**
 * The last step of a path that keeps a promise, all those before it keeping it too; -1 if not even the first does.
 *
 * @param steps Number of steps, the safest first.
 * @param lossesOf The samples' losses at a step. Neither samples nor their order may have had a say in the path.
 */
export function lastSafeStep(
  steps: number,
  lossesOf: (step: number) => ArrayLike<number>,
  promise: MeanPromise,
): number {
  for (let step = 0; step < steps; step++) {
    if (!showsMean(lossesOf(step), promise)) return step - 1;
  }
  return steps - 1;
}

/** Capital in a game that nobody wins on average while the mean is above the limit. */
class Bet {
  readonly #scale: number;
  readonly #lowest: number;
  /** The limit, losses scaled to [0, 1]. */
  readonly #limit: number;
  readonly #goal: number;
  /** Squared deviation that would be bet on by 1. */
  readonly #unit: number;
  /** Logarithm of what there is, from 1. */
  #capital = 0;
  #count = 0;
  #sum = 0.5;
  #squares = 0.25;

  constructor({ limit, delta, lowest }: MeanPromise, samples: number) {
    this.#lowest = lowest;
    this.#scale = 1 - lowest;
    this.#limit = (limit - lowest) / this.#scale;
    this.#goal = -Math.log(delta);
    this.#unit = 2 * this.#goal / samples;
  }

  /** Bets on the next loss, by what was seen before; whether the goal is reached. */
  wins(loss: number): boolean {
    const x = (loss - this.#lowest) / this.#scale;
    const variance = this.#squares / (this.#count + 1);
    const stake = Math.min(Math.sqrt(this.#unit / variance), BOLDEST / (1 - this.#limit));
    this.#capital += Math.log1p(stake * (this.#limit - x));
    this.#count++;
    this.#sum += x;
    this.#squares += (x - this.#sum / (this.#count + 1)) ** 2;
    return this.#capital >= this.#goal;
  }
}
