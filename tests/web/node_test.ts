import { assertAlmostEquals, assertEquals, assertStringIncludes } from "@std/assert";
import { loadClassifier } from "../../mod.ts";
import { buildSite } from "./browser.ts";

const root = new URL("../../", import.meta.url);

/** Node 20.16 or later: `process.getBuiltinModule` does not exist in earlier versions. */
async function nodeVersion(): Promise<string | undefined> {
  try {
    const { stdout } = await new Deno.Command("node", { args: ["--version"] }).output();
    const version = new TextDecoder().decode(stdout).trim();
    const [major, minor] = version.slice(1).split(".").map(Number);
    return major > 20 || (major === 20 && minor >= 16) ? version : undefined;
  } catch {
    return undefined;
  }
}

const version = await nodeVersion();
const ignore = version === undefined && Deno.env.get("CI") !== "true";
if (ignore) {
  console.error("Not run: ranet.js in Node.js, no Node.js of at least 20.16 on PATH. To run it: install Node.js");
}

Deno.test({
  name: "ranet.js runs in Node.js on the CPU, with files",
  ignore,
  async fn() {
    const site = await buildSite();
    const folder = site.pathname;
    try {
      const cat = new URL("examples/cat.jpg", root);
      const script = `
import { readFile } from "node:fs/promises";
import { loadClassifier } from ${JSON.stringify(new URL("ranet.js", site).href)};

const classifier = await loadClassifier("ranet-cifar10", { onFallback: () => {} });
const path = ${JSON.stringify(cat.pathname)};
const results = await classifier.classify([path, new URL(${
        JSON.stringify(cat.href)
      }), await readFile(path)], { budget: 20e6 });
const missing = await classifier.classify("no/such.jpg").catch(({ message }) => message);
console.log(JSON.stringify({ results, missing, device: classifier.executor.device.kind }));
`;
      await Deno.writeTextFile(`${folder}/script.mjs`, script);
      const { stdout, stderr } = await new Deno.Command("node", { args: ["script.mjs"], cwd: folder }).output();
      assertEquals(new TextDecoder().decode(stderr), "");
      const { results, missing, device } = JSON.parse(new TextDecoder().decode(stdout));
      using classifier = await loadClassifier("ranet-cifar10", { device: "cpu" });
      const expected = await classifier.classify(cat, { budget: 20e6 });
      assertEquals([device, results.length], ["cpu", 3]);
      for (const { label, exit, confidence } of results) {
        assertEquals([label, exit], [expected.label, expected.exit]);
        assertAlmostEquals(confidence, expected.confidence, 1e-5);
      }
      assertStringIncludes(missing, "there is no such file");
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});
