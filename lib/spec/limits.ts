/**
 * Size limits of an architecture: far above any useful value, but low enough that a hostile spec cannot exhaust memory.
 *
 * @module
 */

/** Largest values that a spec may contain or result in. */
export const LIMITS = {
  /** Height and width of the input, in pixels. */
  size: 1024,
  /** Number of classes. */
  classes: 100_000,
  /** Number of sub-networks. */
  subnetworks: 8,
  /** Number of blocks in a sub-network. */
  blocks: 64,
  /** Number of blocks in all sub-networks. */
  blocksInAll: 512,
  /** Factor of boosted exits for the logits of the previous exit. */
  reweight: 2,
  /** Number of channels of the input. */
  inputChannels: 512,
  /** Number of dense layers in a block. */
  layers: 64,
  /** Number of dense layers in all sub-networks: fifty times that of the paper's largest network. */
  layersInAll: 4096,
  /** Number of channels of a base feature or head, and growth of a sub-network. */
  channels: 4096,
  /** Bottleneck factor. */
  bottleneck: 64,
  /** Number of an MSDNet's scales. */
  scales: 8,
  /** Growth factor of a scale. */
  growthFactor: 64,
  /** Number of layers of a whole MSDNet. */
  depth: 256,
  /** Number of output channels of a block. */
  width: 16_384,
} as const;
