import { assertEquals, assertRejects } from "@std/assert";
import { writeFiles } from "../../lib/io/write_files.ts";
import { RanetError } from "../../lib/errors.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const pause = () => new Promise((resolve) => setTimeout(resolve, 5));

async function inFolder(test: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Contents of all files in a folder. */
async function list(folder: string): Promise<Record<string, string>> {
  const files: Record<string, string> = {};
  for await (const { name, isFile } of Deno.readDir(folder)) {
    files[name] = isFile ? await Deno.readTextFile(`${folder}/${name}`) : "folder";
  }
  return files;
}

Deno.test("writeFiles() creates folders, replaces files, and leaves no temporary files", async () => {
  await inFolder(async (folder) => {
    const out = `${folder}/a/b`;
    for (const version of ["1", "2"]) {
      await writeFiles([[`${out}/weights`, bytes(`w${version}`)], [`${out}/spec`, bytes(`s${version}`)]]);
      assertEquals(await list(out), { weights: `w${version}`, spec: `s${version}` });
    }
  });
});

Deno.test("concurrent writeFiles() calls run one after another", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/new/numbers`;
    await Promise.all(Array.from({ length: 10 }, (_, i) =>
      writeFiles([[path, async () => {
        const before = await Deno.readTextFile(path).catch(() => "");
        await pause();
        return bytes(before + i);
      }]])));
    assertEquals([...await Deno.readTextFile(path)].toSorted().join(""), "0123456789");
    assertEquals(Object.keys(await list(`${folder}/new`)), ["numbers"]);
  });
});

Deno.test("writeFiles() removes only its own files if it fails", async () => {
  await inFolder(async (folder) => {
    const failing = (path: string) =>
      writeFiles([[path, bytes("x")], [`${path}2`, async () => {
        await pause();
        throw new RanetError("no");
      }]]);
    await assertRejects(() => failing(`${folder}/a/b/c`), RanetError, "no");
    assertEquals(await list(folder), {});
    // The first of both creates the folder.
    const [failed] = await Promise.allSettled([
      failing(`${folder}/model/weights`),
      writeFiles([[`${folder}/model/other`, bytes("fine")]]),
    ]);
    assertEquals([failed.status, await list(`${folder}/model`)], ["rejected", { other: "fine" }]);
    await assertRejects(
      () => writeFiles([[`${folder}/model`, bytes("x")]]),
      RanetError,
      "that is not a file exists there",
    );
    await assertRejects(
      () => writeFiles([[`${folder}/model/other/x`, bytes("x")]]),
      RanetError,
      `model/other" is a file, expected a folder`,
    );
    assertEquals(await list(`${folder}/model`), { other: "fine" });
  });
});

Deno.test("writeFiles() removes only temporary files of processes that have ended", async () => {
  await inFolder(async (folder) => {
    const id = crypto.randomUUID();
    const others = { "spec.tmp": "a", [`other.${id}.tmp`]: "b", [`spec.${id}.tmp.txt`]: "c", [`spec.x${id}.tmp`]: "d" };
    for (const [name, text] of Object.entries(others)) await Deno.writeTextFile(`${folder}/${name}`, text);
    await Deno.writeTextFile(`${folder}/spec.${id}.tmp`, "left");
    await writeFiles([[`${folder}/spec`, bytes("new")]]);
    assertEquals(await list(folder), { ...others, spec: "new" });
  });
});

Deno.test("a process that is killed in writeFiles() never leaves a mixture of old and new files", async () => {
  const module = new URL("../../lib/io/write_files.ts", import.meta.url).href;
  const seen = new Set<string>();
  for (let step = 1; step <= 4; step++) {
    await inFolder(async (folder) => {
      const write = (version: string) =>
        [[`${folder}/weights`, bytes(`w${version}`)], [`${folder}/spec`, bytes(`s${version}`)]] as const;
      await writeFiles(write("1"));
      const script = `
        import { writeFiles } from ${JSON.stringify(module)};
        const { rename } = Deno;
        let steps = 0;
        Deno.rename = (...paths) => ++steps === ${step} ? Deno.exit(9) : rename(...paths);
        const bytes = (text) => new TextEncoder().encode(text);
        await writeFiles([[${JSON.stringify(folder)} + "/weights", bytes("w2")], [${
        JSON.stringify(folder)
      } + "/spec", bytes("s2")]]);`;
      await new Deno.Command(Deno.execPath(), { args: ["eval", script] }).output();
      const { weights, spec } = await list(folder);
      seen.add(`${weights} ${spec}`);
      await writeFiles(write("3"));
      assertEquals(await list(folder), { weights: "w3", spec: "s3" });
    });
  }
  assertEquals([...seen], ["w1 s1", "w1 undefined", "w2 undefined", "w2 s2"]);
});
