/**
 * Stores a snapshot of a run as a safetensors file: weights, the optimiser's state and the average, with the position
 * in the metadata.
 *
 * @module
 */

import * as z from "zod";
import type { TrainingState } from "../device/trainer.ts";
import { RanetError } from "../errors.ts";
import { layerParameters } from "../network/cost.ts";
import type { Network } from "../network/network.ts";
import { checkTensors } from "../weights/check.ts";
import { readSafetensors, writeSafetensors } from "../weights/safetensors.ts";
import type { Tensor } from "../weights/tensor.ts";
import type { Snapshot } from "./loop.ts";
import type { Position } from "./records.ts";

/** Parts of a state, with the prefixes of their tensors' names in the file. */
const PARTS = { tensors: "tensors", momentum: "momentum", squares: "squares", ema: "average" } as const;

/** Formats a snapshot. */
export function formatState({ position, state }: Snapshot): Uint8Array {
  const named = (Object.keys(PARTS) as (keyof typeof PARTS)[]).flatMap((part) =>
    Array.from(state[part] ?? [], ([name, tensor]) => [`${PARTS[part]}/${name}`, tensor] as const)
  );
  return writeSafetensors(named, { metadata: { position: formatPosition(position) } });
}

/**
 * Parses a snapshot.
 *
 * @param bytes The file.
 * @param network The network.
 * @param source The file's name in messages.
 * @throws {RanetError} If it is not such a file, or belongs to another network.
 */
export function parseState(bytes: Uint8Array, network: Network, source: string): Snapshot {
  const { tensors, metadata } = readSafetensors(bytes, { source });
  const refuse = (reason: string): never => {
    throw new RanetError(`Cannot resume from ${source}: ${reason}`);
  };
  const part = (name: string) =>
    new Map(
      Array.from(tensors).filter(([key]) => key.startsWith(`${name}/`)).map(([key, tensor]) =>
        [key.slice(name.length + 1), tensor] as const
      ),
    );
  const [own, momentum, squares, ema] = Object.values(PARTS).map(part);
  if (own.size + momentum.size + squares.size + ema.size < tensors.size) {
    refuse("it contains unknown tensors");
  }
  checkTensors(network, own, { source });
  if (ema.size > 0) checkTensors(network, ema, { source });
  checkMoments(network, { momentum, squares }, refuse);
  const position = parsePosition(metadata.position, network.exits.length) ?? refuse("it does not contain the position");
  const state: TrainingState = {
    tensors: own,
    momentum,
    ...squares.size > 0 && { squares },
    ...ema.size > 0 && { ema },
  };
  return { position, state };
}

function checkMoments(
  network: Network,
  moments: Readonly<Record<"momentum" | "squares", ReadonlyMap<string, Tensor>>>,
  refuse: (reason: string) => never,
): void {
  const learned = new Map(
    network.exits.flatMap(({ layers }) => layers).flatMap(layerParameters).filter(({ learned }) => learned)
      .map(({ name, shape }) => [name, shape.join()]),
  );
  for (const [part, tensors] of Object.entries(moments)) {
    for (const [name, { shape, data }] of tensors) {
      if (learned.get(name) !== shape.join()) refuse(`the ${part} of ${name} does not fit the network`);
      if (part === "squares" && data.some((value) => value < 0)) refuse(`the ${part} of ${name} are negative`);
    }
  }
}

/** In the file, the learning rate is called `rate`, and the number of correct predictions `right`. */
function formatPosition({ step, sums: { correct, ...sums }, epochs }: Position): string {
  return JSON.stringify({
    step,
    sums: { ...sums, right: correct },
    epochs: epochs.map(({ learningRate, ...epoch }) => ({ ...epoch, rate: learningRate })),
  });
}

function parsePosition(text: string | undefined, exits: number): Position | undefined {
  const numbers = z.array(z.number()).length(exits);
  const means = z.strictObject({ losses: numbers, top1: numbers });
  const schema = z.strictObject({
    step: z.int().min(0),
    sums: z.strictObject({ images: z.int().min(0), losses: numbers, right: numbers, seconds: z.number().min(0) })
      .transform(({ right, ...sums }) => ({ ...sums, correct: right })),
    epochs: z.array(
      z.strictObject({
        epoch: z.int().min(1),
        step: z.int().min(1),
        rate: z.number(),
        training: means,
        validation: means.optional(),
        seconds: z.number(),
        imagesPerSecond: z.number(),
      }).transform(({ rate, ...epoch }) => ({ ...epoch, learningRate: rate })),
    ),
  });
  try {
    return schema.safeParse(JSON.parse(text ?? "")).data;
  } catch {
    return undefined;
  }
}
