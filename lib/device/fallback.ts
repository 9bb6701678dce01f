/**
 * The one policy of what runs where, and of what takes over when that fails.
 *
 * - `cpu` and `gpu` are taken at their word.
 * - `auto` takes the WebGPU adapter, unless there is none or it is itself a driver on the CPU, which our CPU runner beats.
 * - A device that fails at work, as when it is lost, is opened once more.
 * - An adapter that fails again, cannot be opened, or computes wrongly is an error for `gpu`; for `auto` the CPU takes over
 *   for good.
 * - Whenever the CPU runs in place of an adapter that is not there or failed, `auto` says so, once.
 *
 * @module
 */

import type { DeviceInfo, Runner } from "./runner.ts";
import { SelfTestError } from "./webgpu/trust.ts";

/** `auto`: the WebGPU adapter if there is one that is not itself a CPU driver, else the CPU runner. */
export type DeviceChoice = "auto" | "gpu" | "cpu";
/** The choices. */
export const DEVICES: readonly DeviceChoice[] = ["auto", "gpu", "cpu"];

/** What is opened: a runner, or a trainer. */
export interface OnDevice {
  /** What it runs on. */
  readonly device: Pick<DeviceInfo, "kind">;
}

/** What there is to choose from. */
export interface Devices<Adapter extends { readonly isCpu: boolean }, Opened extends OnDevice = Runner> {
  /** The WebGPU adapter, if there is one. */
  readonly find: () => Promise<Adapter | undefined>;
  /** Opens the adapter; without one, throws an error that says what to do. */
  readonly openGpu: (adapter?: Adapter) => Promise<Opened>;
  /** Opens the CPU. */
  readonly openCpu: () => Promise<Opened>;
}

/** Where an executor gets what it runs on. */
export interface Runners {
  /**
   * Opens what is to run now.
   *
   * @throws {RanetError} If `gpu` cannot be opened, or not even the CPU runner can.
   */
  open(): Promise<Runner>;
  /** Notes that a runner failed at work; returns whether what is opened next may do better. */
  recoversFrom(error: unknown, runner: Runner): boolean;
}

/** Opens what runs, again where that fails. */
export class Fallback<Adapter extends { readonly isCpu: boolean }, Opened extends OnDevice = Runner> {
  readonly #choice: DeviceChoice;
  readonly #devices: Devices<Adapter, Opened>;
  readonly #say: (message: string) => void;
  /** Why the adapter is not asked for any more. */
  #givenUp?: string;
  #said = false;
  #failures = 0;

  /**
   * Makes one.
   *
   * @param options `say`: told why the CPU runs in place of an adapter.
   */
  constructor(devices: Devices<Adapter, Opened>, options: { choice: DeviceChoice; say: (message: string) => void }) {
    this.#devices = devices;
    this.#choice = options.choice;
    this.#say = options.say;
  }

  /** Opens what is to run now. */
  async open(): Promise<Opened> {
    const { find, openGpu, openCpu } = this.#devices;
    if (this.#choice === "cpu") return await openCpu();
    if (this.#choice === "gpu") return await openGpu();
    if (this.#givenUp === undefined) {
      try {
        const adapter = await find();
        if (adapter?.isCpu) return await openCpu();
        if (adapter) return await openGpu(adapter);
        this.#givenUp = "there is no WebGPU adapter";
      } catch (error) {
        this.#givenUp = (error as Error).message;
      }
    }
    const cpu = await openCpu();
    if (!this.#said) this.#say(`Running on the CPU: ${this.#givenUp}`);
    this.#said = true;
    return cpu;
  }

  /** Notes that a runner failed at work; returns whether what is opened next may do better. */
  recoversFrom(error: unknown, opened: Opened): boolean {
    if (opened.device.kind === "cpu") return false;
    const isHopeless = error instanceof SelfTestError || this.#failures++ > 0;
    if (isHopeless) this.#givenUp = (error as Error).message;
    return !isHopeless || this.#choice === "auto";
  }
}
