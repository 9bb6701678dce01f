/**
 * Converts an 8-bit network to an ONNX graph. Values between layers are unsigned bytes; each convolution is surrounded
 * by DequantizeLinear and QuantizeLinear, so that runtimes may compute it with integers.
 *
 * Values are expressed in steps (see `lib/weights/quantized.ts`). Therefore all features have scale 1 and zero point 0,
 * concatenation needs no arithmetic, and the scale of a convolution's weights is the factor that converts its sums to
 * steps.
 *
 * @module
 */

import { isSameSize } from "../network/size.ts";
import type {
  Convolution,
  DepthwiseConvolution,
  Excitation,
  Layer,
  Network,
  Resize,
  Squeeze,
} from "../network/network.ts";
import { makesGates, MAX_PIXEL, MAX_STEP, type QuantizedWeights, readsImage, SHARES } from "../weights/quantized.ts";
import { convolutionAttributes, IMAGE, missingChannels, padRows, PartialGraph } from "./partial_graph.ts";

/** Code of the type int32 in the standard. */
const INT32 = 6;

/** Appends layers in 8 bits. */
export class QuantizedBuilder extends PartialGraph {
  readonly #network: Network;
  readonly #weights: QuantizedWeights;
  readonly #clip: boolean;
  /** The image rounded to steps, as floats. */
  #image?: string;

  /** Creates a graph with only the image. `clip`: as in `OnnxGraphOptions`. */
  constructor(network: Network, weights: QuantizedWeights, { clip }: { readonly clip: boolean }) {
    super(network);
    this.#network = network;
    this.#weights = weights;
    this.#clip = clip;
  }

