/**
 * A Slurm cluster of one node on this machine, in its own folder.
 *
 * @module
 */

import { assert } from "@std/assert";

const PROGRAMS = ["munged", "slurmctld", "slurmd", "sbatch", "scontrol", "squeue"];
const PATH = `${Deno.env.get("PATH")}:/usr/sbin`;

/** Whether Slurm is installed: Debian's slurmctld, slurmd, slurm-client and munge. */
export function hasSlurm(): boolean {
  return PROGRAMS.every((program) => PATH.split(":").some((folder) => exists(`${folder}/${program}`)));
}

/** A running cluster. */
export interface Cluster extends AsyncDisposable {
  /** Runs one of Slurm's programs and returns its output. */
  run(program: string, ...args: string[]): Promise<string>;
  /** Waits until all jobs have ended. */
  done(): Promise<void>;
}

/** Starts a cluster. */
export async function startSlurm(folder: string, { cpus }: { readonly cpus: number }): Promise<Cluster> {
  const host = Deno.hostname();
  const [first, second] = [await freePort(), await freePort()];
  const at = (name: string) => `${folder}/${name}`;
  for (const name of ["state", "spool"]) await Deno.mkdir(at(name));
  await Deno.writeFile(at("key"), crypto.getRandomValues(new Uint8Array(1024)), { mode: 0o600 });
  await Deno.writeTextFile(
    at("slurm.conf"),
    `ClusterName=test
SlurmctldHost=${host}(127.0.0.1)
SlurmctldPort=${first}
SlurmdPort=${second}
AuthType=auth/munge
AuthInfo=socket=${at("munge.socket")}
SlurmUser=root
SlurmdUser=root
StateSaveLocation=${at("state")}
SlurmdSpoolDir=${at("spool")}
SlurmctldPidFile=${at("slurmctld.pid")}
SlurmdPidFile=${at("slurmd.pid")}
SlurmctldLogFile=${at("slurmctld.log")}
SlurmdLogFile=${at("slurmd.log")}
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
ReturnToService=2
SlurmdParameters=config_overrides
MpiDefault=none
NodeName=${host} NodeAddr=127.0.0.1 CPUs=${cpus} RealMemory=100000
PartitionName=main Nodes=ALL Default=YES State=UP
`,
  );
  const env = { PATH, SLURM_CONF: at("slurm.conf") };
  const run = async (program: string, ...args: string[]) => {
    const { code, stdout, stderr } = await new Deno.Command(program, { args, env, cwd: folder }).output();
    const text = new TextDecoder();
    assert(code === 0, `${program} ${args.join(" ")}: ${text.decode(stdout)}${text.decode(stderr)}`);
    return text.decode(stdout);
  };
  const files = ["socket", "pid-file", "log-file", "seed-file"].map((name) =>
    `--${name}=${at(`munge.${name.split("-")[0]}`)}`
  );
  await run("munged", "--force", `--key-file=${at("key")}`, ...files);
  await run("slurmctld");
  await run("slurmd");
  const cluster: Cluster = {
    run,
    done: () => until(async () => (await run("squeue", "-h")).trim() === "", "jobs should end", 300),
    async [Symbol.asyncDispose]() {
      for (const name of ["slurmctld", "slurmd", "munge"]) {
        Deno.kill(Number(await Deno.readTextFile(at(`${name}.pid`))));
      }
      await until(() => Promise.resolve(!exists(at("slurmctld.pid"))), "slurmctld should end");
    },
  };
  try {
    await until(async () => (await run("sinfo", "-h", "-o", "%T")).trim() === "idle", "the node should be idle");
  } catch (error) {
    await cluster[Symbol.asyncDispose]();
    throw error;
  }
  return cluster;
}

/** Waits for a condition, at most the given number of seconds. */
export async function until(holds: () => Promise<boolean>, what: string, seconds = 60): Promise<void> {
  for (const end = performance.now() + 1000 * seconds; !await holds();) {
    assert(performance.now() < end, what);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

function exists(path: string): boolean {
  try {
    return Deno.lstatSync(path) !== undefined;
  } catch {
    return false;
  }
}

function freePort(): Promise<number> {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return Promise.resolve(listener.addr.port);
}
