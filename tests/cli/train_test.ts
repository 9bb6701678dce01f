import { assert, assertEquals, assertMatch, assertNotEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { checkCalibration } from "../../lib/calibration/calibration.ts";
import { readCalibrations } from "../../lib/calibration/calibration_file.ts";
import { RanetError } from "../../lib/errors.ts";
import { loadModel } from "../../lib/model/model.ts";
import { digestTensors } from "../../lib/weights/digest.ts";
import { ranet, withFolder } from "./ranet.ts";
import { longTest } from "../long.ts";

const EXAMPLES = fileURLToPath(new URL("../../examples/", import.meta.url));
const CLI = fileURLToPath(new URL("../../cli.ts", import.meta.url));

/** CIFAR records of 10 classes in turn. Each class has its own colour, with noise. */
function records(count: number, seed: number): Uint8Array {
  const bytes = new Uint8Array(3073 * count);
  let random = seed;
  for (let i = 0; i < count; i++) {
    bytes[3073 * i] = i % 10;
    for (let at = 1; at < 3073; at++) {
      random = random * 48271 % 0x7fffffff;
      bytes[3073 * i + at] = 25 * ((i + 3 * Math.floor((at - 1) / 1024)) % 10) + random % 25;
    }
  }
  return bytes;
}

/** Provides a folder with `train.bin` of 80 images and `val.bin` of 20. */
async function withData(use: (paths: { folder: string; data: string; val: string; out: string }) => Promise<void>) {
  await withFolder(async (folder) => {
    const [data, val] = [join(folder, "train.bin"), join(folder, "val.bin")];
    await Deno.writeFile(data, records(80, 1));
    await Deno.writeFile(val, records(20, 2));
    await use({ folder, data, val, out: join(folder, "out") });
  });
}

const quick = ["--recipe", "short", "--batch", "16", "--rate", "0.05", "--device", "cpu", "--threads", "1"];
const micro = "ranet-cifar10-micro";
const digest = async (path: string) => await digestTensors((await loadModel(path)).tensors);
const namesIn = async (path: string) => await Array.fromAsync(Deno.readDir(path), ({ name }) => name);

Deno.test("train writes a model that every other command accepts", async () => {
  await withData(async ({ folder, data, out }) => {
    const { code, out: text, notes } = await ranet(
      "train",
      micro,
      "--data",
      data,
      "--epochs",
      "2",
      "--out",
      out,
      ...quick,
    );
    assertEquals([code, notes], [0, ""]);
    for (
      const part of [
        "ranet-cifar10-micro: 4 exits, 27.80 k parameters; about 7.45 M multiply-adds per image in training",
        `60 images of ${data} for training (6 of each of 10 classes), 20 for validation, chosen at random from each class with seed 0`,
        "recipe short: 2 epochs of 4 steps, 16 images a step",
        "on CPU, 1 thread: ",
        "epoch 1: loss ",
        `written to ${out}, weights of epoch 2. Next:`,
        `ranet classify photo.jpg --model ${out} --budget `,
      ]
    ) {
      assertStringIncludes(text, part);
    }
    assertMatch(text, /^\| +4 \| +2\.48 M \| +[\d.]+ % \| +[\d.]+ % \|$/m);
    const device = ["--device", "cpu"];
    const [, budget] = text.match(/--budget (\S+)/)!;
    const classified = await ranet("classify", `${EXAMPLES}cat.jpg`, "--model", out, "--budget", budget, ...device);
    assertEquals([classified.code, classified.notes], [0, ""]);
    const list = join(out, "training/validation.csv");
    assertEquals((await Deno.readTextFile(list)).trimEnd().split("\n").length, 21);
    const calibrated = await ranet("calibrate", list, "--allow-outside", "--model", out, "--budget", budget, ...device);
    assertEquals(calibrated.code, 0);
    assertStringIncludes(calibrated.out, "on 20 samples");
    const evaluated = await ranet(
      "eval",
      data,
      "--val",
      list,
      "--allow-outside",
      "--model",
      out,
      "--out",
      join(folder, "report"),
      ...device,
    );
    assertEquals(evaluated.code, 0);
    assertStringIncludes(evaluated.notes, `${out} was trained on 60 of the 80 images of ${data}: its accuracy`);
    assert(!evaluated.notes.includes(`images of ${list}`), "the images that were set aside are not among them");
    const exported = await ranet("export", "onnx", out, "--out", join(folder, "model.onnx"));
    assertEquals(exported.code, 0);
    const forwarded = await ranet("train", out, "--init", out, "--data", data, "--dry-run", ...quick, "--steps", "1");
    assertEquals(forwarded.code, 0);
  });
});

Deno.test("train reaches a high accuracy on an easy data set", async () => {
  await withData(async ({ data, val, out }) => {
    const { out: lines } = await ranet(
      ...["train", micro, "--data", data, "--val", val, "--epochs", "12", "--out", out, "--json", ...quick],
    );
    const events = lines.split("\n").map((line) => JSON.parse(line));
    assertEquals(events.map(({ event }) => event).filter((event) => event !== "epoch"), ["start", "pace", "done"]);
    const epochs = events.filter(({ event }) => event === "epoch");
    assertEquals(epochs.length, 12);
    const sum = (losses: number[]) => losses.reduce((a, b) => a + b);
    assert(sum(epochs[11].training.losses) < 0.7 * sum(epochs[0].training.losses));
    const { exits } = events.at(-1);
    // Random guesses would be correct for a tenth.
    assert(exits[3].validationTop1 > 0.25, `${exits[3].validationTop1}`);
  });
});

/** Runs train in its own process, and stops it after the first epoch. */
async function stopped(args: readonly string[], signal: Deno.Signal): Promise<{ code: number; notes: string }> {
  const config = fileURLToPath(new URL("../../deno.json", import.meta.url));
  await using child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--config", config, "-P=cli", CLI, "train", ...args],
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const notes = new Response(child.stderr).text();
  for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
    if (!text.includes("epoch 1:")) continue;
    child.kill(signal);
    break;
  }
  const { code } = await child.status;
  return { code, notes: await notes };
}

