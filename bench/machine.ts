/**
 * Where the figures come from.
 *
 * @module
 */

import { cpus, totalmem } from "node:os";
import config from "../deno.json" with { type: "json" };
import type { Adapter } from "../lib/device/webgpu/adapter.ts";

/** A machine and what runs on it. */
export interface Machine {
  /** The WebGPU adapter, if there is one and it was measured. */
  readonly adapter?: string;
  /** The processor. */
  readonly cpu: string;
  /** Its cores. */
  readonly cores: number;
  /** Main memory. */
  readonly memoryBytes: number;
  /** Operating system, release and architecture. */
  readonly os: string;
  /** Processes that wanted a core in the last minute before, on average: what else was going on. */
  readonly load: number;
  /** Versions of Deno and of this library. */
  readonly versions: { readonly deno: string; readonly ranet: string };
}

/** Describes this machine. */
export function describeMachine(adapter: Adapter | undefined): Machine {
  const { os, arch } = Deno.build;
  return {
    adapter: adapter?.name,
    cpu: cpus()[0]?.model ?? "unknown",
    cores: navigator.hardwareConcurrency,
    memoryBytes: totalmem(),
    os: `${os} ${Deno.osRelease()} ${arch}`,
    load: Deno.loadavg()[0],
    versions: { deno: Deno.version.deno, ranet: config.version },
  };
}
