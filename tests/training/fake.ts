/**
 * Helpers for tests of training without arithmetic: a trainer whose weights depend on everything that it received, and data
 * sets of plain images.
 *
 * @module
 */

import type { Dataset } from "../../lib/data/dataset.ts";
import type { openTrainer } from "../../lib/device/open_trainer.ts";
import type { Trainer, TrainingState } from "../../lib/device/trainer.ts";
import { RanetError } from "../../lib/errors.ts";
import { layerParameters } from "../../lib/network/cost.ts";
import { parseSpec } from "../../lib/spec/parse.ts";
import type { Tensor } from "../../lib/weights/tensor.ts";

/** An architecture of two exits for 5×5 images of three classes. */
export const tiny = parseSpec(`
name: tiny
input: { size: 5 }
classes: [red, green, blue]
base_features: [{ scale: 1, channels: 2 }]
subnetworks: [{ blocks: 2, growth: 2 }]
layers: [1, 1]
head: { channels: 2 }
`);

/** Records of the calls of a fake trainer, and how it is to fail. */
export interface Fake {
  /** Rates of the steps, in order. */
  readonly rates: number[];
  /** Labels of the steps, in order. */
  readonly labels: number[][];
  /** Largest number of steps whose losses were awaited at the same time. */
  underWay: number;
  /** The step, counted from 1 over all trainers, whose loss is NaN. */
  failAt?: number;
}

/** Opens trainers that mix rates, images and labels into every weight. */
export function fakeTrainers(fake: Fake): typeof openTrainer {
  return (network, state, { batchSize, emaDecay }): Promise<Trainer> => {
    const copy = (tensors: ReadonlyMap<string, Tensor>) =>
      new Map(Array.from(tensors, ([name, { shape, data }]) => [name, { shape, data: data.slice() }] as const));
    const tensors = copy(state.tensors);
    const momentum = copy(state.momentum);
    const mean = emaDecay > 0 ? copy(state.ema ?? state.tensors) : undefined;
    const learned = network.exits.flatMap(({ layers }) => layers).flatMap(layerParameters)
      .filter(({ learned }) => learned);
    for (const { name, shape } of learned) {
      if (!momentum.has(name)) momentum.set(name, { shape, data: new Float32Array(tensors.get(name)!.data.length) });
    }
    let underWay = 0;
    const trainer: Trainer = {
      device: { kind: "cpu", name: "fake" },
      bytes: 1000,
      async step(images, labels, { learningRate, second }) {
        if (labels.length > batchSize) throw new RangeError("too many");
        fake.rates.push(learningRate);
        fake.labels.push([...labels]);
        fake.underWay = Math.max(fake.underWay, ++underWay);
        const bad = fake.rates.length === fake.failAt;
        const sum = images.reduce((sum, value, i) => sum + value * Math.cos(i), 0) +
          labels.reduce((a, b) => 3 * a + b, 1) +
          (second?.shares.reduce((a, share, i) => a + share * (1 + second.labels[i]), 0) ?? 0);
        if (!bad) {
          for (const { name } of learned) {
            const [own, velocity] = [tensors.get(name)!.data, momentum.get(name)!.data];
            velocity.forEach((v, i) => {
              velocity[i] = 0.9 * v + Math.sin(sum + i);
              own[i] -= 0.01 * learningRate * velocity[i];
            });
            mean?.get(name)?.data.forEach((value, i, all) => all[i] = emaDecay * value + (1 - emaDecay) * own[i]);
          }
        }
        await new Promise((resolve) => setTimeout(resolve));
        underWay--;
        const exits = network.exits.length;
        return {
          losses: Float64Array.from({ length: exits }, (_, k) => bad && k === exits - 1 ? NaN : 1 + Math.sin(sum + k)),
          correct: Uint32Array.from({ length: exits }, () => labels.filter((label) => label === 0).length),
        };
      },
      read(): Promise<TrainingState> {
        return Promise.resolve({
          tensors: copy(tensors),
          momentum: copy(momentum),
          ...mean && { ema: copy(mean) },
        });
      },
      [Symbol.dispose]() {},
    };
    return Promise.resolve(trainer);
  };
}

/** A number of 5×5 images. Image i has class i mod 3 and its own grey; `bad` ones cannot be read. */
export function plain(size: number, bad: readonly number[] = [], name = "plain"): Dataset {
  return {
    name,
    format: "IDX",
    size,
    bad: [],
    labels: () => Promise.resolve(Uint32Array.from({ length: size }, (_, index) => index % 3)),
    digest: () => Promise.resolve(`${name} ${size}`),
    origin: (index) => `/${name}#${index}`,
    read(index) {
      if (bad.includes(index)) return Promise.reject(new RanetError(`Cannot read image ${index}`));
      const data = new Uint8Array(4 * 25).fill(index % 256);
      return Promise.resolve({ name: `${index}`, label: index % 3, image: { width: 5, height: 5, data } });
    },
  };
}
