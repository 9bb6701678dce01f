import { assertEquals } from "@std/assert";
import { longTest } from "../long.ts";

const root = new URL("../../", import.meta.url);
/** What a bundle contains besides the entry modules. */
const PARTS = ["deno.json", "web", "lib", "kernels", "specs", "recipes", "weights", "examples"];

async function copy(from: string, to: string): Promise<void> {
  if ((await Deno.stat(from)).isFile) return await Deno.copyFile(from, to);
  await Deno.mkdir(to);
  for await (const { name } of Deno.readDir(from)) {
    if (name !== "dist") await copy(`${from}/${name}`, `${to}/${name}`);
  }
}

longTest("bundle works in a clone whose path contains # and %", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const clone = `${folder}/100%#1`;
    await Deno.mkdir(clone);
    const modules = [...Deno.readDirSync(root)].map(({ name }) => name).filter((name) => name.endsWith(".ts"));
    for (const name of [...PARTS, ...modules]) await copy(`${root.pathname}${name}`, `${clone}/${name}`);
    const args = ["run", "--quiet", "--no-lock", "--allow-all", "web/build.ts", `${folder}/out`];
    const { success, stderr } = await new Deno.Command(Deno.execPath(), { args, cwd: clone }).output();
    assertEquals([success, new TextDecoder().decode(stderr)], [true, ""]);
    const names = [...Deno.readDirSync(`${folder}/out/wasm`)].map(({ name }) => name);
    assertEquals(names.includes("avif_dec.wasm"), true);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
