/**
 * How large an architecture may be: far above anything useful, low enough that a hostile spec cannot exhaust memory.
 *
 * @module
 */

/** Largest values that a spec may hold or lead to. */
export const LIMITS = {
  /** Height and width of the input, in pixels. */
  size: 1024,
  /** Number of classes. */
  classes: 100_000,
  /** Number of sub-networks. */
  subnetworks: 8,
  /** Blocks in a sub-network. */
  blocks: 64,
  /** Blocks in all sub-networks. */
  blocksInAll: 512,
  /** What boosted exits multiply the logits before by. */
  reweight: 2,
  /** Channels of the input. */
  inputChannels: 512,
  /** Dense layers in a block. */
  layers: 64,
  /** Dense layers in all sub-networks: fifty times those of the paper's largest network. */
  layersInAll: 4096,
  /** Channels of a base feature or head, and growth of a sub-network. */
  channels: 4096,
  /** Bottleneck factor. */
  bottleneck: 64,
  /** Number of an MSDNet's scales. */
  scales: 8,
  /** Growth factor of one of them. */
  growthFactor: 64,
  /** Layers of a whole MSDNet. */
  depth: 256,
  /** Channels that a block puts out. */
  width: 16_384,
} as const;
