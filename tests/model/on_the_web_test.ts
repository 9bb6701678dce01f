import { assertEquals, assertGreater, assertRejects } from "@std/assert";
import { findCalibrations } from "../../lib/calibration/find.ts";
import { loadModel, RanetError } from "../../mod.ts";
import { ranet } from "../cli/ranet.ts";

const NAME = "ranet-cifar10-micro";
const bundled = (file: string) => Deno.readFile(new URL(`../../${file}`, import.meta.url));
const FILES: Readonly<Record<string, string>> = {
  "/m/spec.yaml": `specs/${NAME}.yaml`,
  "/m/weights.safetensors": `weights/${NAME}.safetensors`,
  "/m/temperatures.json": `weights/${NAME}.temperatures.json`,
  "/m/calibration.json": `weights/${NAME}.calibration.json`,
};

/** Serves a model's folder. `absent`: the response for files that do not exist. */
async function withServer(
  use: (folder: string, asked: string[]) => Promise<void>,
  { absent = () => new Response("no", { status: 404 }), without = [] as readonly string[] } = {},
): Promise<void> {
  const asked: string[] = [];
  await using server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, async (request) => {
    const { pathname } = new URL(request.url);
    asked.push(pathname);
    const file = without.includes(pathname) ? undefined : FILES[pathname];
    return file === undefined ? absent() : new Response(await bundled(file));
  });
  await use(`http://127.0.0.1:${server.addr.port}/m/`, asked);
}

Deno.test("a model on the web is loaded with the temperatures and calibrations next to it", () =>
  withServer(async (folder) => {
    const own = await loadModel(NAME);
    assertGreater(own.temperatures!.length, 0);
    const weights = `${folder}weights.safetensors`;
    for (const [name, options] of [[`${folder}spec.yaml`, { weights }], [folder, {}], [NAME, { weights }]] as const) {
      assertEquals((await loadModel(name, options)).temperatures, own.temperatures, name);
      const calibrations = await findCalibrations(own, { name, ...options });
      assertEquals(calibrations, await findCalibrations(own, { name: NAME }), name);
    }
    assertEquals((await loadModel(new URL(folder), { calibrated: false })).temperatures, undefined);
  }));

Deno.test("classify gives the same results for a model's name and its URLs", () =>
  withServer(async (folder) => {
    const args = ["classify", "examples/cat.jpg", "--json", "--device", "cpu", "--budget", "1M"];
    const own = await ranet(...args, "--model", NAME);
    const web = await ranet(...args, "--model", `${folder}spec.yaml`, "--weights", `${folder}weights.safetensors`);
    assertEquals([own.code, web.code], [0, 0], web.notes);
    assertEquals(JSON.parse(web.out), JSON.parse(own.out));
  }));

const ABSENT: Readonly<Record<string, () => Response>> = {
  "404": () => new Response("no", { status: 404 }),
  "403, as of S3": () => new Response("<Error/>", { status: 403 }),
  "a page": () => new Response("<!doctype html>", { headers: { "content-type": "text/html; charset=utf-8" } }),
};
for (const [what, absent] of Object.entries(ABSENT)) {
  Deno.test(`a model on the web is loaded without missing side files (the server answers ${what})`, () =>
    withServer(async (folder, asked) => {
      const model = await loadModel(folder);
      assertEquals([model.temperatures, await findCalibrations(model, { name: folder })], [undefined, undefined]);
      assertEquals(asked.filter((path) => path.endsWith(".json")), ["/m/temperatures.json", "/m/calibration.json"]);
    }, { absent, without: ["/m/temperatures.json", "/m/calibration.json"] }));
}

Deno.test("loading a model fails if the server fails to send its temperatures", () =>
  withServer(async (folder) => {
    await assertRejects(() => loadModel(folder), RanetError, "temperatures.json: the server answered 500");
  }, { absent: () => new Response("", { status: 500 }), without: ["/m/temperatures.json"] }));

Deno.test("loadModel() accepts file:, data: and blob: URLs", async () => {
  const { pathname } = new URL("../../", import.meta.url);
  const own = await loadModel(NAME);
  const file = (path: string) => `file://${pathname}${path}`;
  const spec = await bundled(`specs/${NAME}.yaml`);
  const weights = URL.createObjectURL(new Blob([await bundled(`weights/${NAME}.safetensors`)]));
  const found = await loadModel(file(`specs/${NAME}.yaml`), { weights: file(`weights/${NAME}.safetensors`) });
  assertEquals(found.temperatures, own.temperatures);
  const inline = await loadModel(`data:application/yaml;base64,${spec.toBase64()}`, { weights });
  assertEquals([inline.name, inline.tensors.size, inline.temperatures], [NAME, own.tensors.size, undefined]);
  URL.revokeObjectURL(weights);
});

Deno.test("the command line accepts file: and data: URLs", async () => {
  const url = new URL("../../examples/ship.jpg", import.meta.url);
  const data = `data:image/jpeg;base64,${(await Deno.readFile(url)).toBase64()}`;
  const { code, out } = await ranet("classify", url.href, data, `--model=${NAME}`, "--json", "--device", "cpu");
  const labels = JSON.parse(out).map(({ label }: { label: string }) => label);
  assertEquals([code, labels], [0, ["ship", "ship"]]);
  const missing = await ranet("classify", "file:///no/such.jpg");
  assertEquals([missing.code, missing.notes.includes('"/no/such.jpg": there is no such file')], [1, true]);
});
