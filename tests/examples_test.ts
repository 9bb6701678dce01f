/**
 * Runs each example with the commands in its first comment, and thus with only these permissions.
 *
 * @module
 */

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { dirname } from "node:path";
import { loadModel } from "../lib/model/model.ts";

const ROOT = new URL("..", import.meta.url);
const ENVIRONMENT = { NO_COLOR: "1", DENO_NO_PROMPT: "1", PATH: `${dirname(Deno.execPath())}:${Deno.env.get("PATH")}` };

function shell(command: string): Deno.Command {
  return new Deno.Command("sh", {
    args: ["-c", command],
    cwd: ROOT,
    env: ENVIRONMENT,
    stdout: "piped",
    stderr: "piped",
  });
}

async function commandsOf(example: string): Promise<string[]> {
  const text = await Deno.readTextFile(new URL(`examples/${example}`, ROOT));
  return [...text.matchAll(/^ \* {5}(.+)$/gm)].map(([, command]) => command);
}

/** The output of the example's command. */
async function run(example: string): Promise<string> {
  const commands = await commandsOf(example);
  assertEquals(commands.length, 1);
  const { code, stdout, stderr } = await shell(commands[0]).output();
  assertEquals([code, new TextDecoder().decode(stderr)], [0, ""]);
  return new TextDecoder().decode(stdout);
}

Deno.test("classify_folder.ts classifies the images of a folder", async () => {
  const lines = (await run("classify_folder.ts")).trim().split("\n");
  assertEquals(lines.length, 6);
  for (const line of lines) {
    assertMatch(line, /^examples\/(\w+)\.jpg: \1 \(\d\.\d+\) at exit [1-6], \d+ % of the network$/);
  }
});

Deno.test("anytime_stream.ts prints the answer of each exit", async () => {
  assertMatch(await run("anytime_stream.ts"), /^([\d.]+ ms, exit [1-6]: cat \([\d.]+\)\n){1,6}$/);
});

Deno.test("budgeted_batch.ts stays near its budget", async () => {
  const out = await run("budgeted_batch.ts");
  assertStringIncludes(out, "examples/ship.jpg: ship, exit 1\n");
  const [, average] = out.match(/^([\d.]+) M multiply-adds per image, of 15 M$/m)!;
  assert(Number(average) > 8 && Number(average) < 15);
});

Deno.test("plan_variant.ts prints the costs of both networks", async () => {
  const out = await run("plan_variant.ts");
  assertStringIncludes(
    out,
    "ranet-cifar10\n  exit 1, sub-network 1, block 1, 8×8: 8.4 M multiply-adds, 0.35 M parameters\n",
  );
  assertEquals(out.match(/slim\n( {2}exit \d, .*\n){6}$/)?.length, 2);
});

Deno.test("fine_tune.ts trains a model that classify accepts", async () => {
  const folder = await Deno.makeTempDir();
  try {
    for (const name of ["cat", "ship"]) {
      await Deno.mkdir(`${folder}/photos/${name}`, { recursive: true });
      for (let copy = 0; copy < 3; copy++) {
        await Deno.copyFile(new URL(`examples/${name}.jpg`, ROOT), `${folder}/photos/${name}/${copy}.jpg`);
      }
    }
    const [command] = await commandsOf("fine_tune.ts");
    const own = command.replaceAll("my-model", `${folder}/my-model`).replace(" photos ", ` ${folder}/photos `);
    const { code, stdout, stderr } = await shell(`${own} 2`).output();
    assertEquals([code, new TextDecoder().decode(stderr)], [0, ""]);
    assertMatch(
      new TextDecoder().decode(stdout),
      /^(epoch [12]: accuracy of each exit: (\d+ %(, )?){6}\n){2}\.\/ranet classify /,
    );
    const { tensors, spec } = await loadModel(`${folder}/my-model`);
    assertEquals(spec.classes, ["cat", "ship"]);
    assertEquals(tensors.get("classifier.5.linear.weight")!.shape, [2, 128]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("web_handler.ts classifies images over HTTP", async () => {
  const [command] = await commandsOf("web_handler.ts");
  await using server = shell(`exec ${command.replaceAll("8000", freePort())}`).spawn();
  const line = await server.stderr.pipeThrough(new TextDecoderStream()).values().next();
  const url = line.value!.match(/http:\S+/)![0];
  const post = async (body: BodyInit) => {
    const response = await fetch(url, { method: "POST", body });
    return [response.status, await response.json()];
  };
  const [status, { label, exit }] = await post(await Deno.readFile(new URL("examples/cat.jpg", ROOT)));
  assertEquals([status, label, exit], [200, "cat", 2]);
  assertEquals(await post("text"), [400, {
    error:
      'Cannot read image "request body": it is not an image (JPEG, PNG, WebP, AVIF, GIF, BMP, TIFF and Netpbm are supported)',
  }]);
  assertEquals((await (await fetch(url)).json()).error, "POST an image");
  await server.stdout.cancel();
});

/** Another port than in the comment, which may be in use. */
function freePort(): string {
  using listener = Deno.listen({ hostname: "localhost", port: 0 });
  return `${listener.addr.port}`;
}
