import { assertEquals, assertRejects } from "@std/assert";
import { RanetError } from "../../lib/errors.ts";
import { makeFolder } from "../../lib/io/folders.ts";

Deno.test("folders are created with those around them; a file on the way is named", async () => {
  const folder = await Deno.makeTempDir();
  try {
    assertEquals(await makeFolder(`${folder}/a/b`), `${folder}/a`);
    assertEquals(await makeFolder(`${folder}/a/b`), undefined);
    await Deno.writeTextFile(`${folder}/a/file`, "");
    for (const path of [`${folder}/a/file`, `${folder}/a/file/c/d`]) {
      await assertRejects(
        () => makeFolder(path),
        RanetError,
        `Cannot create the folder "${path}": "${folder}/a/file" is a file, expected a folder`,
      );
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
