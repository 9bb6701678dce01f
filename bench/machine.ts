/**
 * Describes the machine that is measured.
 *
 * @module
 */

import { cpus, totalmem } from "node:os";
import config from "../deno.json" with { type: "json" };
import type { Adapter } from "../lib/device/webgpu/adapter.ts";

/** A machine, with the versions of its software. */
export interface Machine {
  /** The WebGPU adapter, if there is one and it was measured. */
  readonly adapter?: string;
  /** The processor. */
  readonly cpu: string;
  /** Number of cores. */
  readonly cores: number;
  /** Main memory. */
  readonly memoryBytes: number;
  /** Operating system, release and architecture. */
  readonly os: string;
  /** Load average of the minute before the run. */
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
