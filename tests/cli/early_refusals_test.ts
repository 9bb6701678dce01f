/** Mistakes are reported before images are read: each test uses unreadable images and expects another error. */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { ranet, withFolder } from "./ranet.ts";

const MICRO = "ranet-cifar10-micro";

/** Runs a command whose images are all damaged. `DATA`, `FOLDER` and `FILE` are replaced by paths. */
async function refused(command: string, expected: string): Promise<void> {
  await withFolder(async (folder) => {
    for (const name of ["cat", "ship"]) {
      await Deno.mkdir(`${folder}/data/${name}`, { recursive: true });
      for (let i = 0; i < 40; i++) await Deno.writeTextFile(`${folder}/data/${name}/${i}.png`, "\x89PNG damaged");
    }
    await Deno.writeTextFile(`${folder}/file`, "");
    const words = command.split(" ").map((word) =>
      word.replace("DATA", `${folder}/data`).replace("FOLDER", folder).replace("FILE", `${folder}/file`)
    );
    const { code, notes } = await ranet(...words);
    assert(code !== 0);
    assertStringIncludes(notes, expected);
    assertEquals(Array.from(Deno.readDirSync(folder), ({ name }) => name).sort(), ["data", "file"]); // nothing was written
  });
}

const REFUSED: readonly (readonly [title: string, command: string, expected: string])[] = [
  [
    "quantize: a folder that cannot be made",
    `quantize ${MICRO} --data DATA --out FILE/q8`,
    "is a file, expected a folder",
  ],
  [
    "calibrate: a file that cannot be written",
    `calibrate DATA --budget 2M --model ${MICRO} --out FILE/a.json`,
    "is a file, expected a folder",
  ],
  [
    "calibrate: a guarantee that needs more images",
    `calibrate DATA --max-drop 1% --model ${MICRO} --out FOLDER/a.json`,
    "expected a validation set of at least 820 images, found 80",
  ],
  [
    "calibrate: a confidence of 100 %",
    `calibrate DATA --max-drop 1% --confidence 100% --model ${MICRO} --out FOLDER/a.json`,
    "confidence 1: expected a number above 0 and below 1",
  ],
  [
    "eval: a folder that cannot be made",
    `eval DATA --model ${MICRO} --out FILE/report`,
    "is a file, expected a folder",
  ],
  ["eval: a second model that is not there", `eval DATA --model ${MICRO} --model nothere --out FOLDER/r`, `"nothere"`],
  [
    "eval: a second model in a missing archive",
    `eval DATA --model ${MICRO} --model FOLDER/nothere.zip --out FOLDER/r`,
    "nothere.zip",
  ],
  [
    "train: a folder that cannot be made",
    `train ${MICRO} --data DATA --out FILE/model`,
    "is a file, expected a folder",
  ],
  [
    "train: weights of another architecture",
    `train ${MICRO} --data DATA --init ranet-cifar10 --batch 8 --device cpu --out FOLDER/model`,
    "Cannot use the weights ranet-cifar10 for ranet-cifar10-micro",
  ],
  ["train: more images in a batch than there are", `train ${MICRO} --data DATA --batch 300 --out FOLDER/model`, "300"],
  [
    "classify: a folder that cannot be made",
    `classify DATA --model ${MICRO} --out FILE/r.jsonl`,
    "is a file, expected a folder",
  ],
  [
    "import: a folder that cannot be made",
    `import FOLDER/data --dtype float16 --out FILE/model`,
    "is a file, expected a folder",
  ],
];

for (const [title, command, expected] of REFUSED) {
  Deno.test(title, async () => await refused(command, expected));
}

Deno.test("quantize: an 8-bit model", async () => {
  await withFolder(async (folder) => {
    for (const name of [`${MICRO}.yaml`, "spec.yaml"]) {
      await Deno.copyFile(new URL(`../../specs/${MICRO}.yaml`, import.meta.url), `${folder}/${name}`);
    }
    const weights = new URL(`../../weights/${MICRO}.int8.safetensors`, import.meta.url);
    await Deno.copyFile(weights, `${folder}/weights.safetensors`);
    const made = await ranet("quantize", folder, "--data", `${folder}/nothere`, "--out", `${folder}/q8`);
    assertEquals(made.code, 1);
    assertStringIncludes(made.notes, "it is already in 8 bits");
  });
});