/** The result of a run that is not stopped, for comparison with the run below. */
let whole: Promise<{ readonly digest: string; readonly steps: string }> | undefined;

const stepsOf = (folder: string) => Deno.readTextFile(join(folder, "training/steps.csv"));

for (const signal of ["SIGINT", "SIGTERM", "SIGKILL"] as const) {
  const test = signal === "SIGINT" ? Deno.test : longTest;
  test(`a run stopped by ${signal} and resumed produces bit-identical weights`, async () => {
    await withData(async ({ folder, data, out }) => {
      const args = [micro, "--data", data, "--epochs", "14", ...quick];
      const { code, notes } = await stopped([...args, "--out", out], signal);
      if (signal === "SIGKILL") assertEquals(code, 137);
      else {
        assertEquals(code, 130);
        assertMatch(
          notes,
          /^Stopped at step \d+ of 56; everything is saved\. To continue: ranet train --resume \S+out\n$/,
        );
      }
      const resumed = await ranet("train", "--resume", out);
      assertEquals([resumed.code, resumed.notes], [0, ""]);
      assertMatch(resumed.out, /continuing after step \d+ of 56/);
      whole ??= (async () => {
        const uninterrupted = join(folder, "whole");
        assertEquals((await ranet("train", ...args, "--out", uninterrupted)).code, 0);
        return { digest: await digest(uninterrupted), steps: await stepsOf(uninterrupted) };
      })();
      assertEquals({ digest: await digest(out), steps: await stepsOf(out) }, await whole);
    });
  });
}

Deno.test("train --dry-run prints the estimated time and writes nothing", async () => {
  await withData(async ({ folder, data }) => {
    const before = await namesIn(folder);
    const { code, out } = await ranet("train", micro, "--data", data, "--epochs", "9", "--dry-run", ...quick);
    assertEquals(code, 0);
    assertMatch(out, /about [\d.]+ s per epoch, [\d.]+ (?:s|min) in total, plus validation$/);
    assertEquals(await namesIn(folder), before);
  });
});

