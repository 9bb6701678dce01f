/**
 * Tests the launcher with fake `deno` and `npm` programs on PATH that print their arguments.
 *
 * @module
 */

import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";

const LAUNCHER = new URL("../ranet", import.meta.url).pathname;
const ROOT = LAUNCHER.slice(0, -"/ranet".length);
const ECHO = 'echo "$@"; echo "cwd $PWD"; echo "JSR_URL $JSR_URL"';
const KEPT = 'echo "$HOME $DENO_DIR $XDG_CACHE_HOME $npm_config_cache"';

interface Setup {
  /** Output of `deno -V`. Default: a version that is too old. */
  readonly version?: string;
  /** What any other call of `deno` does. */
  readonly deno?: string;
  /** A program that runs the launcher. Default: none. */
  readonly by?: string;
  /** Further programs on PATH. */
  readonly bin?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs the launcher once per list of arguments, in one new folder that is both home and current directory. */
async function launch({ version = "deno 1.0.0", deno = ECHO, by = LAUNCHER, bin, env }: Setup, ...calls: string[][]) {
  const home = await Deno.makeTempDir();
  try {
    await Deno.mkdir(`${home}/bin`);
    const programs = { deno: `[ "$1" != -V ] || { echo "${version}"; exit; }\n${deno}`, npm: "exit 1", ...bin };
    for (const [name, body] of Object.entries(programs)) {
      await Deno.writeTextFile(`${home}/bin/${name}`, `#!/bin/sh\n${body}\n`, { mode: 0o755 });
    }
    const runs = [];
    for (const args of calls) {
      const { code, stdout, stderr } = await new Deno.Command(by, {
        args: by === LAUNCHER ? args : [LAUNCHER, ...args],
        cwd: home,
        clearEnv: true,
        env: { HOME: home, PATH: `${home}/bin:/usr/bin:/bin`, ...env },
      }).output();
      const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes).replaceAll(home, "~"));
      runs.push({ code, out, err });
    }
    return runs;
  } finally {
    await Deno.remove(home, { recursive: true });
  }
}

Deno.test("the launcher runs commands with cli.ts in the current directory, without output of its own", async () => {
  const [run] = await launch({ version: "deno 2.9.6" }, ["classify", "a b.jpg", "--json"]);
  assertEquals(run.err, "");
  assertEquals(run.out.split("\n").slice(0, 2), [
    `run --quiet --no-prompt -P=cli ${ROOT}/cli.ts classify a b.jpg --json`,
    "cwd ~",
  ]);
});

Deno.test("the launcher runs the tasks of deno.json by name", async () => {
  const [task, command] = await launch({ version: "deno 2.9.6" }, ["lint", "--fix"], ["2.0"]);
  assertStringIncludes(task.out, `task --quiet --config ${ROOT}/deno.json lint --fix\n`);
  assertMatch(command.out, /^run /);
  const [web, bench] = await launch({ version: "deno 2.9.6" }, ["web", "--help"], ["bench", "--help"]);
  assertStringIncludes(web.out, "cli.ts help web\n");
  assertStringIncludes(bench.out, "deno.json bench --help\n");
});

Deno.test("the launcher runs a script with its project's import map, or with the library's", async () => {
  const flags = "--allow-read --allow-write --allow-net";
  const outside = await Deno.makeTempDir();
  try {
    await Deno.mkdir(`${outside}/project/deep`, { recursive: true });
    await Deno.writeTextFile(`${outside}/project/deno.jsonc`, "{}");
    const [alone, own, nothing, all, set] = await launch(
      { version: "deno 2.9.6", env: { RANET_OFFLINE: "0" } },
      ["run", "--allow-env", `${outside}/a b.ts`, "--json"],
      ["run", `${outside}/project/deep/script.ts`],
      ["run"],
      ["run", "-A", `${outside}/project/deep/script.ts`, "-A"],
      ["run", "--permission-set=own", `${outside}/project/deep/script.ts`],
    );
    const [first] = alone.out.split("\n");
    assertEquals(first, `run --quiet ${flags} --config ${ROOT}/deno.json --allow-env ${outside}/a b.ts --json`);
    assertEquals(own.out.split("\n")[0], `run --quiet ${flags} ${outside}/project/deep/script.ts`);
    assertEquals([nothing.code, nothing.out], [2, ""]);
    assertStringIncludes(nothing.err, "ranet: Cannot run: expected ./ranet run SCRIPT");
    assertEquals(all.out.split("\n")[0], `run --quiet -A ${outside}/project/deep/script.ts -A`);
    assertEquals(set.out.split("\n")[0], `run --quiet --permission-set=own ${outside}/project/deep/script.ts`);
  } finally {
    await Deno.remove(outside, { recursive: true });
  }
});

