import { assertEquals, assertFalse, assertStringIncludes } from "@std/assert";
import { withFolder } from "./ranet.ts";

const ROOT = new URL("../../", import.meta.url);

Deno.test("eval restores the terminal after Ctrl-C and says how to resume", async () => {
  await withFolder(async (folder) => {
    // Enough black images that the command is still running when it is interrupted.
    await Deno.writeFile(`${folder}/test_batch.bin`, new Uint8Array(3073 * 10_000));
    const evaluate =
      `${Deno.execPath()} run --quiet -P=cli cli.ts eval ${folder}/test_batch.bin --out ${folder}/report`;
    // `script` provides a terminal; its standard input is what is typed there.
    await using process = new Deno.Command("script", {
      args: ["-qec", `${evaluate} --device cpu`, "/dev/null"],
      cwd: ROOT,
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    const keyboard = process.stdin.getWriter();
    let said = "";
    for await (const text of process.stdout.pipeThrough(new TextDecoderStream())) {
      if (!said.includes("images,") && (said + text).includes("images,")) {
        await keyboard.write(new TextEncoder().encode("\x03"));
      }
      said += text;
    }
    await keyboard.close();
    assertEquals((await process.status).code, 130);
    assertStringIncludes(said, "Stopped. To continue, run the same command again.");
    assertFalse(said.includes("\x1b[?7l"), "line wrap");
  });
});