Deno.test("train accepts all options together, and leaves out unreadable images", async () => {
  await withData(async ({ folder, out }) => {
    const lines = ["cat", "frog", "ship", "truck"].map((name) => `${EXAMPLES}${name}.jpg,${name}`);
    const data = join(folder, "data.csv");
    await Deno.writeTextFile(join(folder, "broken.jpg"), "no image");
    await Deno.writeTextFile(data, [...lines, "broken.jpg,cat", "x.jpg,mouse", ""].join("\n"));
    const recipe = join(folder, "r.yaml");
    await Deno.writeTextFile(recipe, "{ name: mine, augment: { resized_crop: [0.2, 1] }, average: 0.9 }");
    const args = [
      "train",
      micro,
      "--data",
      data,
      "--allow-outside",
      "--val",
      "none",
      "--recipe",
      recipe,
      "--out",
      out,
      "--steps",
      "3",
    ];
    const options = ["--batch", "4", "--seed", "7", "--cache", "1k", "--device", "cpu", "--threads", "2"];
    const refused = await ranet(...args, ...options);
    assertEquals(refused.code, 1);
    assertStringIncludes(refused.notes, '"mouse" is not a class of the model');
    assertEquals((await namesIn(folder)).includes("out"), false);
    const { code, notes, out: text } = await ranet(...args, ...options, "--skip-bad");
    assertEquals(code, 0);
    assertStringIncludes(notes, "Skipped: Cannot use line 6");
    assertStringIncludes(notes, "Skipped: Cannot read image");
    assertStringIncludes(
      notes,
      "There are no training images of 6 of 10 classes: airplane, automobile, bird, deer, dog, horse",
    );
    assertStringIncludes(text, "no validation images");
    assertEquals((await namesIn(out)).includes("calibration.json"), false);
    assertStringIncludes(await Deno.readTextFile(join(out, "training/recipe.yaml")), "steps: 3\nbatch: 4\n");
  });
});

Deno.test("train prints a note if only classifiers are trained and the other weights are random", async () => {
  await withData(async ({ folder, data, out }) => {
    const recipe = join(folder, "classifiers.yaml");
    await Deno.writeTextFile(recipe, "{ train: classifiers, steps: 1, batch: 4, augment: false }");
    const args = ["train", micro, "--data", data, "--val", "none", "--device", "cpu", "--recipe", recipe];
    assertStringIncludes((await ranet(...args, "--out", out)).notes, "all other weights are random; use --init");
    const trained = await ranet(...args, "--init", out, "--out", join(folder, "b"));
    assertEquals([trained.code, trained.notes], [0, ""]);
  });
});

Deno.test("train --init starts from trained weights, and names classes that start from random weights", async () => {
  await withData(async ({ folder, data, out }) => {
    await ranet("train", micro, "--data", data, "--val", "none", "--steps", "2", "--out", out, ...quick);
    const again = (name: string, ...more: string[]) =>
      ranet(
        "train",
        micro,
        "--data",
        data,
        "--val",
        "none",
        "--steps",
        "1",
        "--out",
        join(folder, name),
        ...quick,
        ...more,
      );
    await again("a", "--init", out);
    await again("b", "--init", join(out, "weights.safetensors"));
    await again("c");
    const [a, b, c] = await Promise.all(["a", "b", "c"].map((name) => digest(join(folder, name))));
    assertEquals(a, b);
    assertNotEquals(a, c);

    const spec = join(folder, "eleven.yaml");
    await ranet("new", "eleven", "--from", micro, "--out", spec);
    const classes = await Deno.readTextFile(spec);
    await Deno.writeTextFile(spec, classes.replace("classes: [airplane", "classes: [blimp, airplane"));
    const args = ["--data", data, "--val", "none", "--steps", "1", "--init", out, ...quick];
    const { code, notes } = await ranet("train", spec, ...args, "--out", join(folder, "d"));
    assertEquals(code, 0);
    assertStringIncludes(
      notes,
      `keep the weights of ${out} for 10 of 11 classes, found by name; others start from random weights: blimp`,
    );
    const refused = await ranet("train", "ranet-cifar10", ...args, "--out", join(folder, "e"));
    assertEquals(refused.code, 1);
    assertStringIncludes(refused.notes, "the tensors do not fit");
  });
});

Deno.test("train --resume refuses options that would change the run, and changed images", async () => {
  await withData(async ({ data, out }) => {
    await ranet("train", micro, "--data", data, "--val", "none", "--steps", "2", "--out", out, ...quick);
    const finished = await ranet("train", "--resume", out);
    assertEquals(finished.code, 0);
    const other = await ranet("train", "--resume", out, "--rate", "1");
    assertEquals(other.code, 2);
    assertStringIncludes(other.notes, `ranet train ${out} --init ${out} --recipe fine-tune --rate 1 --data`);
    assertStringIncludes(other.notes, "Cannot use --rate with --resume: a resumed run keeps its settings");
    await Deno.writeFile(data, records(70, 1));
    const { code, notes } = await ranet("train", "--resume", out);
    assertEquals(code, 1);
    assertStringIncludes(notes, "are not those of this run");
  });
});

