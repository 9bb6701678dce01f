/**
 * The interface of all devices: running a plan's stages over a batch. The executor uses nothing else of a device.
 *
 * @module
 */

/** The device that a plan runs on. */
export interface DeviceInfo {
  /** `gpu`: a WebGPU adapter, which may itself be a CPU driver; `cpu`: the runner in WebAssembly. */
  readonly kind: "gpu" | "cpu";
  /** The adapter's name. */
  readonly name: string;
}

/** The stages to run, and where samples may stop. */
export interface StageRange {
  /** First stage, counted from 0; stages before it have run on the loaded batch. */
  readonly from: number;
  /** One more than the last stage. */
  readonly to: number;
  /**
   * One per stage of the range. A sample whose confidence reaches it exits there. Without thresholds every sample goes
   * through all stages of the range.
   */
  readonly thresholds?: readonly number[];
}

/** The results of running stages. */
export interface StageResults {
  /** For each stage of the range, logits `[sample][class]`, valid only for samples that reached the stage. */
  readonly logits: readonly Float32Array[];
  /** For each sample the last stage that it ran. */
  readonly exits: readonly number[];
}

/** A plan with its weights on a device. One batch at a time. */
export interface Runner extends Disposable {
  /** The device that it runs on. */
  readonly device: DeviceInfo;
  /** Most samples in a batch. */
  readonly batchSize: number;
  /**
   * Starts a batch.
   *
   * @param images Normalised images, `count × channels × height × width`.
   * @param count Number of images, at most `batchSize`.
   */
  load(images: Float32Array, count: number): void | Promise<void>;
  /** Runs stages on the batch. */
  run(range: StageRange): Promise<StageResults>;
}

/** The exit of a sample that has not left. */
export const NO_EXIT = 0xffffffff;
