import { assertEquals, assertRejects } from "@std/assert";
import asc from "assemblyscript/asc";
import { ThreadPool } from "../../../lib/device/cpu/pool.ts";

const SOURCE = `
/** Writes each thread's number and the number of threads at the thread's index. */
export function mark(thread: i32, threads: i32, at: i32): void {
  store<i32>(at + 4 * thread, thread + 100 * threads);
}
export function spin(_thread: i32, _threads: i32): void {
  while (!atomic.load<i32>(0)) {}
}
export function wait(_thread: i32, _threads: i32): void {
  while (!atomic.load<i32>(0)) atomic.wait<i32>(0, 0, -1);
}
export function trap(thread: i32, threads: i32): void {
  if (thread == 1) unreachable();
  wait(thread, threads);
}
`;

const FLAGS = "--runtime stub --enable threads --importMemory --sharedMemory --initialMemory 1 --maximumMemory 1";

async function compile(): Promise<Uint8Array<ArrayBuffer>> {
  const { promise, resolve } = Promise.withResolvers<Uint8Array<ArrayBuffer>>();
  const { error, stderr } = await asc.main(["pool.ts", "--outFile", "pool.wasm", ...FLAGS.split(" ")], {
    readFile: (name) => name === "pool.ts" ? SOURCE : null,
    writeFile: (_, contents) => resolve(contents as Uint8Array<ArrayBuffer>),
    listFiles: () => [],
  });
  if (error) throw new Error(`${stderr}`);
  return await promise;
}

const module = new WebAssembly.Module(await compile());

function open(threads: number): { pool: ThreadPool; words: Int32Array } {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
  return { pool: new ThreadPool(module, memory, { threads }), words: new Int32Array(memory.buffer) };
}

Deno.test("ThreadPool calls every thread with its number and the number of threads", async () => {
  const { pool, words } = open(3);
  using _ = pool;
  await pool.run("mark", [16], { threads: 2 });
  assertEquals([...words.subarray(4, 8)], [200, 201, 0, 0]);
  await pool.run("mark", [16]);
  assertEquals([...words.subarray(4, 8)], [300, 301, 302, 0]);
});

Deno.test("ThreadPool does not block the caller, and executes one run at a time", async () => {
  const { pool, words } = open(2);
  using _ = pool;
  const run = pool.run("wait", []);
  await assertRejects(() => pool.run("mark", [16]), Error, "already running");
  await new Promise((resolve) => setTimeout(resolve, 20));
  Atomics.store(words, 0, 1);
  Atomics.notify(words, 0);
  await run;
});

Deno.test("ThreadPool ends a run and its waiting threads after an error in one thread", async () => {
  const { pool } = open(3);
  using _ = pool;
  await assertRejects(() => pool.run("trap", []), Error, "unreachable");
  await assertRejects(() => pool.run("mark", [16]), Error, "unreachable");
});

for (const name of ["spin", "wait"]) {
  Deno.test(`disposing of a ThreadPool ends threads that ${name}`, async () => {
    const { pool } = open(2);
    const run = pool.run(name, []);
    setTimeout(() => pool[Symbol.dispose](), 50);
    await assertRejects(() => run, Error, "disposed");
  });
}

Deno.test("idle threads do not keep the process alive, and need no permission", async () => {
  const script = await Deno.makeTempFile({ suffix: ".ts" });
  await Deno.writeTextFile(
    script,
    `import { ThreadPool } from ${JSON.stringify(import.meta.resolve("../../../lib/device/cpu/pool.ts"))};
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
    const module = new WebAssembly.Module(new Uint8Array([${await compile()}]));
    await new ThreadPool(module, memory, { threads: 2 }).run("mark", [16]);
    console.log(...new Int32Array(memory.buffer, 16, 2));`,
  );
  const { code, stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-prompt", "--no-config", script],
    signal: AbortSignal.timeout(20_000),
  }).output();
  await Deno.remove(script);
  assertEquals(new TextDecoder().decode(stdout), "200 201\n");
  assertEquals(code, 0);
});