for (
  const [what, args, code, message] of [
    ["no spec", ["--data", "x", "--out", "y"], 2, "Cannot run train: expected SPEC, or --resume DIR"],
    ["no data", [micro, "--out", "y"], 2, "Missing required option --data"],
    ["no folder", [micro, "--data", "x"], 2, "Missing required option --out"],
    [
      "no such data",
      [micro, "--data", "no/such", "--out", "y"],
      1,
      'Cannot read "no/such": there is no such file or folder',
    ],
    [
      "best without validation",
      [micro, "--data", "x", "--out", "y", "--val", "none", "--keep", "best"],
      2,
      "Cannot use --keep best",
    ],
    [
      "epochs and steps",
      [micro, "--data", "x", "--out", "y", "--epochs", "1", "--steps", "1"],
      1,
      "expected either epochs or steps",
    ],
    [
      "a rate",
      [micro, "--data", "x", "--out", "y", "--rate", "fast"],
      1,
      'Cannot use --rate "fast": expected a number',
    ],
    ["no run", ["--resume", "no/such"], 1, 'Cannot resume "no/such": it contains no training run'],
    ["no recipe", [micro, "--data", "x", "--out", "y", "--recipe", "shrt"], 1, 'Cannot find recipe "shrt"'],
  ] as const
) {
  Deno.test(`train refuses: ${what}`, async () => {
    const outcome = await ranet("train", ...args);
    assertEquals([outcome.code, outcome.out], [code, ""]);
    assertStringIncludes(outcome.notes, message);
  });
}

Deno.test("train refuses validation images that are also training images, and a folder that another process uses", async () => {
  await withData(async ({ data, out }) => {
    const args = ["train", micro, "--data", data, "--out", out, ...quick, "--steps", "1"];
    const both = await ranet(...args, "--val", data);
    assertEquals(both.code, 1);
    assertStringIncludes(both.notes, "80 of the 80 validation images are also in the training data");
    assertEquals((await ranet(...args)).code, 0);
    const again = await ranet(...args);
    assertEquals(again.code, 1);
    assertStringIncludes(again.notes, "it already contains training/run.json");
    assertEquals((await ranet(...args, "--force", "--val", "none")).code, 0);
    assertEquals((await namesIn(out)).toSorted(), ["spec.yaml", "training", "weights.safetensors"]);
  });
});

Deno.test("train stops if the loss is NaN, and suggests a lower rate", async () => {
  await withData(async ({ data, out }) => {
    const { code, notes } = await ranet(
      ...["train", micro, "--data", data, "--val", "none", "--epochs", "20", "--out", out, ...quick, "--rate", "100"],
    );
    assertEquals(code, 1);
    assertMatch(
      notes,
      /Cannot continue: .* (NaN|-?Infinity) (at|by) step \d+\. The learning rate is most likely too high/,
    );
  });
});

Deno.test("train --resume --data continues a run whose images have moved, and stores their new place", async () => {
  await withData(async ({ folder, data, val, out }) => {
    const [now, nowVal] = [join(folder, "elsewhere/train.bin"), join(folder, "elsewhere/val.bin")];
    await ranet("train", micro, "--data", data, "--val", val, "--steps", "2", "--out", out, ...quick);
    await Deno.mkdir(join(folder, "elsewhere"));
    await Deno.rename(data, now);
    await Deno.rename(val, nowVal);
    const lost = await ranet("train", "--resume", out);
    assertEquals(lost.code, 1);
    assertStringIncludes(lost.notes, `Specify their new location (--resume ${out} --data DATASET)`);
    assertEquals((await ranet("train", "--resume", out, "--data", now, "--val", nowVal)).code, 0);
    assertEquals((await ranet("train", "--resume", out)).code, 0);
  });
});

