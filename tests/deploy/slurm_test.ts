import { assert, assertEquals } from "@std/assert";
import { withFolder } from "../cli/ranet.ts";
import { LONG } from "../long.ts";
import { hasSlurm, startSlurm, until } from "./slurm.ts";

const root = new URL("../../", import.meta.url).pathname;
/** Enough images that a task is still running when it is killed. */
const IMAGES = 6000;

const there = hasSlurm();
if (!there || !LONG) {
  console.error(
    "Not run: shards on Slurm. To run it: apt-get install slurmctld slurmd slurm-client munge; RANET_LONG=1",
  );
}

Deno.test({
  name: "shards on Slurm, with one killed and requeued, merge to the file of one run",
  ignore: !LONG || (!there && Deno.env.get("CI") !== "true"),
  fn: () =>
    withFolder(async (folder) => {
      assert(there, "CI is true, and there is no Slurm: apt-get install slurmctld slurmd slurm-client munge");
      const at = (name: string) => `${folder}/${name}`;
      await Deno.mkdir(at("photos"));
      for (let i = 0; i < IMAGES; i++) {
        const name = ["cat", "ship", "truck"][i % 3];
        await Deno.copyFile(`${root}examples/${name}.jpg`, at(`photos/${String(i).padStart(4, "0")}.jpg`));
      }
      await using cluster = await startSlurm(folder, { cpus: 8 });
      // Simulates a failing node: the task is killed while it runs, and is requeued.
      const second = at("results/2.jsonl");
      await Deno.writeTextFile(
        at("ranet"),
        `#!/bin/bash
if [ "$SLURM_ARRAY_TASK_ID" = 2 ] && [ -z "\${SLURM_RESTART_COUNT:-}" ]; then
  "${root}ranet" "$@" &
  while [ "$(cat ${second} 2>/dev/null | wc -l)" -lt 20 ]; do sleep 0.05; done
  kill -9 $!
  wait
  cp ${second} ${at("killed")}
  sleep 600
fi
exec "${root}ranet" "$@"
`,
        { mode: 0o755 },
      );
      const submitted = await cluster.run(
        "sbatch",
        "--parsable",
        "--array=0-3",
        `--export=ALL,RANET=${at("ranet")}`,
        "--mem=0",
        `${root}deploy/slurm.sh`,
        at("photos"),
        at("results"),
      );
      const job = `${submitted.trim()}_2`;
      await until(() => Deno.stat(at("killed")).then(() => true, () => false), "a task should be killed", 300);
      await cluster.run("scontrol", "requeue", job);
      await until(
        async () => (await cluster.run("squeue", "-h", "-j", job, "-o", "%T")).includes("PENDING"),
        "requeued",
      );
      // By default, Slurm would wait two minutes. An immediate start may fail while the node is still cleaning up.
      await cluster.run("scontrol", "update", `JobId=${job}`, "StartTime=now+5");
      await cluster.done();

      const ranet = async (...args: string[]) => {
        const { code, stderr } = await new Deno.Command(`${root}ranet`, { args }).output();
        assertEquals(code, 0, new TextDecoder().decode(stderr));
      };
      await ranet("classify", at("photos"), "--device", "cpu", "--out", at("whole.jsonl"));
      await ranet("merge", ...[0, 1, 2, 3].map((i) => at(`results/${i}.jsonl`)), "--out", at("merged.jsonl"));
      assert(await Deno.readTextFile(at("merged.jsonl")) === await Deno.readTextFile(at("whole.jsonl")));
      const [before, after] = [await Deno.readTextFile(at("killed")), await Deno.readTextFile(second)];
      assert(before.length < after.length, "it should have been killed before its end");
      assert(after.startsWith(before.slice(0, before.lastIndexOf("\n"))), "what it had should stay");
    }),
});
