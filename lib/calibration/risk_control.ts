/**
 * Finds how far along a path of decisions, from the safest to the riskiest, a guarantee for new images holds. Decisions
 * are tested in order up to the first that fails (fixed sequence testing; Angelopoulos et al., "Learn then Test", 2021;
 * for early exits Jazbec et al., "Fast yet Safe: Early Exiting with Risk Control", NeurIPS 2024).
 *
 * @module
 */

/** A guarantee about a mean. */
export interface MeanPromise {
  /** Upper limit of the mean. */
  readonly limit: number;
  /** Probability that the guarantee is wrong, over the random choice of samples. */
  readonly delta: number;
  /** The lowest that a loss can be; the highest is 1. */
  readonly lowest: -1 | 0;
}

/** Share of the largest safe bet. */
const BOLDEST = 0.75;

/** Limit of the search for the number of samples. */
const MAX_SAMPLES = 2 ** 24;

/**
 * Whether samples show that a mean is within its limit. The test bets against "the mean is above the limit", a bet that
 * would be fair if that were true, and succeeds when the capital reaches 1 / delta (Waudby-Smith and Ramdas,
 * "Estimating means of bounded random variables by betting", JRSS B 2024). The smaller the variance of the losses, the
 * fewer samples it needs.
 *
 * @param losses The losses in the order of drawing, each from `lowest` to 1.
 */
export function showsMean(losses: ArrayLike<number>, promise: MeanPromise): boolean {
  const bet = new Bet(promise, losses.length);
  for (let i = 0; i < losses.length; i++) {
    if (bet.wins(losses[i])) return true;
  }
  return false;
}

/** The smallest number of samples that suffices if none has a loss; `Infinity` if it exceeds `MAX_SAMPLES`. */
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
 * The last step of a path up to which all steps meet a guarantee; -1 if the first one does not.
 *
 * @param steps Number of steps, the safest first.
 * @param lossesOf The samples' losses at a step. The path must not depend on the samples or their order.
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

/** The capital in a game that cannot be won on average if the mean is above the limit. */
class Bet {
  readonly #scale: number;
  readonly #lowest: number;
  /** The limit, after scaling losses to [0, 1]. */
  readonly #limit: number;
  readonly #goal: number;
  /** Squared deviation for which the bet is 1. */
  readonly #unit: number;
  /** Logarithm of the capital, which starts at 1. */
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

  /** Bets on the next loss according to earlier ones; returns whether the goal is reached. */
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