Deno.test("train fits temperatures before thresholds; resuming a finished run keeps calibrations that were added", async () => {
  await withData(async ({ data, val, out }) => {
    const device = ["--device", "cpu"];
    await ranet("train", micro, "--data", data, "--val", val, "--steps", "2", "--out", out, ...quick);
    const { temperatures } = JSON.parse(await Deno.readTextFile(join(out, "temperatures.json")));
    const model = await loadModel(out);
    assertEquals(model.temperatures, temperatures);
    const budgets = async () => {
      const all = await readCalibrations(join(out, "calibration.json"));
      for (const calibration of all) await checkCalibration(calibration, model);
      return all.map(({ target }) => "budget" in target ? target.budget : 0);
    };
    const own = ["calibrate", val, "--model", out, "--budget", "1234567", ...device];
    assertEquals((await budgets()).includes(1234567), false);
    assertEquals((await ranet(...own)).code, 0);
    assertEquals((await ranet("train", "--resume", out)).code, 0);
    assertEquals((await budgets()).includes(1234567), true);

    // With other temperatures, thresholds are computed again for the same budgets.
    const before = await budgets();
    const refit = await ranet("calibrate", data, "--model", out, "--temperature", ...device);
    assertEquals(refit.code, 0);
    assertStringIncludes(refit.notes, "Recomputed thresholds with the new temperatures, for: a budget of ");
    const again = await loadModel(out);
    const all = await readCalibrations(join(out, "calibration.json"));
    for (const calibration of all) await checkCalibration(calibration, again);
    const found = all.map(({ target }) => "budget" in target ? target.budget : 0);
    assertEquals(found.toSorted((a, b) => a - b), before.toSorted((a, b) => a - b));
  });
});

Deno.test("train prints a note instead of calibrating with too few validation images", async () => {
  await withData(async ({ folder, data, out }) => {
    const few = join(folder, "few.bin");
    await Deno.writeFile(few, records(19, 3));
    const args = ["train", micro, "--data", data, "--val", few, "--steps", "1", "--out", out, ...quick];
    const { code, notes } = await ranet(...args);
    assertEquals(code, 0);
    assertStringIncludes(notes, "Not calibrated: 19 validation images are too few");
    assertEquals((await namesIn(out)).toSorted(), ["spec.yaml", "training", "weights.safetensors"]);
  });
});

/** Copies photos of ships and cats into folders, the given number of each. */
async function writePhotos(folder: string, count: number, classes: readonly string[] = ["cat", "ship"]): Promise<void> {
  for (const name of classes) {
    await Deno.mkdir(join(folder, name), { recursive: true });
    const photo = name === "cat" ? "cat" : "ship";
    for (let i = 0; i < count; i++) await Deno.copyFile(join(EXAMPLES, `${photo}.jpg`), join(folder, name, `${i}.jpg`));
  }
}

Deno.test("train finds train/ and val/ in --data, and recognises a --val that is a link to --data", async () => {
  await withFolder(async (folder) => {
    const data = join(folder, "data");
    await writePhotos(join(data, "train"), 4);
    await writePhotos(join(data, "val"), 10);
    await Deno.writeTextFile(
      join(folder, "two.yaml"),
      "name: two\nclasses: 2\nbase_features: [{ scale: 1, channels: 4 }]\n",
    );
    const args = ["train", join(folder, "two.yaml"), "--data", data, "--steps", "1", ...quick, "--batch", "4"];
    const { code, out, notes } = await ranet(...args, "--out", join(folder, "out"));
    assertEquals(code, 0, notes);
    assertStringIncludes(notes, `Taking ${join(data, "train")}`);
    assertStringIncludes(out, `20 for validation, from ${join(data, "val")}`);
    // Numbered classes now have the names of the folders.
    assertEquals((await loadModel(join(folder, "out"))).spec.classes, ["cat", "ship"]);

    // A list with a column of parts has both.
    const rows = ["cat", "ship"].flatMap((name) =>
      ["train/", "val/"].flatMap((part) => [`data/${part}${name}/0.jpg,${name},${part.slice(0, -1)}`])
    );
    const list = join(folder, "list.csv");
    await Deno.writeTextFile(list, `path,label,split\n${rows.join("\n")}\n`);
    const split = await ranet("train", join(folder, "two.yaml"), "--data", list, ...quick, "--batch", "2", "--dry-run");
    assertEquals(split.code, 0, split.notes);
    assertStringIncludes(split.out, `2 images of ${list} for training`);
    assertStringIncludes(split.out, `2 for validation, from ${list}`);

    await Deno.symlink(join(data, "train"), join(folder, "link"));
    // The note is also printed for a link to the images, or a list of them elsewhere.
    const all = join(folder, "all.csv");
    await Deno.writeTextFile(all, `path,label\n${rows.map((row) => row.replace(/,[a-z]+$/, "")).join("\n")}\n`);
    const model = ["--model", join(folder, "out"), "--out", join(folder, "report"), "--device", "cpu"];
    for (const [place, count] of [[join(folder, "link"), "the 8 images"], [all, "2 of the 4 images"]] as const) {
      const { notes } = await ranet("eval", place, ...model);
      assertStringIncludes(notes, `was trained on ${count} of ${place}`);
    }

    const same = await ranet(...args, "--val", join(folder, "link"), "--out", join(folder, "again"));
    assertEquals(same.code, 1);
    assertStringIncludes(same.notes, "8 of the 8 validation images are also in the training data");
    await writePhotos(join(folder, "others"), 4, ["cat", "dog"]);
    const others = await ranet(...args, "--val", join(folder, "others"), "--out", join(folder, "again"));
    assertEquals(others.code, 1);
    assertStringIncludes(others.notes, "dog");
  });
});

