import { assertEquals, assertStringIncludes } from "@std/assert";
import ts from "typescript";
import { declarationsOf } from "../../web/declarations.ts";
import { longTest } from "../long.ts";

/** Errors of the type checker for a script that imports the library from `ranet.js`. */
async function check(folder: string, script: string): Promise<string> {
  await Deno.writeTextFile(`${folder}/script.ts`, script);
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["check", "--quiet", "--no-config", "script.ts"],
    cwd: folder,
    env: { NO_COLOR: "1" },
  }).output();
  return success ? "" : new TextDecoder().decode(stderr);
}

Deno.test("declarationsOf() writes the types of several entry points to one file", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const entries = ["mod.ts", "spec.ts", "weights.ts"].map((name) => new URL(`../../${name}`, import.meta.url));
    const text = await declarationsOf(entries);
    await Deno.writeTextFile(`${folder}/ranet.d.ts`, text);
    await Deno.writeTextFile(`${folder}/ranet.js`, '/* @ts-self-types="./ranet.d.ts" */\n');
    const script = `import { AdaptiveExecutor, loadModel, type Network } from "./ranet.js";
using executor = await AdaptiveExecutor.create(await loadModel("ranet-cifar10"), { device: "cpu" });
const network: Network = executor.model.network;
const costs: number[] = network.exits.map((exit) => exit.cumulativeFlops);
`;
    assertEquals(await check(folder, script), "");
    assertStringIncludes(await check(folder, script.replace("number[]", "string[]")), "TS2322");
    const exported = (module: string) =>
      [...module.matchAll(/^export \{([^}]*)\}/gm)].flatMap(([, names]) =>
        names.split(",").map((name) => name.trim().replace("type ", "")).filter(Boolean)
      );
    const modules = await Promise.all(entries.map((entry) => Deno.readTextFile(entry)));
    const names = new Set(modules.flatMap((module) => exported(module.replaceAll("export type {", "export {"))));
    assertEquals(exported(text).toSorted(), [...names].toSorted());
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

longTest('the declarations bring the libraries that they need along, for a project of any "lib"', async () => {
  const folder = await Deno.makeTempDir();
  try {
    for (const name of ["mod", "train"]) {
      await Deno.writeTextFile(
        `${folder}/${name}.d.ts`,
        await declarationsOf([new URL(`../../${name}.ts`, import.meta.url)]),
      );
    }
    const script = `${folder}/script.ts`;
    await Deno.writeTextFile(
      script,
      'import { loadModel } from "./mod.js";\nimport { train } from "./train.js";\nexport { loadModel, train };\n',
    );
    const program = ts.createProgram([script], {
      lib: ["lib.es2020.d.ts"],
      types: [],
      strict: true,
      noEmit: true,
      target: ts.ScriptTarget.ES2022,
      module: ts.ModuleKind.ESNext,
      moduleResolution: ts.ModuleResolutionKind.Bundler,
    });
    const problems = ts.getPreEmitDiagnostics(program).map(({ messageText }) =>
      ts.flattenDiagnosticMessageText(messageText, "\n")
    );
    assertEquals(problems, []);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
