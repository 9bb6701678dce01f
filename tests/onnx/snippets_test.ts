/**
 * Tests that the programs in docs/onnx.md give our logits.
 *
 * @module
 */

import { assertEquals, assertLess } from "@std/assert";
import { decodeImage } from "../../lib/data/decode.ts";
import { toTensor } from "../../lib/data/preprocess.ts";
import { AdaptiveExecutor } from "../../lib/executor/executor.ts";
import { loadModel } from "../../lib/model/model.ts";
import { DEFAULT_MODEL } from "../../lib/model/read_spec.ts";
import { exportOnnx } from "../../lib/onnx/export.ts";
import { relativeError } from "../fixtures.ts";

const root = new URL("../../", import.meta.url);
const page = await Deno.readTextFile(new URL("docs/onnx.md", root));

/** The page's first program in a language that contains a text. */
function program(language: string, text: string): string {
  const blocks = [...page.matchAll(new RegExp("```" + language + "\\n(.*?)```", "gs"))].map(([, block]) => block);
  return blocks.find((block) => block.includes(text))!;
}

/** Runs a program in a folder with the photo and the files that it names. It prints a list of logits. */
async function check(run: (folder: string) => Promise<Deno.CommandOutput>): Promise<void> {
  const model = await loadModel(DEFAULT_MODEL);
  const bytes = await Deno.readFile(new URL("examples/cat.jpg", root));
  using executor = await AdaptiveExecutor.create(model, { device: "cpu", batchSize: 1 });
  const tensor = toTensor(await decodeImage(bytes, { source: "cat.jpg" }), model.spec.input);
  const expected = (await executor.forward(tensor))[5];
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeFile(`${folder}/cat.jpg`, bytes);
    await Deno.writeFile(`${folder}/model.onnx`, exportOnnx(model));
    await Deno.writeFile(`${folder}/exit6.onnx`, exportOnnx(model, { exit: 6 }));
    const { success, stdout, stderr } = await run(folder);
    assertEquals(success, true, new TextDecoder().decode(stderr));
    const logits = JSON.parse(new TextDecoder().decode(stdout).replaceAll(/\s/g, ""));
    assertLess(relativeError(logits, expected), 1e-4);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("the ONNX Runtime example of docs/onnx.md gives our logits", async () => {
  await check(async (folder) => {
    await Deno.writeTextFile(`${folder}/program.js`, program("js ignore", "onnxruntime-node"));
    const config = new URL("deno.json", root).pathname;
    const args = ["run", "--quiet", "--allow-all", "--no-lock", "--config", config, "program.js"];
    return await new Deno.Command(Deno.execPath(), { args, cwd: folder, env: { NO_COLOR: "1" } }).output();
  });
});

/** Debian's Python, because Debian's packages are installed for it. */
const PYTHON = "/usr/bin/python3";

async function hasOpenCv(): Promise<boolean> {
  try {
    return (await new Deno.Command(PYTHON, { args: ["-c", "import cv2, PIL"] }).output()).success;
  } catch {
    return false;
  }
}

const ignore = Deno.env.get("CI") !== "true" && !await hasOpenCv();
if (ignore) console.error("Not run: OpenCV in docs/onnx.md. To run it: apt-get install python3-opencv python3-pil");

Deno.test({
  name: "the OpenCV example of docs/onnx.md gives our logits",
  ignore,
  fn: () =>
    check(async (folder) => {
      await Deno.writeTextFile(`${folder}/program.py`, program("python", "readNetFromONNX"));
      return await new Deno.Command(PYTHON, { args: ["program.py"], cwd: folder }).output();
    }),
});
