import { assert, assertEquals, assertFalse, assertLess, assertMatch, assertStringIncludes } from "@std/assert";
import config from "../../deno.json" with { type: "json" };
import { ranet, withFolder } from "./ranet.ts";
import { CIFAR10_LABELS } from "../../lib/spec/labels.ts";
import { readSafetensors } from "../../lib/weights/safetensors.ts";

const path = (name: string) => new URL(`../../${name}`, import.meta.url).pathname;
const reference = (name: string) => path(`tests/fixtures/reference/cifar10-lg/${name}`);
const cat = path("examples/cat.jpg");
const cpu = ["--device", "cpu"];

const list = (folder: string) => [...Deno.readDirSync(folder)].map(({ name }) => name).toSorted();

Deno.test("classify --json prints results as JSON", async () => {
  const { code, out, notes } = await ranet("classify", cat, "-", "--json", ...cpu, "--top", "2");
  assertEquals([code, notes], [0, ""]);
  const [first, ship] = JSON.parse(out);
  assertEquals([first.image, first.label, first.index, first.fullFlops], [cat, "cat", 3, 58921020]);
  assertEquals(first.top.length, 2);
  assertEquals(first.top[0], { label: "cat", index: 3, confidence: first.confidence });
  assertLess(first.top[1].confidence, first.confidence);
  assertEquals([ship.image, ship.label, ship.exit, ship.exitLabel, ship.flops, ship.runFlops], [
    "-",
    "ship",
    1,
    "sub-network 1, block 1",
    8360714,
    8360714,
  ]);
});

Deno.test("classify prints a table", async () => {
  const { out } = await ranet("classify", "-", ...cpu, "--threshold", "0,1,1,1,1,1");
  assertMatch(
    out,
    /\| - +\| ship +\| +(?:99\.\d|100\.0) % \| 1\/6 \(sub-network 1, block 1\) \| +8\.36 M \| +14\.2 % \|/,
  );
  assertFalse(out.includes("\x1b"));
});

Deno.test("classify accepts URLs", async () => {
  const image = await Deno.readFile(cat);
  await using server = Deno.serve(
    { port: 0, onListen: () => {} },
    ({ url }) => url.endsWith("/cat.jpg") ? new Response(image) : new Response(null, { status: 404 }),
  );
  const url = `http://localhost:${server.addr.port}`;
  const { code, out } = await ranet("classify", `${url}/cat.jpg`, "--json", ...cpu);
  assertEquals([code, JSON.parse(out)[0].label], [0, "cat"]);
  const missing = await ranet("classify", `${url}/dog.jpg`, ...cpu);
  assertEquals([missing.code, missing.out], [1, ""]);
  assertStringIncludes(missing.notes, "404");
});

Deno.test("plan prints the cost of every exit", async () => {
  const { name, params, exits, memory } = JSON.parse((await ranet("plan", "ranet-cifar10", "--json")).out);
  assertEquals([name, params, exits.length], ["ranet-cifar10", 2547601, 6]);
  assertEquals([exits[5].cumulativeFlops, exits[5].cumulativeParams], [58921020, 2547601]);
  assertEquals([exits[2].exit, exits[2].label], [3, "sub-network 2, block 3"]);
  assert(memory.weightBytes > 4 * params && memory.activationBytesPerImage >= memory.liveBytesPerImage);
  const bytesOf = (device: string, precision: string): number =>
    memory.devices.find((own: Record<string, unknown>) => own.device === device && own.precision === precision)
      .weightBytes;
  assertEquals(bytesOf("gpu", "float32"), memory.weightBytes);
  assert(4 * bytesOf("cpu", "int8") < 1.1 * bytesOf("cpu", "float32") && bytesOf("cpu", "int8") > params);
  const { out } = await ranet("plan", path("specs/ranet-cifar10.yaml"));
  assertStringIncludes(out, "| CPU    | int8          |");
  assertStringIncludes(out, "8×8×112");
  assertStringIncludes(out, "2,547,601");
});

