/**
 * Counts the costs of a RANet from its YAML document, block by block, as by hand. It shares no code with `lib/network`, so
 * that an error in either shows as a difference.
 *
 * @module
 */

/** A document with all keys that affect costs. */
export interface PlainRanet {
  readonly input: {
    readonly size: number | readonly [height: number, width: number];
    readonly resize?: number | readonly [height: number, width: number];
    readonly channels?: number;
  };
  readonly classes: number;
  readonly stem?: {
    readonly kernel: number;
    readonly stride: number;
    readonly channels?: number;
    readonly pool: boolean;
  };
  readonly base_features: readonly { readonly scale: number; readonly channels: number }[];
  readonly subnetworks: readonly {
    readonly blocks: number;
    readonly growth: number | readonly number[];
    readonly bottleneck: number;
    readonly fusion?: readonly ("up-conv" | "down-conv" | "none")[];
    readonly transitions?: readonly number[];
    readonly layers?: readonly number[];
    readonly compress?: number | readonly number[];
    readonly reduction?: number | readonly number[];
    readonly depthwise?: boolean;
    readonly kernel?: number;
    readonly se_ratio?: number;
  }[];
  readonly layers: readonly number[];
  readonly compress?: number;
  readonly reduction?: number;
  readonly exits?: Blocks | { readonly blocks?: Blocks; readonly boosted: true; readonly reweight: number };
  readonly head: Head | readonly Head[];
  readonly depthwise?: boolean;
  readonly kernel?: number;
  readonly se_ratio?: number;
  /** Affects costs only through ReLU. */
  readonly activation?: string;
  /** Does not affect costs. */
  readonly dropout?: number;
}

type Own = PlainRanet["subnetworks"][number];

/** The blocks that end in an exit. */
type Blocks = "all" | readonly number[];

interface Head {
  readonly channels: number;
  readonly pool?: 2;
  readonly depthwise?: boolean;
}

/** Height and width. */
type Sides = readonly [height: number, width: number];

/** Channels with a height and width. */
interface Shape {
  readonly channels: number;
  readonly side: Sides;
}

/** Multiply-adds and learned parameters up to each exit. */
export interface PlainCounts {
  readonly flops: readonly number[];
  readonly params: readonly number[];
}

