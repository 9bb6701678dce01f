import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { watchPlan, type WatchPlanOptions } from "../../lib/cli/plan.ts";
import { ranet, withFolder } from "./ranet.ts";

/** Lines that a watch prints, one by one. Disposing of it ends the watch. */
class Watch implements AsyncDisposable {
  readonly #printed = new TransformStream<string, string>(undefined, undefined, { highWaterMark: 100 });
  readonly #reader = this.#printed.readable.getReader();
  readonly #abort = new AbortController();
  readonly #ended: Promise<void>;

  constructor(source: string, options: Omit<WatchPlanOptions, "signal">) {
    const writer = this.#printed.writable.getWriter();
    const print = (text: string) => void writer.write(text);
    this.#ended = watchPlan(source, { ...options, signal: this.#abort.signal }, { stdout: print, stderr: print });
  }

  async next(): Promise<string> {
    return (await this.#reader.read()).value!;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#abort.abort();
    await this.#ended;
  }
}

async function withSpec(use: (file: string, edit: (from: string, to: string) => Promise<void>) => Promise<void>) {
  await withFolder(async (folder) => {
    const file = `${folder}/mine.yaml`;
    await ranet("new", "mine", "--out", file);
    await use(file, async (from, to) => {
      // Editors save by replacing the file with a new one.
      await Deno.writeTextFile(`${file}~`, (await Deno.readTextFile(file)).replace(from, to));
      await Deno.rename(`${file}~`, file);
    });
  });
}

Deno.test("plan --watch shows the new and the previous costs after each save", async () => {
  await withSpec(async (file, edit) => {
    await using watch = new Watch(file, { json: false });
    const first = await watch.next();
    assertStringIncludes(first, "mine\n");
    assertMatch(first, /\| +8\.36 M \| +347\.05 k \|/);
    await edit("growth: 24", "growth: 12");
    assertMatch(await watch.next(), /\| +6\.15 M \| +−26\.5 % \|[^]*\nparameters: .* \(−\d+\.\d %\)\n/);
    await edit("growth: 12", "grwth: 12");
    assertStringIncludes(await watch.next(), 'unknown key "grwth", did you mean growth?');
    await edit("grwth: 12", "growth: 24");
    assertMatch(await watch.next(), /\| +8\.36 M \| +\+36\.0 % \|/);
  });
});

Deno.test("plan --watch --json prints one line per change", async () => {
  await withSpec(async (file, edit) => {
    await using watch = new Watch(file, { json: true });
    assertEquals(JSON.parse(await watch.next()).params, 2547601);
    await edit("name: mine", "name: [");
    assertMatch(JSON.parse(await watch.next()).error, /not valid YAML/);
    await edit("name: [", "name: other");
    assertEquals(JSON.parse(await watch.next()).name, "other");
  });
});

Deno.test("plan --watch refuses names that are not files", async () => {
  for (const source of ["ranet-cifar10", "https://example.com/x.yaml"]) {
    const { code, notes } = await ranet("plan", source, "--watch");
    assertEquals(code, 2);
    assertStringIncludes(notes, "expected the path of a YAML file");
  }
  const { code, notes } = await ranet("plan", "nowhere/x.yaml", "--watch");
  assertEquals([code, notes], [1, 'Cannot watch "nowhere/x.yaml": there is no such file']);
});