Deno.test("forward computes the logits of an imported checkpoint", async () => {
  await withFolder(async (folder) => {
    const { flags } = JSON.parse(await Deno.readTextFile(reference("expect.json")));
    const args = ["import", reference("checkpoint.pth.tar"), "--args", flags];
    const model = `${folder}/a/My_Model.1`;
    const imported = await ranet(...args, "--out", model, "--json");
    const { name, params } = JSON.parse(imported.out);
    assertEquals([imported.code, name, params], [0, "my-model-1", 1766516]);
    assertEquals(list(model), ["spec.yaml", "weights.safetensors"]);
    const { out } = await ranet("forward", reference("input.npy"), "--model", model, ...cpu, "--json");
    const { device, exits } = JSON.parse(out);
    assertEquals([device, exits.length, exits[0].cumulativeFlops, exits[5].logits.length], ["cpu", 6, 2273546, 2]);
    assertStringIncludes((await ranet("forward", reference("input.npy"), "--model", model, ...cpu)).out, "2.27 M");

    // Again, over the existing files.
    assertEquals((await ranet(...args, "--out", model, "--name", "mine", "--dtype", "float16")).code, 0);
    assertEquals(list(model), ["spec.yaml", "weights.safetensors"]);
    const bytes = await Deno.readFile(`${model}/weights.safetensors`);
    assertLess(bytes.length, 4.2e6);
    const { spec, classes } = readSafetensors(bytes, { source: "imported" }).metadata;
    assertEquals([spec, JSON.parse(classes)], ["mine", CIFAR10_LABELS]);
  });
});

Deno.test("import writes nothing if it fails", async () => {
  await withFolder(async (folder) => {
    const { flags } = JSON.parse(await Deno.readTextFile(reference("expect.json")));
    const args = ["import", reference("checkpoint.pth.tar"), "--args"];
    const misfit = await ranet(...args, `${flags} --growthRate 6`, "--out", `${folder}/m`);
    assertEquals(misfit.code, 1);
    assertStringIncludes(misfit.notes, "of another shape");
    assertStringIncludes(misfit.notes, "scale_flows.0.0.layers.0.conv_normal.net.3.weight: expected");
    assertEquals(list(folder), []);

    await Deno.mkdir(`${folder}/m/spec.yaml`, { recursive: true });
    const occupied = await ranet(...args, flags, "--out", `${folder}/m`);
    assertEquals(occupied.code, 1);
    assertStringIncludes(occupied.notes, `Cannot write "${folder}/m/spec.yaml"`);
    assertEquals(list(`${folder}/m`), ["spec.yaml"]);

    await Deno.writeTextFile(`${folder}/file`, "");
    const blocked = await ranet(...args, flags, "--out", `${folder}/file/m`);
    assertEquals(blocked.code, 1);
    assertStringIncludes(blocked.notes, "Cannot write");
    assertEquals(list(folder), ["file", "m"]);
  });
});

