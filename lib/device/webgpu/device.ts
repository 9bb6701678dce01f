/**
 * An opened adapter: its WebGPU device, the kernels compiled for it, and the reason if it failed.
 *
 * @module
 */

import { RanetError } from "../../errors.ts";
import type { Precision } from "../precision.ts";
import { type Adapter, requestDevice, titleOf } from "./adapter.ts";
import { KernelCache } from "./kernels.ts";

/** A WebGPU device and its kernels. */
export class OpenAdapter implements Disposable {
  /** The adapter that was opened. */
  readonly adapter: Adapter;
  /** How its kernels read weights. */
  readonly precision: Precision;
  /** The device itself. */
  readonly gpu: GPUDevice;
  /** Its kernels. */
  readonly kernels: KernelCache;
  #failure?: string;
  #disposed = false;

  /**
   * Opens an adapter. WebGPU allows one device per adapter.
   *
   * @throws {RanetError} If it cannot be opened.
   */
  static async open(adapter: Adapter, options: { precision: Precision }): Promise<OpenAdapter> {
    return new OpenAdapter(adapter, await requestDevice(adapter), options.precision);
  }

  private constructor(adapter: Adapter, gpu: GPUDevice, precision: Precision) {
    this.adapter = adapter;
    this.gpu = gpu;
    this.precision = precision;
    this.kernels = new KernelCache(gpu, precision);
    gpu.addEventListener("uncapturederror", (event) => {
      this.#failure ??= (event as GPUUncapturedErrorEvent).error.message;
    });
    // Errors after the loss have this cause.
    gpu.lost.then(({ reason, message }) => {
      if (!this.#disposed) this.#failure = `the device was lost (${reason}) ${message}`.trimEnd();
    });
  }

  /**
   * Waits for a result of the device.
   *
   * @throws {RanetError} If it fails, or has failed.
   */
  async settle<T>(given: Promise<T>): Promise<T> {
    try {
      const value = await given;
      if (this.#failure === undefined) return value;
    } catch (error) {
      this.#failure ??= (error as Error).message;
      // The loss of a device is reported a little later than the error that it causes.
      await new Promise((resolve) => setTimeout(resolve));
    }
    throw new RanetError(`Cannot run on ${titleOf(this.adapter)}: ${this.#failure}`);
  }

  /** Frees the device and all its memory. */
  [Symbol.dispose](): void {
    this.#disposed = true;
    this.#failure = "it has been disposed of";
    this.gpu.destroy();
  }
}
