/**
 * Tests the package as published on JSR: a registry on this machine serves the repository as `deno publish` would.
 *
 * @module
 */

import { assertArrayIncludes, assertEquals, assertStringIncludes } from "@std/assert";
import config from "../deno.json" with { type: "json" };
import { hasAdapter } from "./gpu.ts";
import { longTest } from "./long.ts";
import { type Files, publish } from "./registry.ts";

const ROOT = new URL("..", import.meta.url);
const HOME = `/${config.name}/${config.version}`;

/** Contents by path of a registry with our package and the stand-ins. */
async function makeRegistry(): Promise<Files> {
  const registry: Files = new Map();
  await publish(registry, { ...config, include: ["deno.json", ...config.publish.include], from: ROOT });
  const standIns = new URL("stand-ins/@std/", ROOT);
  for await (const { name } of Deno.readDir(standIns)) {
    const [version] = Object.keys(JSON.parse(await Deno.readTextFile(new URL(`${name}/meta.json`, standIns))).versions);
    const { exports } = JSON.parse(await Deno.readTextFile(new URL(`${name}/${version}_meta.json`, standIns)));
    const from = new URL(`${name}/${version}/`, standIns);
    await publish(registry, { name: `@std/${name}`, version, exports, include: ["mod.ts"], from });
  }
  return registry;
}

longTest(
  "a script that imports the package from JSR needs only --allow-net=jsr.io, and downloads weights once",
  async () => {
    const registry = await makeRegistry();
    registry.set("/ship.jpg", await Deno.readFile(new URL("examples/ship.jpg", ROOT)));
    const weights = `${HOME}/weights/ranet-cifar10.safetensors`;
    const whole = registry.get(weights)!;
    const asked: string[] = [];
    await using server = Deno.serve({ port: 0, hostname: "localhost", onListen: () => {} }, ({ url }) => {
      const { pathname } = new URL(url);
      asked.push(pathname);
      return new Response(registry.get(pathname), { status: registry.has(pathname) ? 200 : 404 });
    });
    const host = `localhost:${server.addr.port}`;
    const folder = await Deno.makeTempDir();
    try {
      // Its own cache, except for packages from npm.
      const info = await new Deno.Command(Deno.execPath(), { args: ["info", "--json"] }).output();
      await Deno.mkdir(`${folder}/deno`);
      await Deno.symlink(JSON.parse(new TextDecoder().decode(info.stdout)).npmCache, `${folder}/deno/npm`);
      await Deno.writeTextFile(
        `${folder}/script.ts`,
        `import { AdaptiveExecutor, decodeImage, loadModel, toTensor } from "jsr:${config.name}";
const model = await loadModel("ranet-cifar10");
const image = await decodeImage(await (await fetch("http://${host}/ship.jpg")).bytes(), { source: "ship.jpg" });
let waits = 0; // of this thread; a worker is to drive the GPU
const { mapAsync } = GPUBuffer.prototype;
GPUBuffer.prototype.mapAsync = function (...args) { waits++; return mapAsync.apply(this, args); };
for (const device of await navigator.gpu.requestAdapter() ? ["cpu", "gpu"] : ["cpu"]) {
  using executor = await AdaptiveExecutor.create(model, { device, batchSize: 1 });
  console.log((await executor.classify(toTensor(image, model.spec.input)))[0].label, waits);
}
`,
      );
      const run = async (...script: string[]) => {
        asked.length = 0;
        const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
          args: ["run", "--quiet", "--no-prompt", `--allow-net=${host}`, ...script],
          cwd: folder,
          env: { DENO_DIR: `${folder}/deno`, JSR_URL: `http://${host}/`, NO_COLOR: "1" },
        }).output();
        return { out: new TextDecoder().decode(stdout), err: new TextDecoder().decode(stderr), asked: [...asked] };
      };
      registry.set(weights, whole.subarray(0, whole.length / 2));
      assertStringIncludes((await run("script.ts")).err, "it may be truncated");
      registry.set(weights, whole);
      const first = await run("script.ts");
      const out = "ship 0\n".repeat(hasAdapter ? 2 : 1);
      assertEquals([first.out, first.err], [out, ""]);
      assertArrayIncludes(first.asked, [weights]);
      const second = await run("script.ts");
      assertEquals([second.out, second.err, second.asked], [out, "", ["/ship.jpg"]]);

      await Deno.copyFile(new URL("examples/ship.jpg", ROOT), `${folder}/photo.jpg`);
      const cli = ["--allow-read=photo.jpg", `jsr:${config.name}/cli`];
      const command = await run(...cli, "classify", "photo.jpg", "--device", "cpu");
      assertEquals(command.err, "");
      assertStringIncludes(command.out, "ship");
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
);