Deno.test("spec checks a spec and prints it", async () => {
  const flags = "--step 2 --stepmode lg";
  const { code, out } = await ranet("spec", "--from-official", flags);
  assertEquals(code, 0);
  assertMatch(out, /^# yaml-language-server: \$schema=\.\/ranet\.schema\.json\n/);
  assertStringIncludes(out, "subnetworks:");
  assertStringIncludes((await ranet("spec", path("specs/ranet-cifar100.yaml"))).out, "ranet-cifar100 is valid");
  const architecture = JSON.parse((await ranet("spec", "ranet-cifar10", "--json")).out);
  assertEquals(architecture.layers, [2, 4, 6, 8, 10, 12]);
  assertEquals(JSON.parse((await ranet("spec", `--from-official=${flags}`, "--json")).out), architecture);
});

Deno.test("spec --out writes a file", async () => {
  await withFolder(async (folder) => {
    const file = `${folder}/new/my.yaml`;
    assertEquals((await ranet("spec", "--from-official", "--step 2", "--out", file)).out, `Wrote ${file}`);
    const schema = /^# yaml-language-server: \$schema=(.*)\n/.exec(await Deno.readTextFile(file))![1];
    assert((await Deno.stat(`${folder}/new/${schema}`)).isFile);
    assertEquals((await ranet("plan", file)).code, 0);
    assertEquals((await ranet("spec", "--from-official", "--step 2", "--out", folder)).code, 1);
    assertEquals(list(folder), ["new"]);
  });
});

Deno.test("devices lists the devices", async () => {
  const devices = JSON.parse((await ranet("devices", "--json")).out);
  assertEquals(devices.filter(({ kind }: { kind: string }) => kind === "cpu").length, 1);
  assertEquals(
    devices.map(({ chosen }: { chosen: boolean }) => chosen),
    devices.map((_: unknown, i: number) => i === 0),
  );
  assertStringIncludes((await ranet("devices")).out, "CPU runner");
});

Deno.test("--help of every command fits 100 columns, groups options and ends with two or more examples", async () => {
  const overall = (await ranet("--help")).out;
  const commands = [...overall.split("\nIn a clone")[0].matchAll(/^ {2}([a-z]+) {2,}/gm)].map(([, name]) => name);
  assertEquals(commands.length, 17);
  for (const text of [(await ranet()).out, overall]) {
    assertEquals(text.split("\n").filter((line) => line.length > 100), []);
  }
  for (const name of commands) {
    const whole = (await ranet(name, "--help")).out;
    assertEquals(whole.split("\n").filter((line) => line.length > 100), [], name);
    const [help, examples] = whole.split("\nExamples:\n");
    assertMatch(help, /^Output:\n(.*\n)*? {2}--json /m, name);
    assert(examples.split("\n").length >= 2, name);
  }
  const [, start] = (await ranet()).out.split("Start here:\n");
  assertEquals(start.split("\n\n")[0].split("\n").length, 5);
});

Deno.test("--help and --version print to standard output", async () => {
  const overall = await ranet("--help");
  assertEquals(overall.code, 0);
  assertEquals(await ranet("help", "classify"), await ranet("classify", "--help"));
  const [commands, tasks] = overall.out.split("In a clone");
  for (const [name, { description }] of Object.entries(config.tasks)) {
    assertStringIncludes(tasks, `\n  ${name} `);
    assertStringIncludes((await ranet("help", name)).out.replaceAll(/\s+/g, " "), description);
  }
  for (const [, command] of commands.matchAll(/^ {2}([a-z]+) {2}/gm)) {
    const { code, out } = await ranet(command, "--help");
    assertEquals(code, 0);
    assertMatch(out, new RegExp(`^Usage: ranet ${command} [^]*--json[^]*\nExamples:\n  ranet `));
  }
  assertStringIncludes((await ranet("classify", "-h")).out, "--threshold P");
  assertMatch((await ranet("--version")).out, /^ranet \d/);
});

for (
  const [args, code, message] of [
    [["photo.jpg"], 2, "did you mean ranet classify photo.jpg?"],
    [["help", "clasify"], 2, "did you mean classify?"],
    [["clasify"], 2, "did you mean classify?"],
    [["--jsn"], 2, "no such option"],
    [["classify"], 2, "expected IMAGE…"],
    [["classify", cat, "--treshold", "1"], 2, "did you mean --threshold?"],
    [["classify", cat, "--threshold"], 2, "it needs a value"],
    [["classify", cat, "--threshold", "--json"], 2, "it needs a value"],
    [["classify", cat, "--device", "tpu"], 2, "expected auto, gpu, cpu"],
    [["classify", "-", "-"], 2, "standard input is one image"],
    [["plan", "a.yaml", "b.yaml"], 2, '"b.yaml" is one argument too many'],
    [["spec"], 2, "expected either SPEC or --from-official"],
    [["spec", "ranet-cifar10", "--out", "x"], 2, "--out without --from-official"],
    [["import", "x"], 2, "--args"],
    [["import", "x", "--args", "--step 2"], 2, "--out"],
    [["classify", cat, "--threshold", "1.5"], 1, 'Cannot use --threshold "1.5": expected a number from 0 to 1'],
    [["classify", cat, "--threshold", "-0.5"], 1, 'Cannot use --threshold "-0.5"'],
    [["classify", cat, "--threshold", "NaN"], 1, 'Cannot use --threshold "NaN"'],
    [["classify", cat, "--threshold", "0.5,,1"], 1, 'Cannot use --threshold "0.5,,1"'],
    [["classify", cat, "--threshold", "0.5,0.5", ...cpu], 1, "or 6 of them, found 2"],
    [["classify", cat, "--top", "0"], 1, "expected a whole number of at least 1"],
    [["classify", cat, "--model", "ranet-cifr10"], 1, "one of ranet-cifar10"],
    [["classify", "nowhere.jpg", ...cpu], 1, '"nowhere.jpg": there is no such file'],
    [["classify", "nowhere/*.jpg", ...cpu], 1, '"nowhere/*.jpg": no file matches'],
    [["classify", cat, "--csv", "--json"], 2, "--csv together with --json"],
    [["classify", path("README.md"), ...cpu], 1, "it is not an image"],
    [["classify", path("lib/spec"), ...cpu], 1, "it contains no images"],
    [["classify", path("README.md/x.jpg"), ...cpu], 1, "README.md/x.jpg"],
    [["plan", "nowhere.yaml"], 1, "there is no such file"],
    [["forward", path("README.md")], 1, "README.md"],
    [["forward", reference("logits.npy"), ...cpu], 1, "expected an array of N×3×32×32, found 6×2×10"],
    [["spec", "--from-official", "--steps 2"], 1, "did you mean --step?"],
    [["import", path("README.md"), "--args", "--step 2", "--out", "/tmp/never-made"], 1, "README.md"],
    [["import", path("specs"), "--out", "/tmp/never-made"], 1, "it contains no spec.yaml"],
  ] as [string[], number, string][]
) {
  Deno.test(`ranet ${args.map((arg) => arg.replace(path(""), "")).join(" ")} is refused`, async () => {
    const { code: found, out, notes } = await ranet(...args);
    assertEquals([found, out], [code, ""]);
    assertStringIncludes(notes, message);
    assertFalse(/\n\s+at /.test(notes), "a stack trace is for defects of ours");
  });
}

Deno.test("control characters in labels and names are not sent to the terminal", async () => {
  await withFolder(async (folder) => {
    const file = `${folder}/a\x1b[31m|b.jpg`;
    await Deno.copyFile(cat, file);
    const { out } = await ranet("classify", file, ...cpu);
    assertFalse(out.includes("\x1b"));
    assertStringIncludes(out, "\\|b.jpg");
    const { notes } = await ranet("classify", `${folder}/\x9b31m.jpg`, ...cpu);
    assertFalse(notes.includes("\x9b"));
  });
});

Deno.test("classify needs only --allow-read for files", async () => {
  const flags = ["--no-prompt", "--quiet", "--config", path("deno.json"), "--allow-read"];
  const { code, stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["run", ...flags, path("cli.ts"), "classify", cat, "--json"],
  }).output();
  assertEquals(code, 0);
  assertEquals(JSON.parse(new TextDecoder().decode(stdout))[0].label, "cat");
});

