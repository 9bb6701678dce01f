/**
 * Checks that tensors are the parameters of a network.
 *
 * @module
 */

import { RanetError } from "../errors.ts";
import { layerParameters } from "../network/cost.ts";
import type { Network } from "../network/network.ts";
import { listOverflows } from "./fold.ts";
import { refuseQuantized } from "./quantized.ts";
import type { Tensor } from "./tensor.ts";

/** The names of a network's parameters. */
export function parameterNames({ exits }: Network): Set<string> {
  return new Set(exits.flatMap(({ layers }) => layers).flatMap(layerParameters).map(({ name }) => name));
}

/** Most names listed per kind of problem. With the wrong spec there can be thousands. */
const MAX_LISTED = 20;

/**
 * Checks that `tensors` are exactly the network's parameters.
 *
 * @param network The network.
 * @param tensors The tensors by name.
 * @param options `source`: the file's name, for messages.
 * @throws {RanetError} If they belong to a quantized model, or tensors are missing, unexpected, of another shape, have
 * a negative variance, or overflow. Lists them by name.
 */
export function checkTensors(
  network: Network,
  tensors: ReadonlyMap<string, Tensor>,
  options: { source: string },
): void {
  refuseQuantized(tensors, `use the weights ${options.source} here`);
  const expected = network.exits.flatMap((exit) => exit.layers).flatMap(layerParameters);
  const names = parameterNames(network);
  const shapeOf = (shape: readonly number[]) => `[${shape.join(", ")}]`;
  const missing = expected.filter(({ name }) => !tensors.has(name)).map(({ name, shape }) =>
    `${name} ${shapeOf(shape)}`
  );
  const unexpected = [...tensors].filter(([name]) => !names.has(name)).map(([name, { shape }]) =>
    `${name} ${shapeOf(shape)}`
  );
  const misshapen = expected.flatMap(({ name, shape }) => {
    const found = tensors.get(name)?.shape;
    return found && shapeOf(found) !== shapeOf(shape)
      ? [`${name}: expected ${shapeOf(shape)}, found ${shapeOf(found)}`]
      : [];
  });
  const found = classesOf(expected, tensors);
  const areOthers = missing.length === 0 && found !== undefined && found !== network.spec.classes.length &&
    misshapen.length === expected.filter(isOfClasses).length;
  const negative = expected.filter(({ name }) =>
    name.endsWith(".running_var") && tensors.get(name)?.data.some((v) => v < 0)
  )
    .map(({ name }) => name);
  const fits = missing.length + misshapen.length + negative.length === 0;
  const report = [
    ...list("missing", missing),
    ...list("not of this architecture", unexpected),
    ...list("of another shape", misshapen),
    ...list("negative variances", negative),
    ...list("too large for float32 with batch norm folded in", fits ? listOverflows(network, tensors) : []),
  ];
  if (report.length === 0) return;
  throw new RanetError(
    `Cannot use the weights ${options.source} for ${network.spec.name}: the tensors do not fit. ` +
      (areOthers
        ? `They have ${found} classes, but the spec has ${network.spec.classes.length}: it needs the same classes in ` +
          "the same order."
        : "Check that they were trained with this spec or these flags.") +
      `\n${report.join("\n")}`,
  );
}

/** Whether a parameter has a row for each class. */
function isOfClasses({ name }: { readonly name: string }): boolean {
  return /\.linear\.(weight|bias)$/.test(name);
}

/** The number of classes of the tensors, if it is consistent. */
function classesOf(
  expected: readonly { readonly name: string }[],
  tensors: ReadonlyMap<string, Tensor>,
): number | undefined {
  const [classes, ...others] = new Set(expected.filter(isOfClasses).map(({ name }) => tensors.get(name)?.shape[0]));
  return others.length === 0 ? classes : undefined;
}

function list(title: string, lines: readonly string[]): string[] {
  if (lines.length === 0) return [];
  const rest = lines.length - MAX_LISTED;
  return [
    `  ${title} (${lines.length}):`,
    ...lines.slice(0, MAX_LISTED).map((line) => `    ${line}`),
    ...rest > 0 ? [`    … and ${rest} more`] : [],
  ];
}
