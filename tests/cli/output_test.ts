import { assertEquals } from "@std/assert";
import { withFolder } from "./ranet.ts";

const root = new URL("../../", import.meta.url).pathname;

Deno.test({
  name: "messages that cannot be written because the disk is full do not stop a command",
  ignore: Deno.build.os !== "linux",
  fn: () =>
    withFolder(async (folder) => {
      await Deno.writeTextFile(`${folder}/bad.jpg`, "no image");
      const { code } = await new Deno.Command("sh", {
        args: ["-c", 'exec "$0" "$@" 2>/dev/full', Deno.execPath()].concat(
          ["run", "--quiet", "--no-prompt", "-P=cli", `${root}cli.ts`, "classify", "--device", "cpu"],
          ["--skip-bad", "--out", `${folder}/out.jsonl`, `${root}examples/cat.jpg`, `${folder}/bad.jpg`],
        ),
        stdout: "null",
        stderr: "null",
      }).output();
      assertEquals(code, 0);
      assertEquals((await Deno.readTextFile(`${folder}/out.jsonl`)).trimEnd().split("\n").length, 3);
    }),
});
