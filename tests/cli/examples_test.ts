/**
 * Tests the examples at the end of each `--help`. All are parsed; those that need neither minutes, a network nor a person
 * are also run.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { longTest } from "../long.ts";
import { ranet, withFolder } from "./ranet.ts";

const ROOT = new URL("../../", import.meta.url).pathname;

/** Examples that are not run: they wait for a person or a request, take minutes, or need files from another machine. */
const NOT_RUN =
  /^curl|--watch|^ranet serve|^ranet tune|--logits|--max-drop|--check|paper-cifar|--resume|^ranet merge|^ranet import/;

/** The examples of all commands. */
async function examples(): Promise<string[]> {
  const { out } = await ranet("--help");
  const names = [...out.split("\nIn a clone")[0].matchAll(/^ {2}([a-z]+) {2,}/gm)].map(([, name]) => name);
  const texts = await Promise.all(names.map(async (name) => (await ranet(name, "--help")).out));
  return texts.flatMap((text) => text.split("\nExamples:\n")[1].split("\n").map((line) => line.trim()));
}

/** Creates the files that examples name: photos, data sets, a trained model, specs, a tensor. */
async function prepare(folder: string): Promise<void> {
  const at = (path: string) => `${folder}/${path}`;
  const classes = ["airplane", "cat", "frog", "horse", "ship", "truck"];
  await Deno.mkdir(at("examples"));
  await Deno.mkdir(at("specs"));
  for (const name of classes) await Deno.copyFile(`${ROOT}examples/${name}.jpg`, at(`examples/${name}.jpg`));
  for (const data of ["photos", "more", "cifar10-val", "cifar10-test"]) {
    for (const name of classes) {
      await Deno.mkdir(at(`${data}/${name}`), { recursive: true });
      for (let i = 0; i < 20; i++) await Deno.copyFile(`${ROOT}examples/${name}.jpg`, at(`${data}/${name}/${i}.jpg`));
    }
  }
  await Deno.copyFile(`${ROOT}examples/cat.jpg`, at("photo.jpg"));
  await Deno.copyFile(`${ROOT}tests/fixtures/images/photo.png`, at("photo.png"));
  for (const model of ["my-model", "a", "b"]) {
    await Deno.mkdir(at(model));
    await Deno.copyFile(`${ROOT}specs/ranet-cifar10-micro.yaml`, at(`${model}/spec.yaml`));
    await Deno.copyFile(`${ROOT}weights/ranet-cifar10-micro.safetensors`, at(`${model}/weights.safetensors`));
  }
  await Deno.copyFile(`${ROOT}specs/ranet-cifar10.yaml`, at("specs/ranet-cifar10.yaml"));
  for (const name of ["my-ranet", "before", "after"]) {
    await Deno.copyFile(`${ROOT}specs/ranet-cifar10-micro.yaml`, at(`${name}.yaml`));
  }
  await Deno.copyFile(`${ROOT}tests/fixtures/reference/cifar10-lg/input.npy`, at("input.npy"));
}

longTest("all examples of --help run", async () => {
  const failed: string[] = [];
  for (const example of (await examples()).filter((one) => !NOT_RUN.test(one))) {
    await withFolder(async (folder) => {
      await prepare(folder);
      const fresh = { "ranet new": ["my-ranet.yaml"], "ranet train": ["my-model"] };
      for (const [start, paths] of Object.entries(fresh)) {
        if (!example.startsWith(start)) continue;
        for (const path of paths) await Deno.remove(`${folder}/${path}`, { recursive: true });
      }
      // Without other programs that read the output.
      const line = example.replace(/ \| jq .*$| +# .*$/, "").replace(/^ranet/, `"${ROOT}ranet"`);
      const { code, stderr } = await new Deno.Command("sh", { args: ["-c", line], cwd: folder, stdin: "null" })
        .output();
      if (code !== 0) failed.push(`${example}: ${new TextDecoder().decode(stderr).trim()}`);
    });
  }
  assertEquals(failed, []);
});

Deno.test("the examples of --help use existing commands and options", async () => {
  const all = (await examples()).filter((one) => one.startsWith("ranet "));
  assert(all.length > 30);
  for (const example of all) {
    const [, name, ...words] = example.split(" ");
    const { out } = await ranet(name, "--help");
    const help = out.split("\nExamples:\n")[0];
    // Options in quotes belong to other programs.
    for (const [option] of words.join(" ").replaceAll(/"[^"]*"|'[^']*'/g, "").matchAll(/--[a-z-]+/g)) {
      assert(help.includes(` ${option} `) || help.includes(` ${option}\n`), `${example}: ${option}`);
    }
  }
});
