/**
 * Calls public functions with arguments that their types do not allow, as JavaScript can: each error says what was expected.
 *
 * @module
 */

import { assert, assertEquals, assertRejects } from "@std/assert";
import * as main from "../mod.ts";
import * as spec from "../spec.ts";
import * as train from "../train.ts";
import * as weights from "../weights.ts";

const { AdaptiveExecutor, loadModel, RanetError } = main;

type Call = (...args: unknown[]) => unknown;

const FUNCTIONS = Object.entries<unknown>({ ...main, ...spec, ...weights, ...train })
  .filter((entry): entry is [string, Call] => typeof entry[1] === "function" && !/^class/.test(String(entry[1])));

/** Valid calls: without a model, the default model is used, and an empty list of calibrations is allowed. */
const VALID = ["loadClassifier()", "formatCalibrations([])", "formatCalibrations([], null)"];

Deno.test("public functions without valid arguments throw an error that says what they expect", async () => {
  assert(FUNCTIONS.length > 25);
  const faults: string[] = [];
  for (const [name, call] of FUNCTIONS) {
    for (const args of [[], [null], [3], ["x"], [{}], [[]], [{}, null], [[], null], ["x", null], [{}, {}, 3]]) {
      const text = `${name}(${args.map((arg) => JSON.stringify(arg)).join(", ")})`;
      if (VALID.includes(text)) continue;
      try {
        await call(...args);
        faults.push(`${text} is no error`);
      } catch (error) {
        if (!(error instanceof RanetError)) faults.push(`${text}: ${error}`);
        else if (/undefined|NaN/.test(error.message.replace(/is undefined|found undefined/, ""))) {
          faults.push(`${text}: ${error.message}`);
        }
      }
    }
  }
  assertEquals(faults, []);
});

Deno.test("errors about arguments name the function, the argument and the missing property", async () => {
  const message = async (use: () => unknown) => (await assertRejects(async () => await use(), RanetError)).message;
  const input = { size: 2, resize: 2, mean: [0, 0, 0], std: [1, 1, 1] } as const;
  assertEquals(
    await message(() => (main.toTensor as Call)()),
    "Cannot call toTensor(): image is undefined, expected an object with width, height and data",
  );
  assertEquals(
    await message(() => (main.toTensor as Call)({ width: 1, height: 1, data: new Uint8Array(4) })),
    "Cannot call toTensor(): input is undefined, expected an object with size, resize, mean and std",
  );
  assertEquals(
    await message(() => (main.toTensor as Call)({ width: 1, data: new Uint8Array(4) }, input)),
    "Cannot call toTensor(): image is an object without height, expected an object with width, height and data",
  );
  assertEquals(
    await message(() => (main.loadModel as Call)(3)),
    "Cannot call loadModel(): name is 3, expected a name, path or URL",
  );
});

Deno.test("methods of an executor called with wrong types throw an error that says what they expect", async () => {
  await assertRejects(() => (AdaptiveExecutor.create as Call)() as Promise<unknown>, RanetError, "model is undefined");
  const model = await loadModel("ranet-cifar10-micro");
  await assertRejects(
    () => (AdaptiveExecutor.create as Call)(model, null) as Promise<unknown>,
    RanetError,
    "options is null",
  );
  using executor = await AdaptiveExecutor.create(model, { device: "cpu", batchSize: 1, threads: 1 });
  for (const name of ["classify", "classifyAnytime", "forward", "decide"] as const) {
    for (const args of [[], [null], [3], [[], null]]) {
      const call = executor[name].bind(executor) as Call;
      await assertRejects(async () => await call(...args), RanetError);
    }
  }
  await assertRejects(
    () => Array.fromAsync((executor.anytime as Call).call(executor) as AsyncIterable<unknown>),
    RanetError,
  );
});