  /** Appends the operations of a layer. `exit` is the name of a classifier's logits. */
  append(layer: Layer, exit: string): void {
    switch (layer.kind) {
      case "convolution":
        return this.write(layer.writes[0], readsImage(layer) ? this.#convolveImage(layer) : this.#convolve(layer));
      case "depthwise":
        return this.write(layer.writes[0], this.#convolveDepthwise(layer));
      case "squeeze":
        return this.write(layer.writes[0], this.#squeeze(layer));
      case "excitation":
        return this.write(layer.writes[0], this.#excite(layer));
      case "max-pool":
        return this.write(layer.writes[0], this.maxPool(this.read(layer.reads[0])));
      case "resize":
        return this.write(layer.writes[0], this.#resize(layer));
      case "classifier": {
        const { name, classes, pool, reads: [input] } = layer;
        const { weight, bias, reweight, steps } = this.#weights.classifiers.get(name)!;
        const parameters = [
          this.constant(
            `${name}.weight`,
            [classes, input.channels],
            () => weight.map((value, i) => value * steps[i % input.channels]),
          ),
          this.constant(`${name}.bias`, [classes], () => bias),
        ];
        const means = this.pool(this.#toFloats(this.read(input)), pool);
        this.logits(layer, exit, { means, parameters, reweight });
        break;
      }
      default:
        layer satisfies never;
    }
  }

  /**
   * The image has more than 8 bits and a sign, so its convolution is computed in floats. Sums differ only in their last
   * bits.
   */
  #convolveImage(layer: Convolution): string {
    const { name, kernel, reads: [input], writes: [{ channels }] } = layer;
    const { weight, bias, multiplier } = this.#weights.convolutions.get(name)!;
    const fanIn = weight.length / channels;
    const parameters = [
      this.constant(
        `${name}.weight`,
        [channels, input.channels, kernel, kernel],
        () => Float32Array.from(weight, (value, i) => value * multiplier[Math.floor(i / fanIn)]),
      ),
      this.constant(`${name}.bias`, [channels], () => multiplier.map((value, out) => value * bias[out])),
    ];
    this.#image ??= this.#quantizeImage();
    return this.#toSteps(this.node("Conv", [this.#image, ...parameters], convolutionAttributes(layer)));
  }

  #quantizeImage(): string {
    const perStep = this.constant("steps_per_pixel", [], () => Float32Array.of(1 / this.#weights.imageScale));
    const steps = this.node("Round", [this.node("Mul", [IMAGE, perStep], {})], {});
    return this.node("Clip", [
      steps,
      this.constant("least_pixel", [], () => Float32Array.of(-MAX_PIXEL)),
      this.constant("largest_pixel", [], () => Float32Array.of(MAX_PIXEL)),
    ], {});
  }

  #convolve(layer: Convolution): string {
    const { name, kernel, stride, reads: [input], writes: [{ channels }] } = layer;
    const zeros = missingChannels({ kernel, stride, inputs: input.channels, outputs: channels });
    const inputs = input.channels + zeros;
    const parameters = this.#parameters(name, [channels, inputs, kernel, kernel]);
    const values = this.#toFloats(this.pad(this.read(input), zeros));
    const sums = this.node("Conv", [values, ...parameters], convolutionAttributes(layer));
    return makesGates(layer) ? this.#limit(this.#round(sums)) : this.#toSteps(sums);
  }

  #convolveDepthwise(layer: DepthwiseConvolution): string {
    const { name, kernel, reads: [input], writes: [{ channels }] } = layer;
    const parameters = this.#parameters(name, [channels, 1, kernel, kernel]);
    return this.#toSteps(
      this.node("Conv", [this.#toFloats(this.read(input)), ...parameters], {
        ...convolutionAttributes(layer),
        group: channels,
      }),
    );
  }

  /** Weights, padded for inputs with additional channels of zeros, and the bias. */
  #parameters(
    name: string,
    shape: readonly [outputs: number, inputs: number, height: number, width: number],
  ): string[] {
    const [channels, ...row] = shape;
    const { weight, bias, multiplier } = this.#weights.convolutions.get(name)!;
    const scale = this.constant(`${name}.multiplier`, [channels], () => multiplier);
    return [
      this.node("DequantizeLinear", [
        this.constant(
          `${name}.weight`,
          shape,
          () => padRows(weight as Int8Array, channels, row.reduce((product, side) => product * side)),
        ),
        scale,
        this.constant(`${name}.weight_zero`, [channels], () => new Int8Array(channels)),
      ], { axis: 0 }),
      // Scale of the bias: that of the input, which is 1, times that of the weights.
      this.node("DequantizeLinear", [
        this.constant(`${name}.bias`, [channels], () => bias),
        scale,
        this.constant(`${name}.bias_zero`, [channels], () => new Int32Array(channels)),
      ], { axis: 0 }),
    ];
  }

  #squeeze({ name, reads: [input], writes: [{ channels }] }: Squeeze): string {
    const axes = this.constant("pixels", [2], () => BigInt64Array.of(2n, 3n));
    const sums = this.node("ReduceSum", [this.#toFloats(this.read(input)), axes], {});
    const multiplier = this.constant(
      `${name}.multiplier`,
      [1, channels, 1, 1],
      () => this.#weights.squeezes.get(name)!,
    );
    return this.#toSteps(this.node("Mul", [sums, multiplier], {}));
  }

  #excite({ name, reads: [input, from], writes: [{ channels }] }: Excitation): string {
    const { multiplier, gates } = this.#weights.excitations.get(name)!;
    const indices = this.node("Cast", [this.read(from)], { to: INT32 });
    const table = this.constant(`${name}.gates`, [gates.length], () => gates);
    const own = this.node("Gather", [table, indices], {});
    const factors = this.node(
      "Mul",
      [own, this.constant(`${name}.multiplier`, [1, channels, 1, 1], () => multiplier)],
      {},
    );
    const products = this.node("Mul", [this.#toFloats(this.read(input)), this.node("Round", [factors], {})], {});
    // Rounds to nearest, ties up, as in a resize. QuantizeLinear rounds ties to even.
    const half = this.constant("half", [], () => Float32Array.of(SHARES / 2));
    const share = this.constant("share", [], () => Float32Array.of(1 / SHARES));
    const value = this.node("Mul", [this.node("Add", [products, half], {}), share], {});
    return this.#toSteps(this.node("Floor", [value], {}));
  }

  #resize({ reads: [from], writes: [to] }: Resize): string {
    const [before, after] = [from, to].map(({ feature }) => this.#network.features[feature].size);
    const value = this.read(from);
    if (isSameSize(before, after)) return value;
    return this.#round(this.resize(this.#toFloats(value), before, after));
  }

  #toFloats(value: string): string {
    return this.node("DequantizeLinear", [value, ...this.#steps()], {});
  }

  /** Rounds to steps. Negative values become 0. */
  #round(value: string): string {
    return this.node("QuantizeLinear", [value, ...this.#steps()], {});
  }

  /** Rounds a convolution's result to steps from 0 to 127. */
  #toSteps(value: string): string {
    const steps = this.#round(value);
    return this.#clip ? this.#limit(steps) : steps;
  }

  #limit(steps: string): string {
    return this.node("Clip", [steps, "", this.constant("largest_step", [], () => Uint8Array.of(MAX_STEP))], {});
  }

  #steps(): string[] {
    return [
      this.constant("step", [], () => Float32Array.of(1)),
      this.constant("zero", [], () => Uint8Array.of(0)),
    ];
  }
}
