/**
 * Chooses the device that runs a plan, and the one that replaces it after a failure. No other module decides this.
 *
 * - `cpu` and `gpu` use exactly that device.
 * - `auto` uses the WebGPU adapter, unless there is none or it is a CPU driver, which is slower than our CPU runner.
 * - A device that fails during a run, for example because it is lost, is opened a second time.
 * - If an adapter fails again, cannot be opened, or computes wrong results, `gpu` throws an error, and `auto` uses the
 *   CPU from then on.
 * - `auto` reports once that the CPU replaces an adapter that is missing or failed.
 *
 * @module
 */

import type { DeviceInfo, Runner } from "./runner.ts";
import { SelfTestError } from "./webgpu/trust.ts";

/** `auto`: the WebGPU adapter if there is one and it is not a CPU driver, otherwise the CPU runner. */
export type DeviceChoice = "auto" | "gpu" | "cpu";
/** All choices of a device. */
export const DEVICES: readonly DeviceChoice[] = ["auto", "gpu", "cpu"];

/** What is opened: a runner, or a trainer. */
export interface OnDevice {
  /** The device that it runs on. */
  readonly device: Pick<DeviceInfo, "kind">;
}

/** The devices to choose from. */
export interface Devices<Adapter extends { readonly isCpu: boolean }, Opened extends OnDevice = Runner> {
  /** The WebGPU adapter, if there is one. */
  readonly find: () => Promise<Adapter | undefined>;
  /** Opens the adapter. Without one it throws an error that says what to do. */
  readonly openGpu: (adapter?: Adapter) => Promise<Opened>;
  /** Opens the CPU. */
  readonly openCpu: () => Promise<Opened>;
}

/** Opens runners for an executor. */
export interface Runners {
  /**
   * Opens the runner to use next.
   *
   * @throws {RanetError} If `gpu` cannot be opened, or not even the CPU runner can.
   */
  open(): Promise<Runner>;
  /** Records that a runner failed; returns whether opening another may help. */
  recoversFrom(error: unknown, runner: Runner): boolean;
}

/** Opens a runner or trainer, and a replacement after a failure. */
export class Fallback<Adapter extends { readonly isCpu: boolean }, Opened extends OnDevice = Runner> {
  readonly #choice: DeviceChoice;
  readonly #devices: Devices<Adapter, Opened>;
  readonly #say: (message: string) => void;
  /** Why the adapter is no longer used. */
  #givenUp?: string;
  #said = false;
  #failures = 0;

  /**
   * Creates the fallback.
   *
   * @param options `say`: receives the reason why the CPU replaces an adapter.
   */
  constructor(devices: Devices<Adapter, Opened>, options: { choice: DeviceChoice; say: (message: string) => void }) {
    this.#devices = devices;
    this.#choice = options.choice;
    this.#say = options.say;
  }

  /** Opens the runner or trainer to use next. */
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

  /** Records that a runner failed; returns whether opening another may help. */
  recoversFrom(error: unknown, opened: Opened): boolean {
    if (opened.device.kind === "cpu") return false;
    const isHopeless = error instanceof SelfTestError || this.#failures++ > 0;
    if (isHopeless) this.#givenUp = (error as Error).message;
    return !isHopeless || this.#choice === "auto";
  }
}
