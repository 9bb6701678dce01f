/**
 * Digests that identify tensors and models.
 *
 * @module
 */

import type { Network } from "../network/network.ts";
import { divideLogits, reweightOf } from "./temperature.ts";
import type { Tensor } from "./tensor.ts";

/** Computed digests, by tensors and temperatures. */
const known = new WeakMap<ReadonlyMap<string, Tensor>, Map<string, Promise<string>>>();

/**
 * SHA-256 of names, shapes and values, in hexadecimal. The order of tensors does not matter. It is computed once for
 * each map, whose values must not change.
 */
export function digestTensors(tensors: ReadonlyMap<string, Tensor>): Promise<string> {
  return remember(tensors, "", () => tensors);
}

/** A digest of a trained model, which identifies its temperatures: of its tensors and the boosting of its exits. */
export function digestTrained(
  { network, tensors }: { readonly network: Network; readonly tensors: ReadonlyMap<string, Tensor> },
): Promise<string> {
  return digestModel({ network, tensors });
}

/**
 * A digest of the numbers with which a model computes: its tensors, with classifiers divided by temperatures, and the
 * boosting of its exits.
 */
export function digestModel(
  { network, tensors, temperatures }: {
    readonly network: Network;
    readonly tensors: ReadonlyMap<string, Tensor>;
    readonly temperatures?: readonly number[];
  },
): Promise<string> {
  const boosts = reweightsOf(network, temperatures);
  if (!temperatures && boosts.length === 0) return digestTensors(tensors);
  return remember(tensors, [...temperatures ?? [], "", ...boosts.map(([, reweight]) => reweight)].join(), () => {
    const divided = temperatures ? divideLogits(network, tensors, temperatures) : tensors;
    return new Map([
      ...divided,
      ...boosts.map(([name, reweight]) => [name, { shape: [1], data: Float32Array.of(reweight) }] as const),
    ]);
  });
}

/** The factors of boosted exits, as named values. */
function reweightsOf(network: Network, temperatures?: readonly number[]): [name: string, reweight: number][] {
  const classifiers = network.exits.flatMap(({ layers }) => layers).filter((layer) => layer.kind === "classifier");
  return classifiers.flatMap((layer): [string, number][] => {
    const reweight = reweightOf(layer, temperatures);
    return reweight === undefined ? [] : [[`${layer.name}.reweight`, reweight]];
  });
}

function remember(
  tensors: ReadonlyMap<string, Tensor>,
  key: string,
  divided: () => ReadonlyMap<string, Tensor>,
): Promise<string> {
  const own = known.get(tensors) ?? new Map<string, Promise<string>>();
  known.set(tensors, own);
  const found = own.get(key) ?? computeDigest(divided());
  own.set(key, found);
  return found;
}

async function computeDigest(tensors: ReadonlyMap<string, Tensor>): Promise<string> {
  const sorted = [...tensors].toSorted(([a], [b]) => a < b ? -1 : 1);
  const digests = await Promise.all(sorted.map(async ([name, { shape, data }]) => {
    const values = await crypto.subtle.digest("SHA-256", new Float32Array(data));
    return [name, shape, new Uint8Array(values).toHex()];
  }));
  const all = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(JSON.stringify(digests)));
  return new Uint8Array(all).toHex();
}
