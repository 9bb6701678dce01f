/**
 * Networks that are exported at several sizes: those that do not halve evenly, and those that do.
 *
 * @module
 */

/** Three sub-networks that fuse in both ways. */
export const everyFusion = (size: number): string => `
name: fused
input: { size: ${size} }
classes: 4
base_features: [{ scale: 1/4, channels: 7 }, { scale: 1/2, channels: 5 }, { scale: 1, channels: 3 }]
subnetworks:
  - { blocks: 1, growth: 5, bottleneck: 2 }
  - { blocks: 2, growth: 7, bottleneck: 1, fusion: up-conv }
  - { blocks: 3, growth: 4, bottleneck: 1, fusion: down-conv, transitions: [1, 2] }
layers: [1, 2, 1]
compress: 0.3
head: { channels: input }
`;

/** ImageNet's stem, equal scales, a head of 4×4 at size 101. */
export const imageNetStem = (size: number): string => `
name: stem
input: { size: ${size} }
classes: 3
stem: conv7x7-pool
base_features: [{ scale: 1/2, channels: 6 }, { scale: 1, channels: 4 }, { scale: 1, channels: 4 }]
subnetworks:
  - { blocks: 1, growth: 4, bottleneck: 1 }
  - { blocks: 2, growth: 4, bottleneck: 2 }
  - { blocks: 3, growth: 5, bottleneck: 1 }
layers: [2, 1, 1]
`;

/** An MSDNet that leaves layers out. */
export const prunedMsdnet = (size: number): string => `
family: msdnet
name: scales
input: { size: ${size} }
classes: 3
scales:
  - { scale: 1/4, growth_factor: 2, bottleneck: 3 }
  - { scale: 1/2, growth_factor: 3, bottleneck: 1 }
  - { scale: 1, growth_factor: 1, bottleneck: 2 }
channels: 3
growth: 2
layers: [2, 3, 1]
prune: [3, 3, 2, 2, 1, 1]
`;