Deno.test("an empty path, and an option named like a property of Object.prototype, are reported as errors", async () => {
  const cases = [
    ["classify", ""],
    ["forward", ""],
    ["eval", "", "--out", "never-made"],
    ["calibrate", "", "--budget", "20M"],
    ["import", "", "--args", "--arch RANet", "--out", "never-made"],
  ];
  for (const args of cases) {
    const { code, notes } = await ranet(...args);
    assertEquals([code, notes], [1, 'Cannot read "": the path is empty'], args.join(" "));
  }
  for (const option of ["--constructor=1", "--toString", "--__proto__.x=1", "--hasOwnProperty", "--a.constructor=2"]) {
    const { code, notes } = await ranet("classify", "x.jpg", option);
    assertEquals(code, 2, option);
    assertStringIncludes(notes, `Cannot use ${JSON.stringify(option.split("=")[0])}: there is no such option`);
  }
});

Deno.test("ranet import says how to convert a distributed checkpoint, and names a checkpoint in a folder", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${folder}/optimizer.bin`, "x"); // as accelerate saves them
    await Deno.writeTextFile(`${folder}/pytorch_model.bin`, "x");
    const other = await ranet("import", folder, "--args", "--step 2", "--out", "/tmp/never-made");
    assertEquals(other.code, 1);
    assertStringIncludes(other.notes, `Use a checkpoint in it, such as ${folder}/pytorch_model.bin`);
    await Deno.writeTextFile(`${folder}/__0_0.distcp`, "x");
    const { code, notes } = await ranet("import", folder, "--args", "--step 2", "--out", "/tmp/never-made");
    assertEquals(code, 1);
    assertStringIncludes(notes, `dcp_to_torch ${folder} weights.pth`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
