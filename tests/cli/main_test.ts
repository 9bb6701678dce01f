import { assert, assertEquals, assertFalse, assertMatch, assertStringIncludes } from "@std/assert";
import { main } from "../../lib/cli/main.ts";

const path = (name: string) => new URL(`../../${name}`, import.meta.url).pathname;
const reference = (name: string) => path(`tests/fixtures/reference/cifar10-lg/${name}`);

async function ranet(...args: string[]): Promise<{ code: number; out: string; notes: string }> {
  const out: string[] = [];
  const notes: string[] = [];
  const input = async () => new Uint8Array(await Deno.readFile(path("examples/ship.jpg")));
  const code = await main(args, { out: (text) => out.push(text), note: (text) => notes.push(text), input });
  return { code, out: out.join("\n"), notes: notes.join("\n") };
}

Deno.test("classify --json", async () => {
  const { code, out } = await ranet(
    "classify",
    path("examples/cat.jpg"),
    "-",
    "--json",
    "--device",
    "cpu",
    "--top",
    "2",
  );
  assertEquals(code, 0);
  const [cat, ship] = JSON.parse(out);
  assertEquals([cat.label, cat.index, cat.fullFlops, cat.top.length], ["cat", 3, 58921020, 2]);
  assertEquals([ship.image, ship.label, ship.exit, ship.subnetwork, ship.flops], ["-", "ship", 1, 1, 8360714]);
});

Deno.test("classify prints a table", async () => {
  const { out } = await ranet("classify", path("examples/ship.jpg"), "--device", "cpu", "--threshold", "0,1,1,1,1,1");
  assertMatch(out, /ship 99\.\d % +\| 1 of 6 \| +1 \|  8\.36 M \| +14\.2 % \|/);
});

Deno.test("plan", async () => {
  const { out } = await ranet("plan", "ranet-cifar10", "--json");
  const { name, params, exits } = JSON.parse(out);
  assertEquals([name, params, exits.length], ["ranet-cifar10", 2547601, 6]);
  assertEquals(exits[5].cumulativeFlops, 58921020);
  assertEquals(exits[5].cumulativeParams, 2547601);
  assertEquals([exits[2].exit, exits[2].subnetwork, exits[2].block], [3, 2, 3]);
  assertStringIncludes((await ranet("plan", path("specs/ranet-cifar10.yaml"))).out, "8×8×112");
});

Deno.test("import, then forward", async () => {
  const folder = await Deno.makeTempDir();
  const { flags } = JSON.parse(await Deno.readTextFile(reference("expect.json")));
  const model = `${folder}/a/b`;
  const imported = await ranet("import", reference("checkpoint.pth.tar"), "--args", flags, "--out", model, "--json");
  assertEquals([imported.code, JSON.parse(imported.out).params], [0, 1766516]);
  assertEquals([...Deno.readDirSync(model)].map(({ name }) => name).toSorted(), ["spec.yaml", "weights.safetensors"]);
  const { out } = await ranet("forward", reference("input.npy"), "--model", model, "--device", "cpu", "--json");
  const { device, exits } = JSON.parse(out);
  assertEquals([device, exits.length, exits[0].cumulativeFlops, exits[5].logits.length], ["cpu", 6, 2273546, 2]);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("import with the wrong flags lists the tensors and writes nothing", async () => {
  const folder = await Deno.makeTempDir();
  const flags = "--step 2 --stepmode lg --nChannels 4 --growthRate 6";
  const { code, notes } = await ranet(
    "import",
    reference("checkpoint.pth.tar"),
    "--args",
    flags,
    "--out",
    `${folder}/m`,
  );
  assertEquals(code, 1);
  assertStringIncludes(notes, "of another shape");
  assertStringIncludes(notes, "scale_flows.0.0.layers.0.conv_normal.net.0.weight: expected");
  assertEquals([...Deno.readDirSync(folder)], []);
  await Deno.remove(folder);
});

Deno.test("spec", async () => {
  const { code, out } = await ranet("spec", "--from-official", "--step 2 --stepmode lg");
  assertEquals(code, 0);
  assertStringIncludes(out, "# yaml-language-server: $schema=");
  assertStringIncludes(out, "subnetworks:");
  assertEquals((await ranet("spec", path("specs/ranet-cifar100.yaml"))).code, 0);
  assertEquals(JSON.parse((await ranet("spec", "ranet-cifar10", "--json")).out).layers, [2, 4, 6, 8, 10, 12]);
});

Deno.test("devices", async () => {
  const devices = JSON.parse((await ranet("devices", "--json")).out);
  assertEquals(devices.at(-1).name, "CPU runner");
  assertEquals(devices.filter(({ chosen }: { chosen: boolean }) => chosen).length, 1);
});

Deno.test("help and version", async () => {
  assertStringIncludes((await ranet("--help")).out, "classify");
  assertStringIncludes((await ranet("classify", "--help")).out, "--threshold P");
  assertMatch((await ranet("--version")).out, /^ranet \d/);
});

const cat = path("examples/cat.jpg");
for (
  const [args, code, message] of [
    [[], 2, ""],
    [["clasify"], 2, "did you mean classify?"],
    [["classify"], 2, "expected IMAGE…"],
    [["classify", cat, "--treshold", "1"], 2, "did you mean --threshold?"],
    [["classify", cat, "--threshold"], 2, "--threshold needs a value"],
    [["classify", cat, "--device", "tpu"], 2, "expected auto, gpu, cpu"],
    [["plan", "a.yaml", "b.yaml"], 2, 'unexpected argument "b.yaml"'],
    [["spec"], 2, "expected SPEC or --from-official"],
    [["import", "x"], 2, "--args"],
    [["classify", cat, "--threshold", "1.5"], 1, "threshold 1.5 is outside [0, 1]"],
    [["classify", cat, "--threshold", "-0.5"], 1, "threshold -0.5 is outside [0, 1]"],
    [["classify", cat, "--threshold", "much"], 1, "expected a number in [0, 1]"],
    [["classify", cat, "--threshold", "0.5,0.5"], 1, "or 6 of them, found 2"],
    [["classify", cat, "--top", "0"], 1, "expected a whole number of at least 1"],
    [["classify", cat, "--model", "ranet-cifr10"], 1, "one of ranet-cifar10"],
    [["classify", "nowhere.jpg"], 1, "there is no such file"],
    [["classify", path("README.md")], 1, "it is not an image"],
    [["classify", path("tests")], 1, "it is not a file"],
    [["plan", "nowhere.yaml"], 1, "there is no such file"],
    [["forward", path("README.md")], 1, "README.md"],
    [["spec", "--from-official", "--steps 2"], 1, "did you mean --step?"],
  ] as [string[], number, string][]
) {
  Deno.test(`refused: ranet ${args.map((arg) => arg.replace(path(""), "")).join(" ")}`, async () => {
    const { code: found, notes } = await ranet(...args);
    assertEquals(found, code);
    assertStringIncludes(notes, message);
    assertFalse(/\n\s+at /.test(notes), "a stack trace is for defects of ours");
    assert(args.length === 0 || notes.startsWith("error: "));
  });
}