Deno.test("the launcher uses a newer Deno, and installs its own version through npm if Deno is too old", async () => {
  for (const version of ["deno 2.10.0", "deno 3.0.1"]) {
    const [run] = await launch({ version }, ["plan"]);
    assertMatch(run.out, /^run /, version);
  }
  for (const version of ["deno 2.8.9", "deno 1.46.0"]) {
    const [run] = await launch({ version, bin: { npm: "echo no network >&2; exit 1" } }, ["plan"]);
    assertEquals([run.code, run.out], [1, ""], version);
    assertMatch(run.err, /no network\nranet: Cannot install Deno .*npm could not install deno@.*\n$/, version);
  }
});

Deno.test("the launcher installs Deno once, and only a build that runs on this machine", async () => {
  const npm = `
    for build in broken good; do mkdir -p "$3/node_modules/@deno/$build"; done
    printf '#!/bin/sh\\nexit 1' >"$3/node_modules/@deno/broken/deno"
    printf '#!/bin/sh\\necho deno 2.9.6' >"$3/node_modules/@deno/good/deno"
    chmod +x "$3"/node_modules/@deno/*/deno`;
  const [first, second] = await launch({ bin: { npm } }, ["plan"], ["plan"]);
  assertMatch(first.err, /^ranet: installing Deno .* through npm, once, in ~\/.cache\/ranet\/deno-[\d.]+\n$/);
  assertEquals([first.code, first.out, second.code, second.err], [0, "deno 2.9.6\n", 0, ""]);
});

Deno.test("the launcher checks once whether JSR can be reached, and stores the answer", async () => {
  const reachable = await launch({ version: "deno 2.9.6" }, ["plan"], ["plan"]);
  for (const { out, err } of reachable) assertEquals([out.split("\n")[2], err], ["JSR_URL ", ""]);

  const [first, second] = await launch({ version: "deno 2.9.6", deno: `[ "$1" != cache ] || exit 1\n${ECHO}` }, [
    "plan",
  ], [
    "plan",
  ]);
  assertMatch(first.err, /^ranet: JSR cannot be reached: .*\n$/);
  assertEquals(second.err, "");
  for (const { out } of [first, second]) assertMatch(out, /^JSR_URL file:\/\/~\/.cache\/ranet\/stand-ins-[\d-]+\/$/m);
});

Deno.test("RANET_OFFLINE selects JSR or stand-ins; a registry that you have set is kept", async () => {
  const registry = async (env: Record<string, string>) =>
    (await launch({ version: "deno 2.9.6", env }, ["plan"]))[0].out.split("\n")[2];
  assertMatch(await registry({ RANET_OFFLINE: "1" }), /^JSR_URL file:.*\/stand-ins-/);
  assertEquals(await registry({ RANET_OFFLINE: "0" }), "JSR_URL ");
  assertEquals(await registry({ JSR_URL: "https://jsr.example/", RANET_OFFLINE: "1" }), "JSR_URL https://jsr.example/");
});

Deno.test("the launcher installs a WebGPU driver for tests if it may, and otherwise explains how", async () => {
  const deno = `[ "$1" != eval ] || { [ -e adapter ]; exit; }\n${ECHO}`;
  const setup = { version: "deno 2.9.6", deno, env: { RANET_OFFLINE: "1" } };
  const apt = 'echo "apt-get $@" >&2; [ "$1" = update ] || touch adapter';

  const [user] = await launch({ ...setup, bin: { id: "echo 1000", "apt-get": apt } }, ["test"]);
  assertMatch(user.err, /^ranet: no Vulkan adapter; .*: sudo apt-get install .*mesa-vulkan-drivers.*\n$/);
  assertMatch(user.out, /^task .* test\n/);

  const [root, again] = await launch({ ...setup, bin: { id: "echo 0", "apt-get": apt } }, ["test", "a_test.ts"], [
    "test",
  ]);
  assertMatch(root.err, /^ranet: no Vulkan adapter: installing .*\napt-get update.*\napt-get install .*libvulkan1\n$/);
  assertMatch(root.out, /^task .* test a_test.ts\n/);
  assertEquals(again.err, "");

  const [offline] = await launch({ ...setup, bin: { id: "echo 0", "apt-get": "exit 100" } }, ["test"]);
  assertStringIncludes(offline.err, "ranet: still no Vulkan adapter\n");
  assertMatch(offline.out, /^task .* test\n/);
});

