/**
 * What every device offers: run a plan's stages over a batch. The executor knows nothing more of devices.
 *
 * @module
 */

/** What a plan runs on. */
export interface DeviceInfo {
  /** `gpu`: a WebGPU adapter, which may itself be a CPU driver; `cpu`: the runner in WebAssembly. */
  readonly kind: "gpu" | "cpu";
  /** The adapter's name. */
  readonly name: string;
}

/** Where a run stops for each sample. */
export interface StageRange {
  /** First stage, counted from 0; stages before it have run on the loaded batch. */
  readonly from: number;
  /** Stage behind the last. */
  readonly to: number;
  /**
   * One per stage of the range: a sample whose confidence reaches it leaves and costs nothing more. Without them every
   * sample goes through all stages of the range.
   */
  readonly thresholds?: readonly number[];
}

/** What a run of stages gave. */
export interface StageResults {
  /** For each stage of the range, logits `[sample][class]`; only those of samples that reached it mean anything. */
  readonly logits: readonly Float32Array[];
  /** For each sample the last stage that it ran. */
  readonly exits: readonly number[];
}

/** A plan with its weights on a device. One batch at a time. */
export interface Runner extends Disposable {
  /** What it runs on. */
  readonly device: DeviceInfo;
  /** Most samples in a batch. */
  readonly capacity: number;
  /**
   * Starts a batch.
   *
   * @param images Normalised images, `count × channels × height × width`.
   * @param count Number of images, at most `capacity`.
   */
  load(images: Float32Array, count: number): void | Promise<void>;
  /** Runs stages on the batch. */
  run(range: StageRange): Promise<StageResults>;
}

/** The exit of a sample that has not left. */
export const NO_EXIT = 0xffffffff;