/** Counts a network. */
export function plainCounts(document: PlainRanet): PlainCounts {
  const { input, classes, stem = { kernel: 3, stride: 1, pool: false }, base_features: bases, subnetworks } = document;
  let [flops, params, exits, number] = [0, 0, 0, 0];
  const counts = { flops: [] as number[], params: [] as number[] };
  const half = ([height, width]: Sides): Sides => [Math.floor((height + 1) / 2), Math.floor((width + 1) / 2)];
  const area = ([height, width]: Sides) => height * width;
  /** Convolution, batch norm, ReLU. */
  const convolve = (from: number, to: number, kernel: number, side: Sides, bias = false) => {
    flops += area(side) * to * from * kernel * kernel + area(side) * to;
    params += to * from * kernel * kernel + 2 * to + (bias ? to : 0);
  };
  const bottleneck = (from: Shape, to: number, factor: number, own: Own, stride = 1) => {
    const kernel = own.kernel ?? document.kernel ?? 3;
    const share = own.se_ratio ?? document.se_ratio ?? 0;
    const inner = Math.min(from.channels, factor * to);
    convolve(from.channels, inner, 1, from.side);
    const side = stride === 2 ? half(from.side) : from.side;
    const isDepthwise = own.depthwise ?? document.depthwise ?? false;
    if (isDepthwise) {
      flops += area(side) * inner * (kernel * kernel + 1);
      params += inner * kernel * kernel + 2 * inner;
    }
    if (share > 0) {
      const hidden = Math.max(1, Math.round(share * inner));
      const pixels = area(isDepthwise ? side : from.side);
      // Means, a linear layer and its ReLU, another one and its gates, and products.
      flops += inner * pixels + (inner * hidden + hidden) + (hidden * inner + inner) + inner * pixels;
      params += inner * hidden + hidden + hidden * inner + inner;
    }
    convolve(inner, to, isDepthwise ? 1 : kernel, side);
  };

  const finest = bases[bases.length - 1].channels;
  const stemChannels = stem.channels ?? finest;
  const [height, width] = typeof input.size === "number" ? [input.size, input.size] : input.size;
  let side: Sides = [Math.ceil(height / stem.stride), Math.ceil(width / stem.stride)];
  convolve(input.channels ?? 3, stemChannels, stem.kernel, side, stem.pool);
  if (stem.pool) {
    side = half(side);
    flops += 9 * stemChannels * area(side);
  }
  if (stemChannels !== finest) convolve(stemChannels, finest, 3, side);
  const shapes: Shape[] = [{ channels: finest, side }];
  for (let i = bases.length - 2; i >= 0; i--) {
    if (bases[i].scale !== bases[i + 1].scale) side = half(side);
    convolve(bases[i + 1].channels, bases[i].channels, 3, side);
    shapes.unshift({ channels: bases[i].channels, side });
  }

  let coarser: Shape[][] = [];
  subnetworks.forEach((subnetwork, s) => {
    const lists: Shape[][] = [];
    let x = shapes[s];
    for (let j = 0; j < subnetwork.blocks; j++) {
      const of = (value: number | readonly number[]) => typeof value === "number" ? value : value[j];
      const growth = of(subnetwork.growth);
      const compress = of(subnetwork.compress ?? document.compress ?? 0.25);
      const reduction = of(subnetwork.reduction ?? document.reduction ?? 0.5);
      const layers = (subnetwork.layers ?? document.layers)[j];
      const fused = coarser[j];
      const fusion = fused ? subnetwork.fusion![j] : "none";
      const list = [x];
      for (let i = 0; i < layers; i++) {
        const taken = fusion === "none" ? 0 : Math.floor(growth * compress);
        const stride = fusion === "down-conv" && i === layers - 1 ? 2 : 1;
        if (taken > 0) {
          bottleneck(fused[Math.min(i, fused.length - 1)], taken, subnetworks[s - 1].bottleneck, subnetwork);
        }
        if (taken < growth) bottleneck(x, growth - taken, subnetwork.bottleneck, subnetwork, stride);
        x = { channels: x.channels + growth, side: stride === 2 ? half(x.side) : x.side };
        list.push(x);
      }
      lists.push(list);
      const last = fusion === "none" ? 0 : Math.floor(x.channels * compress);
      if (last > 0) {
        const low = fused[fused.length - 1];
        convolve(low.channels, last, 1, low.side);
        x = { ...x, channels: x.channels + last };
      }
      if (subnetwork.transitions?.includes(j + 1)) {
        const kept = Math.floor(x.channels * reduction);
        convolve(x.channels, kept, 1, x.side);
        x = { ...x, channels: kept };
      }
      number++;
      const given = document.exits ?? "conv";
      const isBoosted = typeof given === "object" && "boosted" in given;
      const wanted = isBoosted ? given.blocks ?? "conv" : given;
      if (wanted === "conv" ? fused !== undefined : wanted !== "all" && !wanted.includes(number)) continue;
      const head = "channels" in document.head ? document.head : document.head[exits];
      if (isBoosted && exits > 0) flops += classes;
      exits++;
      const sides = [[x.channels, half(x.side)], [head.channels, half(half(x.side))]] as const;
      for (const [from, side] of sides) {
        if (head.depthwise) {
          flops += area(side) * from * 10;
          params += from * 9 + 2 * from;
        }
        convolve(from, head.channels, head.depthwise ? 1 : 3, side);
      }
      const pooled = head.pool === undefined ? area(half(half(x.side))) : head.pool ** 2;
      flops += head.channels * pooled + (head.channels + 1) * classes;
      params += (head.channels + 1) * classes;
      counts.flops.push(flops);
      counts.params.push(params);
    }
    coarser = lists;
  });
  return counts;
}