Deno.test("weights are refused for a spec that lists the same classes in another order", async () => {
  await withData(async ({ data, out }) => {
    await ranet("train", micro, "--data", data, "--val", "none", "--steps", "1", "--out", out, ...quick);
    const spec = join(out, "spec.yaml");
    const text = await Deno.readTextFile(spec);
    await Deno.writeTextFile(spec, text.replace("[airplane, automobile", "[automobile, airplane"));
    await assertRejects(
      () => loadModel(out),
      RanetError,
      "automobile is class 0 of the spec and class 1 of the weights",
    );
    await Deno.writeTextFile(spec, text.replace("[airplane, automobile", "[Flugzeug, Auto"));
    assertEquals((await loadModel(out)).spec.classes[0], "Flugzeug");
  });
});

Deno.test("train --cache 0 keeps no images in memory; the error for an unreadable image suggests --skip-bad", async () => {
  await withFolder(async (folder) => {
    await writePhotos(join(folder, "data"), 12);
    await Deno.writeTextFile(
      join(folder, "two.yaml"),
      "name: two\nclasses: [cat, ship]\nbase_features: [{ scale: 1, channels: 4 }]\n",
    );
    const args = [
      "train",
      join(folder, "two.yaml"),
      "--data",
      join(folder, "data"),
      "--steps",
      "2",
      "--out",
      join(folder, "o"),
    ];
    const none = await ranet(...args, "--val", "none", "--cache", "0", ...quick);
    assertEquals(none.code, 0, none.notes);
    assertStringIncludes(none.out, "0.00 kB for images, the others are decoded in every epoch");
    await Deno.writeTextFile(join(folder, "data/cat/0.jpg"), "no image");
    const bad = await ranet(...args, "--force", "--val", "none", ...quick);
    assertEquals(bad.code, 1);
    assertStringIncludes(bad.notes, "Try: --skip-bad");
  });
});

Deno.test("train without --recipe recommends a recipe for the number of images", async () => {
  await withData(async ({ folder, data, out }) => {
    const args = ["train", micro, "--data", data, "--val", "none", "--steps", "1", "--device", "cpu", "--batch", "16"];
    const few = await ranet(...args, "--out", out);
    assertStringIncludes(
      few.notes,
      "About 8 images per class are too few to start from random weights: --init MODEL --recipe classifiers",
    );
    const from = await ranet(...args, "--init", out, "--out", join(folder, "b"));
    assertStringIncludes(from.notes, "about 8 images per class, --recipe classifiers is better");
  });
});

Deno.test("import --dtype float16 copies a trained model with its temperatures and thresholds in half the space", async () => {
  await withData(async ({ folder, data, val, out }) => {
    await ranet("train", micro, "--data", data, "--val", val, "--steps", "2", "--out", out, ...quick);
    const half = join(folder, "half");
    const { code, notes } = await ranet("import", out, "--dtype", "float16", "--out", half);
    assertEquals([code, notes], [0, ""]);
    const size = async (path: string) => (await Deno.stat(join(path, "weights.safetensors"))).size;
    assert(await size(half) < 0.7 * await size(out));
    const [model, copy] = [await loadModel(out), await loadModel(half)];
    assertEquals([copy.spec, copy.temperatures], [model.spec, model.temperatures]);
    const [{ data: before }, { data: after }] = [model, copy].map(({ tensors }) =>
      tensors.get("classifier.0.linear.weight")!
    );
    assertEquals(after, before.map((value) => Math.f16round(value)));
    const calibrations = await readCalibrations(join(half, "calibration.json"));
    assert(calibrations.length > 3);
    for (const calibration of calibrations) await checkCalibration(calibration, copy);
    const bad = await ranet("import", out, "--dtype", "float16", "--out", half, "--args", "x");
    assertEquals(bad.code, 2);
  });
});
