import { assert, assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { checkCalibration } from "../../lib/calibration/calibration.ts";
import { readCalibrations } from "../../lib/calibration/calibration_file.ts";
import { RanetError } from "../../lib/errors.ts";
import { loadModel } from "../../lib/model/model.ts";
import { type KeptRun, ModelFolder } from "../../lib/training/model_folder.ts";
import { parseRecipe } from "../../lib/training/recipe.ts";
import { bestEpoch } from "../../lib/training/records.ts";
import { Session } from "../../lib/training/session.ts";
import { readSafetensors } from "../../lib/weights/safetensors.ts";
import { withFolder } from "../cli/ranet.ts";
import { fakeTrainers, plain, tiny } from "./fake.ts";

const recipe = parseRecipe("{ epochs: 4, batch: 4, schedule: { kind: one-cycle, rate: 9 }, average: 0 }");
const texts = { schemas: { spec: "spec.json", recipe: "recipe.json" } };

function runOf(keep: "last" | "best" = "last"): KeptRun {
  const setup = {
    data: "/data/plain",
    val: "/data/held",
    skipBad: false,
    allowOutside: false,
    device: "cpu",
    keep,
    cache: 1,
    images: "x",
  } as const;
  return { spec: tiny, recipe, setup };
}

/** Trains into a folder, optionally resuming from its state or stopping early. */
async function trainInto(
  folder: ModelFolder,
  options: { snapshot?: Parameters<typeof Session.open>[0]["snapshot"]; stopAt?: number } = {},
) {
  const fake = { rates: [], labels: [], underWay: 0 };
  const stop = new AbortController();
  using session = await Session.open({
    ...{ spec: tiny, recipe, training: plain(18), validation: plain(30, [], "held"), device: "cpu", cache: 1e6 },
    open: fakeTrainers(fake),
    snapshot: options.snapshot,
  });
  const outcome = await session.run({
    signal: stop.signal,
    saveEvery: Infinity,
    onStep: (step) => {
      folder.addStep(step);
      if (step.step === options.stopAt) stop.abort();
    },
    onSave: (snapshot) => folder.save(snapshot),
  });
  if (outcome.finished) {
    const model = await folder.model();
    const [validation, calibrated] = [await session.validate(model.tensors), await session.calibrate(model)];
    await folder.finish(outcome.position, { validation, calibrated, device: "fake", images: 18 });
  }
  return outcome;
}

const filesIn = async (path: string) =>
  (await Array.fromAsync(Deno.readDir(path), ({ name }) => name)).filter((name) => !name.startsWith(".")).sort();

Deno.test("ModelFolder writes a model, and the records of the run", async () => {
  await withFolder(async (parent) => {
    const path = join(parent, "models", "tiny");
    using folder = await ModelFolder.create(path, runOf(), { ...texts, validation: "path,label\n" });
    const { position, state } = await trainInto(folder);
    assertEquals(await filesIn(path), [
      ...["calibration.json", "spec.yaml", "temperatures.json", "training", "weights.safetensors"],
    ]);
    assertEquals(await filesIn(join(path, "training")), [
      ...["curves.svg", "log.csv", "recipe.yaml", "report.html", "run.json", "state.safetensors", "steps.csv"],
      "validation.csv",
    ]);
    const model = await loadModel(path);
    assertEquals((await loadModel(path, { calibrated: false })).tensors, new Map(state.tensors));
    assertEquals(model.temperatures?.length, 2);
    assertEquals(model.spec, tiny);

    const calibrations = await readCalibrations(join(path, "calibration.json"));
    assert(calibrations.length > 3);
    for (const calibration of calibrations) await checkCalibration(calibration, model);
    assertEquals(new Set(calibrations.map(({ dataset, samples }) => `${dataset} ${samples}`)), new Set(["held 30"]));

    const [header, ...steps] = (await Deno.readTextFile(join(path, "training/steps.csv"))).trimEnd().split("\n");
    assertEquals(header, "step,rate,loss,loss_exit_1,loss_exit_2");
    assertEquals(steps.map((line) => Number(line.split(",")[0])), Array.from({ length: 20 }, (_, i) => i + 1));
    for (const line of steps) {
      const [, , loss, ...losses] = line.split(",").map(Number);
      assertEquals(loss, losses[0] + losses[1]);
    }
    const log = (await Deno.readTextFile(join(path, "training/log.csv"))).trimEnd().split("\n");
    assertEquals(log.length, 5);
    assertMatch(log[0], /^epoch,step,rate,training_loss_exit_1,.*validation_top1_exit_2,seconds,images_per_second$/);
    assertEquals(log[2].split(",").slice(0, 3), ["2", "10", String(position.epochs[1].learningRate)]);
    const curves = await Deno.readTextFile(join(path, "training/curves.svg"));
    assertMatch(curves, /^<svg [^]*cross-entropy[^]*top-1 accuracy[^]*<\/svg>/);
    const report = await Deno.readTextFile(join(path, "training/report.html"));
    for (
      const part of ["tiny: training", "4 epochs of 18 images (20 steps)", "Over cost", "Most confused", "epochs: 4"]
    ) {
      assertStringIncludes(report, part);
    }
    assertEquals(parseRecipe(await Deno.readTextFile(join(path, "training/recipe.yaml"))), recipe);
  });
});

Deno.test("ModelFolder leaves nothing behind if a run saved nothing", async () => {
  await withFolder(async (parent) => {
    const path = join(parent, "a/b");
    (await ModelFolder.create(path, runOf(), texts))[Symbol.dispose]();
    assertEquals(await filesIn(join(parent, "a")), []);
    await Deno.mkdir(path);
    await Deno.writeTextFile(join(path, "mine.txt"), "mine");
    (await ModelFolder.create(path, runOf(), texts))[Symbol.dispose]();
    assertEquals(await filesIn(path), ["mine.txt"]);
  });
});

Deno.test("ModelFolder refuses a folder that another run uses", async () => {
  await withFolder(async (path) => {
    {
      using _folder = await ModelFolder.create(path, runOf(), texts);
      const error = await assertRejects(() => ModelFolder.create(path, runOf(), texts), RanetError);
      assertEquals(error.message, `Cannot train into "${path}": another process is training into it`);
    }
    using folder = await ModelFolder.create(path, runOf(), texts);
    await trainInto(folder, { stopAt: 2 });
    await assertRejects(() => ModelFolder.open(path), RanetError, "another process is training into it");
  });
});

Deno.test("ModelFolder refuses a folder with a model; with replace, it removes the old model", async () => {
  await withFolder(async (path) => {
    await ModelFolder.refuseUsed(path);
    {
      using folder = await ModelFolder.create(path, runOf(), texts);
      await trainInto(folder);
    }
    const error = await assertRejects(() => ModelFolder.refuseUsed(path), RanetError);
    assertEquals(
      error.message,
      `Cannot train into "${path}": it already contains training/run.json. Resume its run, choose ` +
        "another folder, or replace it",
    );
    assertEquals(error.remedies, [{ resume: path }, { out: "OTHER" }, { force: true }]);
    using folder = await ModelFolder.create(path, runOf(), texts);
    await trainInto(folder, { stopAt: 1 });
    assertEquals(await filesIn(path), ["spec.yaml", "training", "weights.safetensors"]);
    assertEquals(await filesIn(join(path, "training")), ["recipe.yaml", "run.json", "state.safetensors", "steps.csv"]);
  });
});

Deno.test("a run resumes from the last state that was saved in its folder", async () => {
  await withFolder(async (parent) => {
    const [whole, parts] = [join(parent, "whole"), join(parent, "parts")];
    {
      using folder = await ModelFolder.create(whole, runOf(), texts);
      await trainInto(folder);
    }
    {
      using folder = await ModelFolder.create(parts, runOf(), texts);
      await trainInto(folder, { stopAt: 7 });
    }
    // As a killed process leaves it.
    await Deno.writeTextFile(join(parts, "training/steps.csv"), "19,1,1,1,1\n20,1,", { append: true });
    const { folder, run, snapshot } = await ModelFolder.open(parts);
    {
      using _folder = folder;
      assertEquals(run, runOf());
      assert(snapshot.position.step >= 7);
      await trainInto(folder, { snapshot });
    }
    const read = (path: string, file: string) => Deno.readFile(join(path, file));
    for (const file of ["weights.safetensors", "calibration.json", "training/steps.csv"]) {
      assertEquals(await read(parts, file), await read(whole, file), file);
    }
    const states = await Promise.all(
      [whole, parts].map(async (path) =>
        readSafetensors(await read(path, "training/state.safetensors"), { source: "" })
      ),
    );
    assertEquals(states[0].tensors, states[1].tensors);
  });
});

Deno.test("keep: best keeps the weights of the epoch with the best validation accuracy", async () => {
  await withFolder(async (path) => {
    using folder = await ModelFolder.create(path, runOf("best"), texts);
    let best = 0;
    const save = folder.save.bind(folder);
    const weights = new Map<number, unknown>();
    folder.save = async (snapshot) => {
      await save(snapshot);
      weights.set(snapshot.position.epochs.length, snapshot.state.tensors);
      best = bestEpoch(snapshot.position.epochs)!.epoch;
    };
    await trainInto(folder);
    assertEquals((await loadModel(path, { calibrated: false })).tensors, weights.get(best));
  });
});

for (
  const [what, damage, message] of [
    ["no run", (path: string) => Deno.remove(join(path, "training/run.json")), "it contains no training run"],
    [
      "a damaged setup",
      (path: string) => Deno.writeTextFile(join(path, "training/run.json"), '{ "data": 3 }'),
      "run.json: data: expected a path, found 3",
    ],
    [
      "a state cut short",
      (path: string) => Deno.truncate(join(path, "training/state.safetensors"), 100),
      "state.safetensors",
    ],
    [
      "weights instead of a state",
      (path: string) => Deno.copyFile(join(path, "weights.safetensors"), join(path, "training/state.safetensors")),
      "it contains unknown tensors",
    ],
    [
      "a broken recipe",
      (path: string) => Deno.writeTextFile(join(path, "training/recipe.yaml"), "batch: x"),
      "batch: ",
    ],
  ] as const
) {
  Deno.test(`resuming is refused: ${what}`, async () => {
    await withFolder(async (path) => {
      {
        using folder = await ModelFolder.create(path, runOf(), texts);
        await trainInto(folder, { stopAt: 1 });
      }
      await damage(path);
      await assertRejects(() => ModelFolder.open(path), RanetError, message);
    });
  });
}