/** Output of the launcher with these folders as cache, home and temporary folder; `~` is a new folder. */
async function launchWith(
  env: Readonly<Record<string, string>>,
  options: { prepare?: (home: string) => Promise<unknown>; version?: string; deno?: string } = {},
) {
  const { prepare, ...setup } = options;
  const folder = await Deno.makeTempDir();
  try {
    await prepare?.(folder);
    const [run] = await launch({
      version: "deno 2.9.6",
      ...setup,
      env: {
        RANET_OFFLINE: "1",
        ...Object.fromEntries(Object.entries(env).map(([k, v]) => [k, v.replace("~", folder)])),
      },
    }, ["plan"]);
    return { ...run, out: run.out.replaceAll(folder, "~"), err: run.err.replaceAll(folder, "~") };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("without a home directory, the launcher uses a private temporary folder", async () => {
  const uid = Deno.uid();
  const theirs = `~/ranet-${uid}`;
  const fresh = await launchWith({ HOME: "", TMPDIR: "~" });
  assertEquals([fresh.code, fresh.err], [0, ""]);
  assertMatch(fresh.out, new RegExp(`^JSR_URL file://${theirs}/stand-ins-`, "m"));

  const kept = await launchWith({ HOME: "", TMPDIR: "~" }, { deno: KEPT });
  assertEquals(kept.out, `${theirs} ${theirs}/deno ${theirs} ${theirs}/npm\n`);
  const own = { DENO_DIR: "/deno", npm_config_cache: "/npm" };
  assertEquals(
    (await launchWith({ HOME: "", TMPDIR: "~", ...own }, { deno: KEPT })).out,
    `${theirs} /deno ${theirs} /npm\n`,
  );

  const open = {
    prepare: (folder: string) =>
      Deno.mkdir(`${folder}/ranet-${uid}`, { mode: 0o777 }).then(() => Deno.chmod(`${folder}/ranet-${uid}`, 0o777)),
  };
  const link = { prepare: (folder: string) => Deno.symlink(".", `${folder}/ranet-${uid}`) };
  for (const options of [open, link]) {
    const refused = await launchWith({ HOME: "", TMPDIR: "~" }, options);
    assertEquals([refused.code, refused.out], [1, ""]);
    assertMatch(refused.err, /^ranet: Cannot use a cache folder: .*not private to you.*\n$/);
  }
});

Deno.test("the launcher works if the home directory is not writable", async () => {
  // A path below a file: not even root can create folders there.
  const run = await launchWith({ HOME: "~/file", TMPDIR: "~" }, {
    prepare: (folder) => Deno.writeTextFile(`${folder}/file`, ""),
    deno: KEPT,
  });
  const theirs = `~/ranet-${Deno.uid()}`;
  assertEquals([run.code, run.err], [0, ""]);
  assertEquals(run.out, `~/file ${theirs}/deno ${theirs} ${theirs}/npm\n`);
});

Deno.test("the launcher detects nohup", async () => {
  const setup = { version: "deno 2.9.6", deno: 'echo "nohup: ${RANET_NOHUP:-no}"', env: { RANET_OFFLINE: "1" } };
  const [alone] = await launch(setup, ["plan"]);
  const [kept] = await launch({ ...setup, by: "nohup" }, ["plan"]);
  assertEquals([alone.out, kept.out], ["nohup: no\n", "nohup: 1\n"]);
});

Deno.test("the path of the cache folder may contain URL characters, but no line break", async () => {
  const run = await launchWith({ XDG_CACHE_HOME: "~/a b#c?d%20e" });
  assertMatch(run.out, /^JSR_URL file:\/\/~\/a b%23c%3Fd%2520e\/ranet\/stand-ins-/m);
  const broken = await launchWith({ XDG_CACHE_HOME: "~/a\nb" });
  assertEquals([broken.code, broken.out], [1, ""]);
  assertMatch(broken.err, /^ranet: Cannot use a cache folder whose name has a line break;.*\n$/);
});

Deno.test("the launcher refuses a Deno that belongs to another user", { ignore: Deno.uid() !== 0 }, async () => {
  const put = (owner: number) => async (folder: string) => {
    await Deno.mkdir(`${folder}/ranet/deno-2.9.6`, { recursive: true });
    await Deno.writeTextFile(`${folder}/ranet/deno-2.9.6/deno`, "#!/bin/sh\necho ran", { mode: 0o755 });
    await Deno.chown(`${folder}/ranet/deno-2.9.6/deno`, owner, owner);
  };
  const own = await launchWith({ XDG_CACHE_HOME: "~" }, { version: "deno 1.0.0", prepare: put(0) });
  assertEquals([own.code, own.out], [0, "ran\n"]);
  const other = await launchWith({ XDG_CACHE_HOME: "~" }, { version: "deno 1.0.0", prepare: put(65534) });
  assertEquals([other.code, other.out], [1, ""]);
  assertMatch(other.err, /^ranet: Cannot run .*: it belongs to another user\./);
});
