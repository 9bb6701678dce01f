/**
 * `ranet classify --anytime`.
 *
 * @module
 */

import { RanetError } from "../errors.ts";
import type { Classification } from "../executor/classification.ts";
import type { AnytimeOptions } from "../executor/options.ts";
import { large, percent } from "../text/numbers.ts";
import { readAmount } from "./amount.ts";
import { BadInputs } from "./bad_inputs.ts";
import { type Call, type Terminal, UsageError } from "./command.ts";
import { expandInputs, firstInputs, nameOf, readInput } from "./inputs.ts";
import { type ModelOption, openExecutor } from "./run_on.ts";
import { printable } from "./text.ts";

type AnytimeOption = ModelOption | "budget" | "deadline";

/** Prints every exit's prediction as soon as it is computed. */
export async function classifyAnytime(
  call: Call<AnytimeOption | "threshold" | "calibration" | "top">,
  terminal: Terminal,
): Promise<void> {
  const { operands, options, json, flags } = call;
  const unused = (["threshold", "calibration", "top"] as const).find((name) => options[name] !== undefined);
  if (unused) throw new UsageError(`Cannot use --${unused} together with --anytime`);
  const limits: AnytimeOptions = {
    budget: options.budget === undefined ? undefined : readAmount(options.budget, "budget"),
    deadline: readDeadline(options.deadline),
  };
  using executor = await openExecutor(call, terminal, { batchSize: 1 });
  const bad = new BadInputs(terminal, {
    skip: flags.has("skip-bad"),
    alone: (await firstInputs(operands, executor.model, 2)).length === 1,
  });
  const found: object[] = [];
  let answered = false;
  for await (const input of expandInputs(operands, executor.model, bad.passed)) {
    const image = nameOf(input);
    let tensor: Float32Array;
    try {
      tensor = await readInput(input, executor, terminal);
    } catch (error) {
      if (!(error instanceof RanetError)) throw error;
      bad.add(error);
      found.push({ image, error: error.message });
      continue;
    }
    answered = true;
    if (!json) terminal.stdout(printable(image));
    const exits = [];
    const began = performance.now();
    for await (const result of executor.anytime(tensor, limits)) {
      const { label, index, confidence, exit, exitLabel, flops, runFlops } = result;
      const milliseconds = performance.now() - began;
      exits.push({ exit, exitLabel, label, index, confidence, flops, runFlops, milliseconds });
      if (!json) terminal.stdout(line(result, milliseconds));
    }
    found.push({ image, exits });
  }
  if (json) terminal.stdout(JSON.stringify(found));
  bad.end(answered);
}

function line({ label, confidence, exit, flops }: Classification, milliseconds: number): string {
  const time = `${milliseconds.toFixed(0)} ms`;
  return `  exit ${exit}  ${large(flops).padStart(8)}  ${time.padStart(7)}  ${printable(label)} ${percent(confidence)}`;
}

function readDeadline(text: string | undefined): number | undefined {
  if (text === undefined || (/^\d+(\.\d+)?$/.test(text) && Number.isFinite(Number(text)))) {
    return text === undefined ? undefined : Number(text);
  }
  throw new RanetError(`Cannot use --deadline ${JSON.stringify(text)}: expected milliseconds, such as 50`);
}
